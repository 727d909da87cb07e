/**
 * What the two slots hold: whole snapshots, appended to one of two sectors until it is full, then to the other one, which
 * is erased first. The valid snapshot with the highest sequence counts. Little-endian:
 *
 * | offset | size | what |
 * |---|---|---|
 * | 0 | 4 | sequence, from 1 |
 * | 4 | 1 | SlotState of slot A |
 * | 5 | 1 | SlotState of slot B |
 * | 6 | 1 | the slot to start first |
 * | 7 | 1 | UpdateFailure of the last image that failed; 0 = none |
 * | 8 | 4 | security counter floor: images below it are refused |
 * | 12 | 8 | id of the image in slot A |
 * | 20 | 8 | id of the image in slot B |
 * | 28 | 8 | id of the last image that failed |
 * | 36 | 4 | base of a patch under way: the first bytes of its image id; all ones = a full image |
 * | 40 | 4 | all ones |
 * | 44 | 4 | CRC-32 (ISO-HDLC) of bytes 0 to 43 |
 * | 48 | 4 | attempts: the lowest set bit is cleared before each start of a slot on trial |
 * | 52 | 4 | progress: bit n is cleared when sector n of the slot being loaded is whole |
 * | 56 | 8 | all ones |
 *
 * The two last-named words are written bit by bit after the snapshot, without an erase; they are not under the CRC.
 */
export const SLOT_RECORD_BYTES = 64;
export const SLOT_RECORD_SEQUENCE_OFFSET = 0;
export const SLOT_RECORD_STATES_OFFSET = 4;
export const SLOT_RECORD_PREFERRED_OFFSET = 6;
export const SLOT_RECORD_FAILURE_OFFSET = 7;
export const SLOT_RECORD_FLOOR_OFFSET = 8;
export const SLOT_RECORD_IMAGE_IDS_OFFSET = 12;
export const SLOT_RECORD_FAILED_IMAGE_OFFSET = 28;
export const SLOT_RECORD_PATCH_BASE_OFFSET = 36;
export const SLOT_RECORD_CRC_OFFSET = 44;
/** Written at once: everything up to and including the CRC. */
export const SLOT_RECORD_SNAPSHOT_BYTES = 48;
export const SLOT_RECORD_ATTEMPTS_OFFSET = 48;
export const SLOT_RECORD_PROGRESS_OFFSET = 52;

export enum SlotState {
  Empty = 0,
  /** An update is being written. */
  Loading = 1,
  /** Whole and verified, not yet confirmed by itself. */
  Trial = 2,
  Confirmed = 3,
  /** Tried and given up, or found damaged. */
  Failed = 4,
}

/** Starts of a slot on trial before it is given up. */
export const TRIAL_ATTEMPTS = 3;
/** Time that a start on trial has to confirm itself, milliseconds. */
export const TRIAL_DEADLINE_MS = 300000;
/** Crashes and watchdog resets in a row, without a word from the server, before boot leaves even a confirmed slot. */
export const CRASH_RESETS_MAX = 8;
