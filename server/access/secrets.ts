/**
 * Secrets that this server makes: random, long, shown once and kept as a digest. Nobody can guess one, so a fast digest does;
 * passwords, which people choose, are in passwords.ts.
 */
import { createHash, randomBytes } from "node:crypto";

/** 256 bits. */
const SECRET_BYTES = 32;

/** Kinds show by their beginning, so that one that got into a log or a repository is found. */
export type SecretKind = "token" | "session" | "invitation" | "claim" | "device" | "mqtt";

const PREFIXES: Record<SecretKind, string> = {
  token: "lt_",
  session: "ls_",
  invitation: "li_",
  claim: "lc_",
  device: "ld_",
  mqtt: "lm_",
};

export function makeSecret(kind: SecretKind): string {
  return PREFIXES[kind] + randomBytes(SECRET_BYTES).toString("base64url");
}

/** SHA-256, as it is stored. */
export function digestOf(secret: string | Uint8Array): Buffer {
  return createHash("sha256").update(secret).digest();
}
