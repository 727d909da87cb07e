/**
 * Commands and configuration on the wire. Both live on the server until the device has reported the result, and are sent
 * again on `hello`, after the `ack` that answers it: before that the device takes neither, for it has no clock to tell
 * whether a command has expired, and a configuration on trial is not confirmed yet. A key is never reused for another meaning and never changes its type.
 */

/** Keys of a `command` (down). */
export enum CommandKey {
  /** unsigned, 32 bits, from 1, higher than that of every earlier command of this device */
  Id = 0,
  /** text, as `restart` */
  Method = 1,
  /** integer, optional */
  Argument = 2,
  /** unsigned, Unix seconds, optional: not to be run after this */
  ExpiresUnixS = 3,
}

/** Keys of a `config` message (down): the desired configuration. */
export enum DesiredConfigKey {
  /** unsigned, 32 bits, from 1 */
  Version = 0,
  /** map: entries that replace those of the same ConfigKey; what is not named stays */
  Values = 1,
}

/** Keys of a `result` (up). */
export enum ResultKey {
  /** unsigned: id of the command; absent in the answer to `config` */
  Command = 0,
  /** unsigned: ResultCode */
  Code = 1,
  /** integer, optional; with a configuration that was refused: the ConfigKey that makes no sense, or a ConfigRefusal */
  Value = 2,
  /** unsigned: version of the configuration that this answers, or that is in use */
  ConfigVersion = 3,
  /** unsigned, optional, where Value is ConfigKey.Product: key of the setting that the product does not take */
  Setting = 4,
}

export enum ResultCode {
  Done = 0,
  /** No such method. */
  Unknown = 1,
  /** Its time had passed, or the device had no clock to tell. */
  Expired = 2,
  /** A command of this id, or a later one, was taken before; it is not run again. */
  Repeated = 3,
  /** The arguments, or the configuration, make no sense. */
  Refused = 4,
  /** The configuration was tried, the server could not be reached with it, and the one before is in use again. */
  RolledBack = 5,
  /** The command was taken; the device restarts to run it. */
  Accepted = 6,
}

/** Why a configuration was refused as a whole. Numbers are never reused. */
export enum ConfigRefusal {
  /** The values are no map, or one with keys that are not integers. */
  NoMap = -1,
  /** Merged with the one in use it is larger than CONFIG_MAX_BYTES or CONFIG_ENTRIES_MAX. */
  TooLarge = -2,
  /** The flash does not read back what was written. */
  NotWritten = -3,
}
