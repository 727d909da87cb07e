/**
 * What a conversation with the server is about besides readings: updates, configuration, commands. The session carries
 * each part's messages and tells it when a conversation begins and ends; parts do not know each other or MQTT.
 */
import { CborReader } from "../cbor/reader.ts";
import { CborWriter } from "../cbor/writer.ts";

/** Time for an answer to leave before a restart. */
export const RESTART_AFTER_MS: i32 = 1000;

export enum Taken {
  /** The channel belongs to another part. */
  NotMine = 0,
  Taken = 1,
  /** The message makes no sense; the session counts it. */
  Malformed = 2,
}

/** Tells a part the channel of a message without copying it. */
export interface IncomingChannel {
  isChannel(channel: string): bool;
}

export interface SessionPart {
  /** A connection begins: what was asked for on the one before it will not be answered any more. */
  connected(nowMs: u32): void;
  /** The server has answered `hello`. */
  welcomed(nowMs: u32): void;
  /** A message from the server; it lies at `pointer` until this returns, and on as long as `holdsMessage`. */
  take(incoming: IncomingChannel, reader: CborReader, pointer: usize, length: u32, nowMs: u32): Taken;
  /** The last message is still being worked on: the next one must wait. */
  holdsMessage(): bool;
  /** Does what is due; called at each poll, connected or not. */
  poll(nowMs: u32): void;
  /** Milliseconds until `poll` has something to do if no message comes. */
  delayMs(nowMs: u32): i32;
  /** A message waits to be sent; asked only after the server has answered `hello`. */
  owes(nowMs: u32): bool;
  /** The channel of that message. */
  channel(): string;
  /** Encodes it; it counts as sent. */
  write(writer: CborWriter, nowMs: u32): void;
}
