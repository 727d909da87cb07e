/**
 * Stream ids: IOTile stream variables, 16 bits: type << 12 | system << 11 | id; type 5 is an output. On the wire a stream
 * is named by four lowercase hexadecimal digits.
 */
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
