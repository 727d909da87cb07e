/**
 * One attempt at a webhook. 2xx is taken, all else is not: a redirect is not followed, for where it leads nobody has looked at, and
 * no other protocol is switched to. The address that was looked up is the one that is connected to, so a name that changes in between
 * leads nowhere else.
 */
import { lookup as lookUp } from "node:dns";
import { request as requestHttp } from "node:http";
import { request as requestHttps } from "node:https";
import type { LookupFunction } from "node:net";
import { isIP } from "node:net";
import { describe, errorCode } from "../errors.ts";
import { WEBHOOK_ANSWER_MAX_BYTES, WEBHOOK_MAX_MS } from "../limits.ts";
import { isPrivateAddress } from "./private-address.ts";
import { webhookHeaders } from "./webhook-signature.ts";

export interface Webhook {
  url: string;
  secret: string;
  id: string;
  body: string;
  nowMs: number;
}

export interface WebhookOptions {
  /** Also to this machine and its own network. */
  isPrivateAllowed: boolean;
  /** For tests; else WEBHOOK_MAX_MS. */
  maxMs?: number;
}

/** Why nothing was delivered; the message is for people. */
export class DeliveryError extends Error {}

/** undefined: it is an address that a webhook may have. Where a name leads is looked at each time it is sent: it may change. */
export function urlFault(text: string, isPrivateAllowed: boolean): string | undefined {
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    return "is no URL; one is https://example.org/hook";
  }
  if (url.protocol !== "https:" && url.protocol !== "http:") return "begins neither with https:// nor with http://";
  if (url.username !== "" || url.password !== "")
    return "holds a password; give a secret address, or check the signature";
  const host = hostOf(url);
  if (!isPrivateAllowed && isHere(host)) return `leads nowhere: ${privateError(host).message}`;
  return undefined;
}

function hostOf({ hostname }: URL): string {
  return hostname.replace(/^\[|\]$/g, "");
}

/** As an address, or by a name that never means anything else (RFC 6761 6.3). */
function isHere(host: string): boolean {
  return isIP(host) !== 0 ? isPrivateAddress(host) : /(^|\.)localhost\.?$/.test(host);
}

/** Rejects with DeliveryError. */
export function sendWebhook(
  webhook: Webhook,
  { isPrivateAllowed, maxMs = WEBHOOK_MAX_MS }: WebhookOptions,
): Promise<void> {
  const { secret, id, body, nowMs } = webhook;
  const url = new URL(webhook.url);
  const host = hostOf(url);
  if (!isPrivateAllowed && isHere(host)) return Promise.reject(privateError(host));
  return new Promise((resolve, reject) => {
    let status: number | undefined;
    // The status has said all: what becomes of the rest of an answer is nothing to us. Whatever comes first counts.
    const settle = (error: unknown) => {
      if (status === undefined) reject(error instanceof DeliveryError ? error : new DeliveryError(reasonOf(error)));
      else if (status >= 200 && status < 300) resolve();
      else reject(new DeliveryError(statusText(status)));
    };
    const request = (url.protocol === "https:" ? requestHttps : requestHttp)(url, {
      method: "POST",
      agent: false,
      lookup: isPrivateAllowed ? undefined : lookUpPublic,
      signal: AbortSignal.timeout(maxMs),
      headers: {
        "content-type": "application/json",
        "content-length": Buffer.byteLength(body),
        "user-agent": "lintel",
        ...webhookHeaders(secret, id, Math.floor(nowMs / 1000), body),
      },
    });
    request.once("error", settle);
    // Its connection is nobody's but ours to end, and no time limit of the request reaches it.
    request.once("upgrade", (response, socket) => {
      status = response.statusCode ?? 101;
      socket.destroy();
      settle(undefined);
    });
    request.once("response", (response) => {
      status = response.statusCode ?? 0;
      let bytes = 0;
      response.on("data", (part: Buffer) => {
        bytes += part.length;
        // Who goes on talking is not listened to.
        if (bytes > WEBHOOK_ANSWER_MAX_BYTES) request.destroy();
      });
      response.once("close", settle);
      response.once("error", () => {});
    });
    request.once("close", () => settle(new DeliveryError("it ended the connection without an answer")));
    request.end(body);
  });
}

function statusText(status: number): string {
  if (status >= 300 && status < 400)
    return `it answered ${status}, a redirect, which is not followed; give the address that it leads to`;
  if (status === 101) return "it answered 101 and would speak another protocol, which webhooks do not";
  return `it answered ${status}`;
}

const lookUpPublic: LookupFunction = (hostname, options, callback) => {
  lookUp(hostname, { ...options, all: true }, (error, addresses) => {
    if (error !== null) {
      callback(error, []);
      return;
    }
    const found = addresses.find(({ address }) => isPrivateAddress(address));
    if (found !== undefined) callback(privateError(hostname), []);
    else if (options.all === true) callback(null, addresses);
    else callback(null, addresses[0]?.address ?? "", addresses[0]?.family ?? 0);
  });
};

function privateError(host: string): DeliveryError {
  return new DeliveryError(
    `${host} is in a private network, where webhooks of this server may not go; its owner can allow it (--webhooks-private)`,
  );
}

function reasonOf(error: unknown): string {
  if (error instanceof Error && (error.name === "TimeoutError" || error.name === "AbortError"))
    return "it did not answer in time";
  const code = errorCode(error);
  return code === "" ? describe(error) : `${describe(error)} (${code})`;
}
