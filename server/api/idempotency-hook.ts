/**
 * `Idempotency-Key` (draft-ietf-httpapi-idempotency-key-header-07): a POST that comes again with the same key, from the same
 * principal, on the same path, is not carried out again; it gets the answer of the first one, for a day.
 *
 * That it was begun is stored before it is carried out, and the answer before it is sent. A server that ends between the two
 * cannot know whether it was done, and says so (`requestUnfinished`) rather than do it twice. What was refused, 4xx, changed
 * nothing and may come again. An answer may hold a token that is shown once, so what is stored is encrypted by the key of whoever
 * asked, of which the store keeps only a digest.
 */
import { createCipheriv, createDecipheriv, createHash, hkdfSync, randomBytes } from "node:crypto";
import type { FastifyReply, FastifyRequest } from "fastify";
import { ANSWER_MAX_BYTES } from "../limits.ts";
import { principalKey } from "./access-gate.ts";
import { busy } from "./image-routes.ts";
import type { PeopleChange } from "./ports.ts";
import { Problem } from "./problem.ts";
import type { ApiApp } from "./typed-app.ts";

declare module "fastify" {
  interface FastifyRequest {
    /** Of a request whose answer is to be kept. */
    answerKey: AnswerKey | null;
  }
}

interface AnswerKey {
  principal: string;
  digest: Buffer;
  /** Encrypts the answer. */
  secret: Buffer;
}

interface Answer {
  headers: Record<string, string>;
  body: string;
}

const HEADER = "idempotency-key";
const KEY = /^[\x21-\x7e]{8,200}$/;
const CIPHER = "aes-256-gcm";
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const KEPT_HEADERS = ["content-type", "location", "etag", "cache-control"];
const RETRY_MS = 1000;

export function addIdempotencyHook(app: ApiApp, change: PeopleChange, nowMs: () => number): void {
  const underWay = new Set<string>();
  app.decorateRequest("answerKey", null);

  app.addHook("preHandler", async (request, reply) => {
    const header = request.headers[HEADER];
    if (request.method !== "POST" || header === undefined || !request.access.isKnown) return;
    if (typeof header !== "string" || !KEY.test(header))
      throw new Problem("badRequest", "Idempotency-Key takes 8 to 200 characters, as a UUID has");
    const key = keyOf(request, header);
    const name = nameOf(key);
    if (underWay.has(name))
      throw new Problem("requestUnderWay", "the request with this key is being carried out; ask again", RETRY_MS);
    underWay.add(name);
    const requestDigest = digestOfRequest(request);
    const { principal, digest: keyDigest } = key;
    const { outcome, kept } = await change({ kind: "beginAnswer", principal, keyDigest, requestDigest, atMs: nowMs() });
    if (outcome === "done") {
      request.answerKey = key;
      return;
    }
    underWay.delete(name);
    if (kept === undefined) throw busy();
    if (!requestDigest.equals(kept.requestDigest))
      throw new Problem(
        "idempotencyKeyReused",
        "this key came with another request before; take a new key for this one",
      );
    if (kept.status === null || kept.sealed === null) {
      throw new Problem(
        "requestUnfinished",
        "a request with this key was begun and its answer is not known; look whether it was done, then use a new key",
      );
    }
    const { headers, body } = unseal(key.secret, kept.sealed);
    return reply
      .code(kept.status)
      .headers({ ...headers, "idempotency-replayed": "true" })
      .serializer(String)
      .send(body);
  });

  app.addHook("onSend", async (request, reply, payload) => {
    const key = request.answerKey;
    if (key === null) return payload;
    request.answerKey = null;
    const { principal, digest: keyDigest } = key;
    const { statusCode: status } = reply;
    if (isKept(status)) {
      // What is neither text nor short stays one whose answer is not known.
      const body = payload === null || payload === undefined ? "" : payload;
      if (typeof body === "string" && body.length <= ANSWER_MAX_BYTES) {
        const sealed = seal(key.secret, { headers: headersOf(reply), body });
        await change({ kind: "keepAnswer", principal, keyDigest, status, sealed });
      }
    } else {
      await change({ kind: "dropAnswer", principal, keyDigest });
    }
    underWay.delete(nameOf(key));
    return payload;
  });
}

/** It was done, or it is not known that it was not. */
function isKept(status: number): boolean {
  return status < 400 || (status >= 500 && status !== 503);
}

function keyOf(request: FastifyRequest, header: string): AnswerKey {
  const principal = principalKey(request.access.principal);
  const path = request.url.split("?", 1)[0] ?? "";
  const digest = createHash("sha256").update(`${principal}\n${path}\n${header}`).digest();
  return { principal, digest, secret: Buffer.from(hkdfSync("sha256", header, principal, "answer", 32)) };
}

function nameOf({ principal, digest }: AnswerKey): string {
  return `${principal} ${digest.toString("base64url")}`;
}

function digestOfRequest(request: FastifyRequest): Buffer {
  const body: unknown = request.body;
  const hash = createHash("sha256").update(`${request.url}\n`);
  return hash.update(Buffer.isBuffer(body) ? body : (JSON.stringify(body) ?? "")).digest();
}

function headersOf(reply: FastifyReply): Record<string, string> {
  const kept = KEPT_HEADERS.map((name) => [name, reply.getHeader(name)] as const);
  return Object.fromEntries(kept.filter((pair): pair is [string, string] => typeof pair[1] === "string"));
}

function seal(secret: Buffer, answer: Answer): Buffer {
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv(CIPHER, secret, nonce);
  const text = Buffer.concat([cipher.update(JSON.stringify(answer)), cipher.final()]);
  return Buffer.concat([nonce, cipher.getAuthTag(), text]);
}

function unseal(secret: Buffer, sealed: Uint8Array): Answer {
  const bytes = Buffer.from(sealed);
  const decipher = createDecipheriv(CIPHER, secret, bytes.subarray(0, NONCE_BYTES));
  decipher.setAuthTag(bytes.subarray(NONCE_BYTES, NONCE_BYTES + TAG_BYTES));
  const text = Buffer.concat([decipher.update(bytes.subarray(NONCE_BYTES + TAG_BYTES)), decipher.final()]);
  return JSON.parse(text.toString()) as Answer;
}
