/**
 * Whether a signed list is what its device sent: the first 16 bytes of SHA-256 (FIPS 180-4), or of HMAC-SHA256 (RFC 2104), over
 * all before the signature; by node:crypto.
 *
 * The key is the device's secret as it was registered here: 64 hex digits are the 32 bytes they say, anything else is its text.
 * IOTile's own devices do not sign with that but with HMAC-SHA256(key, u32 2 || u32 report id || u32 sent), so that a key serves
 * one report (CoreTools, iotile.core.hw.auth, "DeriveReportKey"). Either is taken.
 */
import { createHash, createHmac, timingSafeEqual } from "node:crypto";
import { type ListReport, REPORT_SIGNATURE_BYTES, ReportSignature } from "./iotile-report.ts";

const REPORT_KEY_MAGIC = 2;
const HEX_KEY = /^[0-9a-fA-F]{64}$/;

export function isHashRight({ signed, signature }: ListReport): boolean {
  return isSame(createHash("sha256").update(signed).digest(), signature);
}

export function needsKey({ signatureKind }: ListReport): boolean {
  return signatureKind !== ReportSignature.Hash;
}

export function isReportSignedWith(secret: string, report: ListReport): boolean {
  const keys = [Buffer.from(secret), ...(HEX_KEY.test(secret) ? [Buffer.from(secret, "hex")] : [])];
  const facts = Buffer.alloc(12);
  facts.writeUInt32LE(REPORT_KEY_MAGIC, 0);
  facts.writeUInt32LE(report.reportId, 4);
  facts.writeUInt32LE(report.sent, 8);
  return keys
    .flatMap((key) => [key, hmac(key, facts)])
    .some((key) => isSame(hmac(key, report.signed), report.signature));
}

function hmac(key: Uint8Array, bytes: Uint8Array): Buffer {
  return createHmac("sha256", key).update(bytes).digest();
}

function isSame(digest: Buffer, signature: Uint8Array): boolean {
  return timingSafeEqual(digest.subarray(0, REPORT_SIGNATURE_BYTES), signature);
}
