/** What a device makes of an `ack`, for tests. */
import { CborReader } from "../../../runtime/device/cbor/reader.ts";
import { Ack } from "../../../runtime/device/session/messages.ts";

const reader = new CborReader();
const ack = new Ack();

export function start(): void {}

export function poll(): u32 {
  return 60000;
}

/** 1 for a well-formed `ack`; then the fields below are its own. */
export function read(pointer: usize, length: u32): i32 {
  return i32(ack.read(reader, pointer, length));
}

export function hasSequence(): i32 {
  return i32(ack.hasSequence);
}

export function epoch(): u32 {
  return ack.epoch;
}

export function sequence(): u32 {
  return ack.sequence;
}

export function unixS(): u32 {
  return ack.unixS;
}

export function reconnectDelayMs(): u32 {
  return ack.reconnectDelayMs;
}
