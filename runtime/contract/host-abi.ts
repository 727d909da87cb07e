/**
 * The words of the host ABI: what arguments and results mean. The functions themselves are in host-functions.ts.
 *
 * A program exports `start()` and `poll(): u32`. The host calls `start` once, then `poll` whenever an event is pending
 * or the delay that `poll` last returned (milliseconds) has passed. It may export `heap_used(): u32`, the bytes that its
 * allocator has given out, and `heap_limit(): u32`, their maximum.
 *
 * Version 2 has `onewire_transfer`, `onewire_triplet` and `pulse_read`: a host without them has nothing in their slots of the
 * table, so it must not start a program that may call them.
 */
export const HOST_ABI_VERSION = 2;
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
/**
 * Where `i2c_transfer` has its bus, as the Arduino core for ESP8266 has it. A transfer takes both pins, whatever their modes
 * were: inputs with pull-up, between transfers too.
 */
export const I2C_SDA_PIN = 4;
export const I2C_SCL_PIN = 5;
/** Largest duty of `pwm_write`: always high. */
export const PWM_DUTY_MAX = 1023;
/** No pin, where one could be named: in settings, and in the constants that a build gives a program. */
export const NO_PIN = 0xff;

/**
 * A record of `edge_read`, little-endian: u32 clock_ms of the edge, u8 pin, u8 level after it, u16 edges dropped before
 * it because the log was full.
 */
export const EDGE_RECORD_BYTES = 8;

/**
 * Devices on one wire. `onewire_transfer` speaks 1-Wire at standard speed (wire-timing.ts): a reset pulse, presence, `wlen` bytes
 * and then `rlen` bytes, the lowest bit first. NoDevice: nobody is present, and nothing is written. Broken: the line is low before
 * or after the reset pulse, though nobody should pull it. With nothing to write or read it tells whether somebody is there. Of a
 * whole transaction only the ROM search is not reset, write, read: it goes on with `onewire_triplet`, as often as is wanted.
 *
 * `pulse_read` serves devices that answer with pulses: DHT22 and its kin, distance sensors, infrared receivers. It pulls the pin
 * low for `start_low_us` (0: it does not), lets go, and records how long the levels last from then on, as u16 microseconds,
 * little-endian, in turn: the first is high, and 0 where the line is low at once. It ends when `cap` bytes are full, when a level
 * has lasted for `quiet_us`, or PULSE_READ_MAX_US after the call began; the level that lasts then is not recorded. What came from
 * the wire is the program's to understand, so a stuck line and an absent device are short records, not errors.
 *
 * Both take GPIO0 to GPIO15 whatever their modes were, end pulses and watched edges there, and leave an input with pull-up (a bus
 * needs a resistor of its own, 4.7 kOhm: the chip's is ten times as weak). Interrupts are off for 70 us at most in 1-Wire, and
 * all the time that `pulse_read` records: a width that an interrupt has stretched would be another bit.
 */
export enum OneWireTriplet {
  /** The first bit read: all devices that listen have a one here, or nobody listens. */
  Bit = 1,
  /** The second bit read, the complement: all have a zero, or nobody listens. Neither bit: there are both. */
  Complement = 2,
  /** The bit written, which those who do not have it stop listening at: the one that all have, `direction` where there are both. */
  Taken = 4,
}

export enum NetStatus {
  Down = 0,
  Joining = 1,
  Up = 2,
  /** The network refused the passphrase. */
  Denied = 3,
  /** No network of that name. */
  NotFound = 4,
}

/** IEEE 802.11-2020 9.4.2.2: an SSID has at most 32 octets. */
export const SSID_MAX_BYTES = 32;
/**
 * A record of `net_found`: u8 signal strength as -dBm, u8 NetFoundFlag bits, then the SSID (0 bytes where it is hidden).
 * `cap` must hold the record that is next, else BadArgument and the record stays; NET_FOUND_MAX_BYTES are always enough.
 * While a scan runs, `net_found` answers Busy. A scan forgets what the one before has found.
 */
export const NET_FOUND_HEADER_BYTES = 2;
export const NET_FOUND_MAX_BYTES = NET_FOUND_HEADER_BYTES + SSID_MAX_BYTES;

export enum NetFoundFlag {
  None = 0,
  /** It takes a passphrase. */
  Passphrase = 1,
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

/** Channels of 2.4 GHz that are used everywhere but for 12 and 13 in America. */
export const RADIO_CHANNEL_MAX = 13;

/** What `radio_sniff` listens to. */
export enum RadioKind {
  /** Somebody looks for networks: phones do. */
  Probe = 1,
  /** A network or another board makes itself known. */
  Beacon = 2,
}
/**
 * A record of `radio_read`, little-endian: u8 RadioKind, u8 signal strength as -dBm, u16 records dropped before it because the
 * log was full, u32 age in milliseconds, then 8 bytes that tell who sent it. Of a probe request they are a hash of the address
 * with a salt that only the host knows and that is new at each start of the board. Of a beacon they are the address itself,
 * 6 bytes, the channel, and 0. `cap` holds one record at least.
 *
 * While it listens a board is on no network: `radio_sniff` of a channel leaves the network, and connections break; `net_join` and
 * `net_scan` answer Busy until `radio_sniff` of 0. A reset ends it.
 */
export const RADIO_RECORD_BYTES = 16;
export const RADIO_WHO_BYTES = 8;

export enum LogLevel {
  Error = 0,
  Warning = 1,
  Info = 2,
  Debug = 3,
}
