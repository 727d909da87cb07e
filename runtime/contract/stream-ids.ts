/**
 * Stream ids: IOTile stream variables, 16 bits: type << 12 | system << 11 | id. On the wire a stream is named by four
 * lowercase hexadecimal digits.
 */
export enum StreamType {
  Buffered = 0,
  Unbuffered = 1,
  Constant = 2,
  Input = 3,
  Counter = 4,
  Output = 5,
}

export const STREAM_TYPE_SHIFT = 12;
export const STREAM_SYSTEM_BIT = 0x0800;
export const STREAM_ID_MASK = 0x07ff;

/** Visitors who came in during one period (with a single barrier: who passed it). */
export const STREAM_VISITORS_IN = 0x5001;
/** Visitors who went out during one period; two barriers only. */
export const STREAM_VISITORS_OUT = 0x5002;
/** All visitors in since power was applied; survives restarts. */
export const STREAM_TOTAL_IN = 0x5003;
/** All visitors out since power was applied; two barriers only. */
export const STREAM_TOTAL_OUT = 0x5004;
/** System output: the device started; the value is its ResetReason. */
export const STREAM_REBOOT = 0x5c00;
