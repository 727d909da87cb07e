/**
 * Results below zero of host functions. A number is never reused for another meaning.
 */
export enum HostError {
  /** An argument has no meaning: unknown mode, no such pin, negative length. */
  BadArgument = -1,
  /** A pointer and length leave the program's memory, or an offset leaves the flash region. */
  OutOfRange = -2,
  /** A flash offset or length is not a multiple of four. */
  Unaligned = -3,
  /** This host does not offer the function. */
  Unsupported = -4,
  /** The handle is not open, or the network is down. */
  NotConnected = -5,
  /** Every handle is in use. */
  NoHandle = -6,
  /** The name of the peer was not found. */
  HostNotFound = -7,
  /** The peer refused the connection. */
  Refused = -8,
  /** The connection took too long or broke. */
  Broken = -9,
  /** What is asked for is still at work, or something else that excludes it is: again later. */
  Busy = -10,
  /** Nothing answers at this address. */
  NoDevice = -11,
}
