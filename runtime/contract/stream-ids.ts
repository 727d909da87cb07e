/**
 * Stream ids: IOTile stream variables, 16 bits: type << 12 | system << 11 | id; type 5 is an output. On the wire a stream
 * is named by four lowercase hexadecimal digits. A number is never used again for something else.
 */

// The visitor counter, from 0x5001. What comes outside of opening hours is in STREAM_VISITORS_CLOSED alone.

/** Visitors who came in during one period (with a single barrier: who passed it). */
export const STREAM_VISITORS_IN = 0x5001;
/** Visitors who went out during one period; two barriers only. */
export const STREAM_VISITORS_OUT = 0x5002;
/** All visitors in since power was applied; survives restarts. With the first period, then at each full hour of the wall clock. */
export const STREAM_TOTAL_IN = 0x5003;
/** All visitors out since power was applied; two barriers only. */
export const STREAM_TOTAL_OUT = 0x5004;
/** Who passed, in whatever direction, during one period outside of opening hours; only where there was somebody. */
export const STREAM_VISITORS_CLOSED = 0x5005;
/** Visitors in during the hour of the wall clock that ends now: the periods that ended in it. Survives restarts. */
export const STREAM_HOUR_IN = 0x5006;
/** Visitors out during that hour; two barriers only. */
export const STREAM_HOUR_OUT = 0x5007;

// Phones that look for networks, as the visitor counter hears them: sums only, nothing of a single phone.

/** Different phones heard in the last minute; each full minute. */
export const STREAM_PHONES_1_MIN = 0x5010;
/** In the last 5 minutes; each full 5 minutes. */
export const STREAM_PHONES_5_MIN = 0x5011;
/** In the last 15 minutes; each full 15 minutes, as are all that follow. */
export const STREAM_PHONES_15_MIN = 0x5012;
/** How much of the time the board has listened since the last report, in thousandths. */
export const STREAM_LISTENED = 0x5013;
/** Phones that were forgotten early, for the table was full: the counts are too low by this at most. Only where there were some. */
export const STREAM_PHONES_FORGOTTEN = 0x5014;
/** Frames that the host dropped before they were looked at. Only where there were some. */
export const STREAM_FRAMES_MISSED = 0x5015;
/**
 * Visits that have ended: phones that were not heard for 15 minutes. Near, middle and far (+1, +2) by the strongest signal of
 * each. A class waits until at least VISITS_TOLD_MIN have ended, so that no value is about a single phone.
 */
export const STREAM_VISITS_ENDED = 0x5018;
/** Of those visits, near, middle and far (+1, +2): the seconds from the first to the last time that a phone was heard, added up. */
export const STREAM_VISIT_SECONDS = 0x501c;
/** Fewer visits than this are not told. */
export const VISITS_TOLD_MIN = 5;

/** System output: the device started; the value is its ResetReason. */
export const STREAM_REBOOT = 0x5c00;
