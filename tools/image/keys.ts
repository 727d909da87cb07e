/**
 * Keys that sign images: P-256 pairs by node:crypto, in PEM files. The private one is PKCS#8 (RFC 5208) and readable by
 * its owner only; the public one is SPKI (RFC 5280), as openssl writes it too.
 */
import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from "node:crypto";
import { closeSync, existsSync, openSync, unlinkSync, writeFileSync } from "node:fs";
import { P256_PUBLIC_KEY_BYTES } from "../../runtime/contract/image-header.ts";
import { ImageError } from "../../runtime/image/image-header.ts";
import { keyIdOf } from "../../runtime/image/verify-signature.ts";
import { readFile } from "../build/read-file.ts";

const CURVE = "prime256v1";
const PRIVATE_MODE = 0o600;
const PUBLIC_MODE = 0o644;
const KEY_FILE_MAX_BYTES = 16384;

export interface KeyFiles {
  privateFile: string;
  publicFile: string;
}

export function newKey(): KeyObject {
  return generateKeyPairSync("ec", { namedCurve: CURVE }).privateKey;
}

/** x, then y: the form that devices hold. Takes either half of a pair. */
export function publicPoint(key: KeyObject): Uint8Array {
  const { x = "", y = "" } = publicHalf(key).export({ format: "jwk" });
  const point = Buffer.concat([Buffer.from(x, "base64url"), Buffer.from(y, "base64url")]);
  if (point.length !== P256_PUBLIC_KEY_BYTES) throw new ImageError("the key is not on the curve P-256");
  return point;
}

export function publicHalf(key: KeyObject): KeyObject {
  return key.type === "private" ? createPublicKey(key) : key;
}

/** 16 hexadecimal digits. */
export function keyIdText(key: KeyObject): string {
  return Buffer.from(keyIdOf(publicPoint(key))).toString("hex");
}

export function keyFiles(name: string): KeyFiles {
  return { privateFile: `${name}.key.pem`, publicFile: `${name}.pub.pem` };
}

/** Writes both halves; never over a file that is there. */
export function writeKey(key: KeyObject, { privateFile, publicFile }: KeyFiles): void {
  for (const file of [privateFile, publicFile]) {
    if (existsSync(file)) throw new ImageError(`${file} exists: name another file with --out, a key is never replaced`);
  }
  writeNew(privateFile, String(key.export({ type: "pkcs8", format: "pem" })), PRIVATE_MODE);
  try {
    writeNew(publicFile, String(publicHalf(key).export({ type: "spki", format: "pem" })), PUBLIC_MODE);
  } catch (error) {
    unlinkSync(privateFile);
    throw error;
  }
}

/** A file with a private key. */
export function readPrivateKey(file: string): KeyObject {
  const key = readKey(file);
  if (key.type !== "private") {
    throw new ImageError(`${file} holds a public key: images are signed with the private one, as lintel.key.pem`);
  }
  return key;
}

/** A file with either half. */
export function readKey(file: string): KeyObject {
  const key = parse(Buffer.from(readFile(file, KEY_FILE_MAX_BYTES, "that is no key")).toString("latin1"));
  if (key === undefined) {
    throw new ImageError(`${file} is not a P-256 key in PEM form: make one with lintel keys new`);
  }
  return key;
}

function parse(pem: string): KeyObject | undefined {
  try {
    const key = pem.includes("PRIVATE KEY") ? createPrivateKey(pem) : createPublicKey(pem);
    return key.asymmetricKeyDetails?.namedCurve === CURVE ? key : undefined;
  } catch {
    return undefined;
  }
}

/** The whole file, or none. */
function writeNew(file: string, text: string, mode: number): void {
  try {
    // wx: two commands at once cannot both have made it.
    const descriptor = openSync(file, "wx", mode);
    try {
      writeFileSync(descriptor, text);
    } catch (error) {
      unlinkSync(file);
      throw error;
    } finally {
      closeSync(descriptor);
    }
  } catch (error) {
    throw new ImageError(`cannot write ${file}: ${error instanceof Error ? error.message : error}`);
  }
}
