/**
 * Updates on the wire. The server offers an image, the device pulls it (or a patch that makes it out of the image that it
 * runs) piece by piece, and reports how it fares. A key is never reused for another meaning and never changes its type; a receiver
 * skips keys that it does not know. Image ids are byte strings of IMAGE_ID_BYTES.
 */

/** Keys of an `offer` (down): run this image. */
export enum OfferKey {
  /** bytes: id of the image */
  Image = 0,
  /** unsigned: header and payload, bytes */
  SizeBytes = 1,
  /** bytes, optional: id of the image that a patch starts from */
  Base = 2,
  /** unsigned, with Base: size of the patch, bytes */
  PatchBytes = 3,
  /** boolean, optional: try again an image that has failed on this device before */
  Retry = 4,
}

/** Keys of an `update` message (up). One with `Offset` asks for a piece; any other is a report. */
export enum UpdateKey {
  /** unsigned: UpdateState; reports only */
  State = 0,
  /** bytes: id of the image that this is about */
  Image = 1,
  /** unsigned, 0 to 100: downloaded so far; with UpdateState.Downloading */
  Percent = 2,
  /** unsigned: UpdateFailure; with RolledBack and Failed, and with Downloading once: the patch is given up, the image comes whole */
  Failure = 3,
  /** unsigned: first byte wanted */
  Offset = 4,
  /** unsigned, 1 to UPDATE_REQUEST_MAX_BYTES: bytes wanted */
  Length = 5,
  /** bytes: the piece is one of the patch from this image, not of the image itself */
  Base = 6,
}

/** Keys of a `chunk` (down): an answer to a request is one chunk or several, in order. */
export enum ChunkKey {
  Image = 0,
  /** unsigned: place of the first byte */
  Offset = 1,
  /** bytes, at most CHUNK_MAX_BYTES; empty: there is nothing at this place, or no such image (any more) */
  Bytes = 2,
  /** bytes: as in the request */
  Base = 3,
}

/** Largest `Bytes` of a chunk. A flash page of 256 bytes three times. */
export const CHUNK_MAX_BYTES = 768;
/** Most that one request asks for: a sector. */
export const UPDATE_REQUEST_MAX_BYTES = 4096;

export enum UpdateState {
  Idle = 0,
  Queued = 1,
  Downloading = 2,
  Downloaded = 3,
  Verified = 4,
  Restarting = 5,
  Confirmed = 6,
  /** The new program was tried and given up; `Failure` says why. The old one runs. */
  RolledBack = 7,
  /** The image was refused or could not be had; `Failure` says why. The running program was not touched. */
  Failed = 8,
}

/** Why an image was refused, given up or left. Numbers are never reused. */
export enum UpdateFailure {
  None = 0,
  /** It does not begin with the magic of an image (or of a patch). */
  NotAnImage = 1,
  HeaderVersion = 2,
  /** It is for another kind of machine. */
  WrongArch = 3,
  /** It needs a newer host. */
  AbiTooNew = 4,
  WrongProduct = 5,
  WrongBoard = 6,
  /** It does not fit a slot. */
  TooLarge = 7,
  /** It needs more RAM than a program may have. */
  TooMuchRam = 8,
  /** Its security counter is lower than that of a program confirmed before: an old image, replayed. */
  Replayed = 9,
  /** No trusted key has its key id. */
  UnknownKey = 10,
  BadSignature = 11,
  /** The payload is not the one that was signed. */
  BadDigest = 12,
  /** The server has fewer bytes than the header says. */
  Truncated = 13,
  /** A patch starts from another image than the one that runs. */
  WrongBase = 14,
  BadPatch = 15,
  /** The server does not have the image (any more). */
  NotAvailable = 16,
  /** What was written does not read back. */
  FlashFault = 17,
  /** The new program crashed. */
  Crash = 18,
  /** The watchdog ended the new program. */
  Hang = 19,
  /** The new program did not get on the network. */
  NoNetwork = 20,
  /** The server refused the new program's credentials. */
  WrongCredentials = 21,
  /** The network was there, an answer of the server was not. */
  NoServer = 22,
  /** Power went away each time. */
  PowerLoss = 23,
  /** A confirmed program crashed CRASH_RESETS_MAX times in a row. */
  CrashLoop = 24,
  /** A slot's image did not verify at the start. */
  Damaged = 25,
  /** The header says what the offer did not: another size or id. */
  NotAsOffered = 26,
  /** It verifies, but the host cannot run it: its payload is no program. */
  NotRunnable = 27,
}
