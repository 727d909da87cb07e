/**
 * A `data` message: a SenML pack (RFC 8428 in CBOR) whose first record also says which readings these are (`ep`, `sq`,
 * `ol`) and how sure their times are (`te`, `ts`; runtime/contract/senml.ts). Three outcomes: a pack that is malformed as a whole is worth nothing; a record that
 * cannot be stored is kept as it is, with the reason; everything else becomes a reading.
 *
 * Base name and base value are honoured, wherever they stand (RFC 8428 4.1); units are accepted and not stored, since a
 * stream id already implies its unit. Text, boolean and data values, and sums, cannot be stored. A signature in the last record
 * (`sg`) is found here and judged where the secret is.
 */
import { PACK_MAX_READINGS } from "../../runtime/contract/limits.ts";
import {
  SENML_ABSOLUTE_TIME_MIN_S,
  SENML_EPOCH,
  SENML_OLDEST,
  SENML_SEQUENCE,
  SENML_TIME_ERROR,
  SENML_TIME_ESTIMATED,
  SenmlLabel,
} from "../../runtime/contract/senml.ts";
import { decodeCbor, encodeAgain, isU32 } from "./cbor-codec.ts";
import { findSignature, type PackSignature } from "./pack-signature.ts";

/** Where the time of a reading comes from. */
export const CLOCK_DEVICE = 0;
export const CLOCK_ARRIVAL = 1;
export const CLOCK_ESTIMATED = 2;

export interface PackReading {
  stored: true;
  stream: number;
  timeMs: number;
  value: number;
  clock: number;
}

export type RejectReason = "notAMap" | "name" | "value" | "time" | "version" | "mustUnderstand";

export interface PackReject {
  stored: false;
  reason: RejectReason;
  record: Uint8Array;
}

export interface Pack {
  epoch: number;
  firstSequence: number;
  oldestSequence: number;
  /** No time is further from the truth than this; null = not known. */
  timeErrorS: number | null;
  records: Array<PackReading | PackReject>;
  /** Null: none. */
  signature: PackSignature | null;
}

export type MalformedReason =
  | "tooLong"
  | "notCbor"
  | "notAPack"
  | "packSize"
  | "epoch"
  | "sequence"
  | "oldest"
  | "timeError"
  | "timeEstimated"
  | "hello"
  | "state"
  | "update"
  | "result"
  | "log";

const STREAM_NAME = /^[0-9a-f]{4}$/;
const U32_MAX = 0xffffffff;
/** The end of year 9999, the last that ISO 8601 writes with four digits, seconds. */
export const TIME_MAX_S = 253_402_300_799;
/** RFC 8428 4.4: the version this decoder knows; a later one may mean something else. */
const SENML_VERSION = 10;
const TEXT_LABELS = new Set([SENML_EPOCH, SENML_SEQUENCE, SENML_OLDEST, SENML_TIME_ERROR, SENML_TIME_ESTIMATED]);

export function decodePack(payload: Uint8Array, receivedAtMs: number): Pack | MalformedReason {
  const decoded = decodeCbor(payload);
  if (!decoded.ok) return "notCbor";
  const records = decoded.value;
  if (!Array.isArray(records)) return "notAPack";
  if (records.length === 0 || records.length > PACK_MAX_READINGS) return "packSize";
  const base: unknown = records[0];
  if (!(base instanceof Map)) return "notAPack";

  const epoch: unknown = base.get(SENML_EPOCH);
  if (!isU32(epoch)) return "epoch";
  const firstSequence: unknown = base.get(SENML_SEQUENCE);
  if (!isU32(firstSequence) || firstSequence === 0 || firstSequence + records.length - 1 > U32_MAX) return "sequence";
  const oldestSequence: unknown = base.get(SENML_OLDEST) ?? 0;
  if (!isU32(oldestSequence) || oldestSequence > firstSequence) return "oldest";
  const timeErrorS: unknown = base.get(SENML_TIME_ERROR) ?? null;
  if (timeErrorS !== null && !isU32(timeErrorS)) return "timeError";
  const isEstimated: unknown = base.get(SENML_TIME_ESTIMATED) ?? false;
  if (typeof isEstimated !== "boolean") return "timeEstimated";

  const resolver = new Resolver(receivedAtMs, isEstimated);
  const resolved: Pack["records"] = [];
  for (const record of records) resolved.push(resolver.resolve(record));
  const signature = findSignature(payload, records.at(-1));
  return { epoch, firstSequence, oldestSequence, timeErrorS, records: resolved, signature };
}

