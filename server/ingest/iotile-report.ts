/**
 * Binary reports of IOTile devices: format 0, one reading, and format 1, a signed list. Little-endian.
 *
 * | individual reading | | signed list | | its readings | |
 * |---|---|---|---|---|---|
 * | 0 | u8 0 | 0 | u8 1, u24 length of the whole | 0 | u16 stream |
 * | 1 | u8 zero | 4 | u32 device | 2 | u16 zero |
 * | 2 | u16 stream | 8 | u32 report id | 4 | u32 id |
 * | 4 | u32 device | 12 | u32 sent | 8 | u32 time |
 * | 8 | u32 sent | 16 | u8 signature, u8 streamer | 12 | u32 value |
 * | 12 | u32 time | 18 | u16 selector | | |
 * | 16 | u32 value | 20 | readings, then u32 lowest id, u32 highest id, 16 bytes of signature | | |
 *
 * A time with bit 31 is seconds since 2000-01-01 UTC. One without is uptime: it is as long before the arrival as it is before
 * `sent`, which has to be uptime too and no earlier; else nobody knows when it was, and the reading goes to `rejected`.
 */
import { IOTILE_REPORT_MAX_BYTES } from "../limits.ts";
import { CLOCK_ARRIVAL, CLOCK_DEVICE, type PackReading, type PackReject } from "./senml-pack.ts";

/** Stable; the words for people are in server/api/report-routes.ts. */
export type ReportRefusal =
  | "tooShort"
  | "tooLong"
  | "format"
  | "length"
  | "reserved"
  | "ids"
  | "time"
  | "signatureKind"
  | "noSecret"
  | "signature";

/** What the last 16 bytes are: of a digest of all before them, or of an HMAC with a key of the user or of the device. */
export enum ReportSignature {
  Hash = 0,
  UserKey = 1,
  DeviceKey = 2,
}

export type ReportRecord = PackReading | PackReject;

export interface IndividualReport {
  kind: "individual";
  record: PackReading;
}

export interface ListReport {
  kind: "list";
  reportId: number;
  sent: number;
  streamer: number;
  signatureKind: ReportSignature;
  signed: Uint8Array;
  signature: Uint8Array;
  /** In the order of their ids, which rise. */
  readings: Array<{ id: number; record: ReportRecord }>;
}

const FORMAT_INDIVIDUAL = 0;
const FORMAT_LIST = 1;
const INDIVIDUAL_BYTES = 20;
const HEADER_BYTES = 20;
const READING_BYTES = 16;
const FOOTER_BYTES = 24;
const DEVICE_AT = 4;
export const REPORT_SIGNATURE_BYTES = 16;
const UTC_BIT = 0x80000000;
/** 2000-01-01T00:00:00Z as Unix time, ms. */
const IOTILE_EPOCH_MS = 946_684_800_000;

/**
 * The device that a report names, either format; undefined: too short to name one. Its slug there, `d--0000-0000-0000-0042`, is
 * here that of the address 000000000042: boards never have one of 00:00, so the two kinds cannot meet.
 */
export function deviceOfReport(bytes: Uint8Array): number | undefined {
  return bytes.length < DEVICE_AT + 4 ? undefined : view(bytes).getUint32(DEVICE_AT, true);
}

export function decodeReport(bytes: Uint8Array, receivedAtMs: number): IndividualReport | ListReport | ReportRefusal {
  if (bytes.length > IOTILE_REPORT_MAX_BYTES) return "tooLong";
  if (bytes.length < INDIVIDUAL_BYTES) return "tooShort";
  if (bytes[0] === FORMAT_INDIVIDUAL) return decodeIndividual(bytes, receivedAtMs);
  return bytes[0] === FORMAT_LIST ? decodeList(bytes, receivedAtMs) : "format";
}

function decodeIndividual(bytes: Uint8Array, receivedAtMs: number): IndividualReport | ReportRefusal {
  if (bytes.length !== INDIVIDUAL_BYTES) return "length";
  if (bytes[1] !== 0) return "reserved";
  const fields = view(bytes);
  const place = placeTime(fields.getUint32(12, true), fields.getUint32(8, true), receivedAtMs);
  if (place === undefined) return "time";
  const record = {
    stored: true,
    stream: fields.getUint16(2, true),
    value: fields.getUint32(16, true),
    ...place,
  } as const;
  return { kind: "individual", record };
}

function decodeList(bytes: Uint8Array, receivedAtMs: number): ListReport | ReportRefusal {
  if (bytes.length < HEADER_BYTES + FOOTER_BYTES) return "tooShort";
  const fields = view(bytes);
  const footerAt = bytes.length - FOOTER_BYTES;
  // Format and length are one word.
  if (fields.getUint32(0, true) >>> 8 !== bytes.length) return "length";
  if ((footerAt - HEADER_BYTES) % READING_BYTES !== 0) return "length";
  const signatureKind: ReportSignature = fields.getUint8(16);
  if (signatureKind > ReportSignature.DeviceKey) return "signatureKind";
  const sent = fields.getUint32(12, true);
  const readings: ListReport["readings"] = [];
  let before = -1;
  for (let at = HEADER_BYTES; at < footerAt; at += READING_BYTES) {
    if (fields.getUint16(at + 2, true) !== 0) return "reserved";
    const id = fields.getUint32(at + 4, true);
    if (id <= before) return "ids";
    before = id;
    const place = placeTime(fields.getUint32(at + 8, true), sent, receivedAtMs);
    const stream = fields.getUint16(at, true);
    const value = fields.getUint32(at + 12, true);
    const record: ReportRecord =
      place === undefined
        ? { stored: false, reason: "time", record: bytes.slice(at, at + READING_BYTES) }
        : { stored: true, stream, value, ...place };
    readings.push({ id, record });
  }
  const [lowest, highest] = [fields.getUint32(footerAt, true), fields.getUint32(footerAt + 4, true)];
  if (lowest !== (readings[0]?.id ?? 0) || highest !== (readings.at(-1)?.id ?? 0)) return "ids";
  const signedBytes = bytes.length - REPORT_SIGNATURE_BYTES;
  return {
    kind: "list",
    reportId: fields.getUint32(8, true),
    sent,
    streamer: fields.getUint8(17),
    signatureKind,
    signed: bytes.subarray(0, signedBytes),
    signature: bytes.subarray(signedBytes),
    readings,
  };
}

/** Undefined: nobody knows. */
function placeTime(time: number, sent: number, receivedAtMs: number): { timeMs: number; clock: number } | undefined {
  if (time >= UTC_BIT) return { timeMs: IOTILE_EPOCH_MS + (time - UTC_BIT) * 1000, clock: CLOCK_DEVICE };
  if (sent >= UTC_BIT || time > sent) return undefined;
  const timeMs = receivedAtMs - (sent - time) * 1000;
  return timeMs < 0 ? undefined : { timeMs, clock: CLOCK_ARRIVAL };
}

function view(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
