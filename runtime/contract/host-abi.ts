/**
 * The words of the host ABI: what arguments and results mean. The functions themselves are in host-functions.ts.
 *
 * A program exports `start()` and `poll(): u32`. The host calls `start` once, then `poll` whenever an event is pending
 * or the delay that `poll` last returned (milliseconds) has passed. It may export `heap_used(): u32`, the bytes that its
 * allocator has given out, and `heap_limit(): u32`, their maximum.
 */
export const HOST_ABI_VERSION = 1;
export const HOST_MODULE = "host";

export enum ResetReason {
  PowerOn = 0,
  /** The reset pin, or a board that was told to. */
  External = 1,
  /** `restart` was called. */
  Software = 2,
  Watchdog = 3,
  /** The program trapped. */
  Crash = 4,
  DeepSleep = 5,
  /** The time that `deadline_set` named had passed. */
  Deadline = 6,
}

export enum PinMode {
  Input = 0,
  InputPullup = 1,
  Output = 2,
}

/** Edges to watch; Both = Rising | Falling. */
export enum PinEdge {
  Rising = 1,
  Falling = 2,
  Both = 3,
}

/** Highest GPIO number of the chip. */
export const PIN_MAX = 16;
/** No pin, where one could be named: in settings, and in the constants that a build gives a program. */
export const NO_PIN = 0xff;

/**
 * A record of `edge_read`, little-endian: u32 clock_ms of the edge, u8 pin, u8 level after it, u16 edges dropped before
 * it because the log was full.
 */
export const EDGE_RECORD_BYTES = 8;

/**
 * A record of `radio_read`, little-endian: 6 bytes of a hash of the sender, salted anew at each start of the host; u8 strength as
 * -dBm; u8 records lost before it because the log was full; u32 age, milliseconds.
 */
export const RADIO_RECORD_BYTES = 12;

export enum NetStatus {
  Down = 0,
  Joining = 1,
  Up = 2,
  /** The network refused the passphrase. */
  Denied = 3,
  /** No network of that name. */
  NotFound = 4,
}

export enum TcpFlag {
  None = 0,
  Tls = 1,
}

export enum TcpStatus {
  Connecting = 0,
  Open = 1,
  /** The peer closed; bytes that it sent before can still be read. */
  Closed = 2,
}

export enum LogLevel {
  Error = 0,
  Warning = 1,
  Info = 2,
  Debug = 3,
}