/** Carries base fields from record to record. A base field of the wrong type spoils the records that need it. */
class Resolver {
  readonly #receivedAtMs: number;
  readonly #isEstimated: boolean;
  #baseName: unknown = "";
  #baseTime: unknown = 0;
  #baseValue: unknown = 0;
  #version: unknown = SENML_VERSION;

  constructor(receivedAtMs: number, isEstimated: boolean) {
    this.#receivedAtMs = receivedAtMs;
    this.#isEstimated = isEstimated;
  }

  resolve(record: unknown): PackReading | PackReject {
    if (!(record instanceof Map)) return reject("notAMap", record);
    if (!isUsual(record)) {
      for (const [label, value] of record) {
        if (isUnknownMust(label)) return reject("mustUnderstand", record);
        if (label === SenmlLabel.BaseName) this.#baseName = value;
        else if (label === SenmlLabel.BaseTime) this.#baseTime = value;
        else if (label === SenmlLabel.BaseValue) this.#baseValue = value;
        else if (label === SenmlLabel.BaseVersion) this.#version = value;
      }
    }
    return this.#reading(record);
  }

  #reading(record: Map<unknown, unknown>): PackReading | PackReject {
    const version = this.#version;
    if (typeof version !== "number" || version > SENML_VERSION) return reject("version", record);

    const name = record.get(SenmlLabel.Name) ?? "";
    const fullName = typeof name === "string" && typeof this.#baseName === "string" ? this.#baseName + name : "";
    if (!STREAM_NAME.test(fullName)) return reject("name", record);

    const value = record.get(SenmlLabel.Value);
    if (typeof value !== "number" || typeof this.#baseValue !== "number") return reject("value", record);
    const fullValue = this.#baseValue + value;
    if (!Number.isFinite(fullValue)) return reject("value", record);

    const time = record.get(SenmlLabel.Time) ?? 0;
    if (typeof time !== "number" || typeof this.#baseTime !== "number") return reject("time", record);
    const timeS = this.#baseTime + time;
    const isAbsolute = timeS >= SENML_ABSOLUTE_TIME_MIN_S;
    const timeMs = isAbsolute ? Math.round(timeS * 1000) : this.#receivedAtMs + Math.round(timeS * 1000);
    // Written so that NaN is out of range as well.
    if (!(timeMs >= 0 && timeMs <= TIME_MAX_S * 1000)) return reject("time", record);

    return {
      stored: true,
      stream: Number.parseInt(fullName, 16),
      timeMs,
      value: fullValue,
      clock: this.#isEstimated ? CLOCK_ESTIMATED : isAbsolute ? CLOCK_DEVICE : CLOCK_ARRIVAL,
    };
  }
}

/** Exactly name, value and perhaps time, as nearly every record is: no need to look at each label. */
function isUsual(record: Map<unknown, unknown>): boolean {
  if (!record.has(SenmlLabel.Name) || !record.has(SenmlLabel.Value)) return false;
  return record.size === 2 || (record.size === 3 && record.has(SenmlLabel.Time));
}

/** RFC 8428 4.4: a label that ends with "_" must be understood, or the record be refused. */
function isUnknownMust(label: unknown): boolean {
  return typeof label === "string" && label.endsWith("_") && !TEXT_LABELS.has(label);
}

function reject(reason: RejectReason, record: unknown): PackReject {
  return { stored: false, reason, record: encodeAgain(record) };
}
