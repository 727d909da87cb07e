/**
 * How a receiver knows that a webhook is from this server, and not one that somebody has kept and sends again: Standard Webhooks
 * (https://www.standardwebhooks.com, version 1.0.0): `webhook-id`, `webhook-timestamp`, and `webhook-signature`, the HMAC-SHA256 of
 * `id.timestamp.body` by a key that both have.
 */
import { createHmac, randomBytes } from "node:crypto";

export const SECRET_PREFIX = "whsec_";
const KEY_BYTES = 32;

export function newWebhookSecret(): string {
  return SECRET_PREFIX + randomBytes(KEY_BYTES).toString("base64");
}

export function webhookHeaders(secret: string, id: string, timestampS: number, body: string): Record<string, string> {
  const key = Buffer.from(secret.slice(SECRET_PREFIX.length), "base64");
  const signature = createHmac("sha256", key).update(`${id}.${timestampS}.${body}`).digest("base64");
  return {
    "webhook-id": id,
    "webhook-timestamp": String(timestampS),
    "webhook-signature": `v1,${signature}`,
  };
}
