/**
 * A product's ear for Improv: all it knows is how a packet begins. Boot speaks the rest, for a product is short of RAM; it is
 * told which command was heard, and answers that.
 */
import { SERIAL_RECEIVE_BYTES } from "../../contract/limits.ts";
import { restart, serial_read } from "../imports/host.ts";
import { DATA_AT, FIRST_BYTE, LENGTH_AT, PacketType, PREAMBLE_BYTES, preambleByte } from "./format.ts";
import { leaveNote, NOTE_BYTES } from "./note.ts";

/** What was read, then the note. */
const piece = memory.data(8, 4);
/** Of a full buffer. */
const PIECES_MAX: i32 = SERIAL_RECEIVE_BYTES / <i32>NOTE_BYTES;
/** Bytes of a packet that were heard in a row. */
let matched: u32 = 0;

/** Reads what has come; on the beginning of an RPC the board restarts, and boot takes over. */
export function listenForImprov(): void {
  for (let turn = 0; turn < PIECES_MAX; turn++) {
    const bytes = serial_read(piece, NOTE_BYTES);
    for (let i = 0; i < bytes; i++) {
      const byte = <u32>load<u8>(piece + i);
      if (matched == DATA_AT) {
        matched = 0;
        leaveNote(piece, byte);
        restart(0);
        return;
      }
      if (isExpected(byte)) matched++;
      else matched = u32(byte == FIRST_BYTE);
    }
    if (bytes <= 0) return;
  }
}

function isExpected(byte: u32): bool {
  if (matched < PREAMBLE_BYTES) return byte == preambleByte(matched);
  return matched == LENGTH_AT || byte == PacketType.Rpc;
}
