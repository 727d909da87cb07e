/**
 * Commands, configuration and sensor graphs on the wire. They live on the server until the device has reported the result,
 * and are sent again on `hello`, after the `ack` that answers it: before that the device takes none, for it has no clock to
 * tell whether a command has expired, and a configuration on trial is not confirmed yet. A key is never reused for another
 * meaning and never changes its type.
 */

/** Keys of a `command` (down). */
export enum CommandKey {
  /** unsigned, 32 bits, from 1, higher than that of every earlier command of this device */
  Id = 0,
  /** text, as `restart` */
  Method = 1,
  /** integer, 32 bits, optional */
  Argument = 2,
  /** unsigned, Unix seconds, optional: not to be run after this */
  ExpiresUnixS = 3,
  /** integer, 32 bits, optional: a second argument */
  Second = 4,
}

/** Keys of a `config` message (down): the desired configuration. */
export enum DesiredConfigKey {
  /** unsigned, 32 bits, from 1 */
  Version = 0,
  /** map: entries that replace those of the same ConfigKey; what is not named stays */
  Values = 1,
}

/** Keys of a `graph` message (down): the desired sensor graph. */
export enum DesiredGraphKey {
  /** unsigned, 32 bits, from 1 */
  Version = 0,
  /** bytes: the compiled graph (graph-format.ts); empty: none */
  Bytes = 1,
}

/** Keys of a `result` (up). */
export enum ResultKey {
  /** unsigned: id of the command; absent in the answer to `config` and `graph` */
  Command = 0,
  /** unsigned: ResultCode */
  Code = 1,
  /** integer, optional; with a configuration that was refused: the ConfigKey that makes no sense, or a ConfigRefusal; with a graph: GraphRefusal */
  Value = 2,
  /** unsigned: version of the configuration that this answers, or that is in use */
  ConfigVersion = 3,
  /** unsigned, optional, where Value is ConfigKey.Product: key of the setting that the product does not take */
  Setting = 4,
  /** unsigned: version of the graph that this answers, or that is in use */
  GraphVersion = 5,
}

export enum ResultCode {
  Done = 0,
  /** No such method. */
  Unknown = 1,
  /** Its time had passed, or the device had no clock to tell. */
  Expired = 2,
  /** A command of this id, or a later one, was taken before; it is not run again. */
  Repeated = 3,
  /** The arguments, the configuration or the graph make no sense. */
  Refused = 4,
  /** The configuration or graph was tried, the server was not reached with it, and the one before is in use again. */
  RolledBack = 5,
  /** It was taken; the device restarts to run it, or to try it. */
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

/** Keys of a `log` message (up): lines that a program writes, while somebody watches. Some may be missing. */
export enum LogKey {
  /** unsigned: LogLevel of host-abi.ts */
  Level = 0,
  /** text, ASCII, at most LOG_LINE_MAX_BYTES */
  Text = 1,
  /** unsigned, optional: lines lost before this one */
  Lost = 2,
}
