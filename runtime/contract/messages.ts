/**
 * Keys of the CBOR maps on the wire. A key is never reused for another meaning and never changes its type: old devices
 * meet new servers and the reverse, so a receiver skips keys that it does not know.
 */

/** Keys of a `hello` message. */
export enum HelloKey {
  /** text: product name, as `counter` */
  Product = 0,
  /** text: program version, semver */
  Version = 1,
  /** unsigned: board id as `board_id()` gives it */
  Board = 2,
  /** unsigned: host ABI version */
  Abi = 3,
  /** unsigned: slot the program runs from */
  Slot = 4,
  /** unsigned: ResetReason of host-abi.ts */
  ResetReason = 5,
  /** unsigned: starts since power was applied, from 1 */
  Boots = 6,
  /** unsigned, 32 bits: epoch of the reading queue */
  Epoch = 7,
  /** unsigned: lowest sequence number that the queue still holds, or the next one to be given when it is empty */
  Oldest = 8,
  /** bytes: id of the image that runs (image-header.ts); absent when the program does not run from a slot */
  Image = 9,
  /** unsigned: UpdateFailure of the last image that failed here; absent = none */
  Failure = 10,
  /** bytes: id of that image */
  FailedImage = 11,
  /** boolean: the program runs on trial, it is not yet confirmed */
  Trial = 12,
  /** unsigned: version of the configuration in use; absent = none from the server */
  ConfigVersion = 13,
  /** unsigned: version of the sensor graph in use; absent = none, or the product has no use for one */
  GraphVersion = 14,
  /**
   * bytes: the map ConfigKey.Product of the configuration in use, as it lies in flash; absent = there is none, or it is longer than
   * HELLO_SETTINGS_MAX_BYTES
   */
  Settings = 15,
}

/** Keys of a `state` message. The last will carries `Online` alone. */
export enum StateKey {
  /** boolean */
  Online = 0,
  /** integer, dBm */
  RssiDbm = 1,
  /** unsigned, bytes of program memory not yet given out */
  FreeBytes = 2,
  /** unsigned, readings waiting for an acknowledgement */
  Queued = 3,
  /** unsigned, readings lost because the queue was full, since the start */
  Dropped = 4,
  /** unsigned, connections after the first one, since the start */
  Reconnects = 5,
  /** unsigned, seconds since the start */
  UptimeS = 6,
  /** unsigned, messages from the server that were malformed, too long or unknown, since the start */
  Ignored = 7,
}

/** Keys of an `ack` message. */
export enum AckKey {
  /** unsigned, 32 bits: the epoch that `Sequence` counts in */
  Epoch = 0,
  /** unsigned, 32 bits: every reading up to and including this one is durable; 0 = none yet */
  Sequence = 1,
  /** unsigned: Unix time of the server, seconds */
  UnixS = 2,
  /** unsigned, optional: wait a random time below this, in milliseconds, before the next connection */
  ReconnectDelayMs = 3,
}
