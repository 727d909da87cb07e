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

// Feedback. A vote is an event: question << 8 | answers, below 2^24, so that it takes two words of the queue. `answers` has a bit
// for each button, 1 for the first; of a vote it is one bit, that of the stream.

/** A vote with the first button; those of the others follow (+1 to +4). */
export const STREAM_VOTE = 0x5020;
/** Several buttons at once, which is no vote: `answers` has them all; ANSWER_UNCLEAR: a ladder that shows none of its values. */
export const STREAM_PRESSED_TOGETHER = 0x5028;
/** Buttons that are stuck now, as `answers`; whenever that changes. */
export const STREAM_BUTTONS_STUCK = 0x5029;
/** The command `calibrate` has measured a button: its number, from 1, << 10 | the analogue input. */
export const STREAM_CALIBRATED = 0x502a;
/** Presses that came too soon after a vote to be one, or as several at once after such, in the last minute. Only where there were some. */
export const STREAM_PRESSES_LOCKED = 0x502b;
/** All votes with the first button since power was applied, and with the others (+1 to +4); survive restarts. Each full hour. */
export const STREAM_VOTES_TOTAL = 0x5030;
export const VOTE_QUESTION_SHIFT = 8;
export const ANSWER_UNCLEAR = 0x80;

// Beacon.

/** Frames sent in the last minute; only while the schedule has it send. */
export const STREAM_BEACONS_SENT = 0x5040;
/** Frames that the radio did not take in the last minute. Only where there were some. */
export const STREAM_BEACONS_REFUSED = 0x5041;
/** Wi-Fi networks and beacons that a scan has found. */
export const STREAM_NETWORKS_HEARD = 0x5042;
/** Signal of the first name of `watch` in a scan, dBm, and of the others (+1 to +3). Only where it was heard. */
export const STREAM_WATCHED_DBM = 0x5048;

/** System output: the device started; the value is its ResetReason. */
export const STREAM_REBOOT = 0x5c00;
