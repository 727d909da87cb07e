/**
 * SenML in CBOR: labels of RFC 8428, table 4 and section 6, and the fields that Lintel adds to the base record and to the last.
 *
 * A pack is an array of maps. The first record also carries the base fields. With a clock, `BaseTime` is Unix time and
 * `Time` counts from it; without one there is no `BaseTime`, and `Time` is zero or negative: seconds before the pack was
 * sent (RFC 8428 section 4.5.3, values below 2^28 are relative to now). Times are whole seconds.
 */
export enum SenmlLabel {
  BaseVersion = -1,
  BaseName = -2,
  BaseTime = -3,
  BaseUnit = -4,
  BaseValue = -5,
  BaseSum = -6,
  Name = 0,
  Unit = 1,
  Value = 2,
  StringValue = 3,
  BooleanValue = 4,
  Sum = 5,
  Time = 6,
  UpdateTime = 7,
  DataValue = 8,
}

/** Base field, unsigned 32 bits: the epoch of the reading queue. Text label, as RFC 8428 asks of unregistered ones. */
export const SENML_EPOCH = "ep";
/** Base field, unsigned 32 bits, from 1: sequence number of the first record; each record after it is one higher. */
export const SENML_SEQUENCE = "sq";
/**
 * Base field, unsigned 32 bits: lowest sequence number that the device still holds. A jump in the sequence is a loss
 * in transit, to be sent again, unless this says that the device has dropped what is missing.
 */
export const SENML_OLDEST = "ol";
/** Base field, unsigned, seconds: no time of this pack is further from the truth than this. Absent: not known. */
export const SENML_TIME_ERROR = "te";
/**
 * Base field, boolean: the times are estimates. The readings are of an earlier start of the device that never learnt the time;
 * they are placed between what came before and after.
 */
export const SENML_TIME_ESTIMATED = "ts";

/**
 * Last field of the last record, 32 bytes: HMAC-SHA-256 (RFC 2104, FIPS 180-4) with the device's secret, UTF-8 as in its
 * configuration, over every byte of the pack before these 32, which are its last. A pack has it when the sensor graph of the device
 * says so of one of its readings (`signed streamer`); it is then for all of them. Whoever does not know it steps over it.
 */
export const SENML_SIGNATURE = "sg";
export const SENML_SIGNATURE_BYTES = 32;

/** Absolute times are at or above this (RFC 8428 section 4.5.3), seconds. */
export const SENML_ABSOLUTE_TIME_MIN_S = 268435456;
