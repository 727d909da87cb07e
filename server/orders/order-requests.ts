/**
 * What the main thread asks of the writer about what devices are told: their configuration, their sensor graph, commands.
 * And what comes back: messages that are due for a device, encoded.
 */

/** What a device has one of, with a version. Numbers are in the database. */
export enum DesiredPart {
  Config = 0,
  Graph = 1,
}

/** How far a desired part is. Numbers are in the database. */
export enum PartState {
  /** Not given to a connection of the device since it was set. */
  Pending = 0,
  /** The device has been sent it, and may be trying it. */
  Sent = 1,
  /** The device works with it. */
  Applied = 2,
  /** It makes no sense to the device, which goes on with the one before. */
  Refused = 3,
  /** It was tried and given up. */
  RolledBack = 4,
}

/** How far a command is. Numbers are in the database. */
export enum CommandState {
  Queued = 0,
  Sent = 1,
  /** The device restarts to carry it out. */
  Accepted = 2,
  Done = 3,
  Failed = 4,
  Expired = 5,
}

export interface DesiredChange {
  mac: number;
  part: DesiredPart;
  /** Version that the change starts from, 0 = none: in the meantime there may have been another change. */
  basis: number;
  /** A device that is another product by now is not sent it. */
  product: string;
  /** As people gave it, JSON; for a configuration. */
  chosen: string | null;
  /** As the device takes it: the values in CBOR, or the graph. Null: of a configuration, to be made of all levels. */
  content: Uint8Array | null;
}

export interface NewCommand {
  mac: number;
  method: string;
  argument: number | null;
  second: number | null;
  /** Unix time, s. */
  expiresS: number | null;
}

/** `isConnected`: what is due may be sent at once, and counts as sent. */
export type OrderRequest =
  | { kind: "setPart"; change: DesiredChange; isConnected: boolean; atMs: number }
  | { kind: "addCommand"; command: NewCommand; isConnected: boolean; atMs: number }
  /** All of it or nothing. `change` null: commands alone. */
  | {
      kind: "actuate";
      mac: number;
      change: DesiredChange | null;
      commands: NewCommand[];
      isConnected: boolean;
      atMs: number;
    };

/** To be sent in this order. */
export interface OrdersDue {
  mac: number;
  messages: Array<{ channel: "config" | "graph" | "command"; payload: Uint8Array }>;
}
