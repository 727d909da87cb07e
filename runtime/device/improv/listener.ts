/**
 * A product's ear for Improv: it knows when an RPC was whole, and which command was in it. Boot speaks the rest, for a product is
 * short of RAM; it is told the command, and answers that.
 *
 * Nothing is kept of a packet but where in it we are, so no byte is looked at twice. The beginning of a packet is looked for
 * inside of another one too: of one that was broken off, the rest does not swallow what comes next.
 */
import { SERIAL_RECEIVE_BYTES } from "../../contract/limits.ts";
import { restart, serial_read } from "../imports/host.ts";
import {
  DATA_AT,
  DATA_MAX_BYTES,
  FIRST_BYTE,
  ImprovCommand,
  LENGTH_AT,
  PacketType,
  PREAMBLE_BYTES,
  preambleByte,
  RPC_BEGINNING_SUM,
} from "./format.ts";
import { leaveNote, NOTE_BYTES, RESUME } from "./note.ts";

/** What was read, then the note; behind it, a byte each. */
const piece = memory.data(12, 4);
/** Bytes of a beginning that were heard in a row. */
const MATCHED: usize = 8;
/** Bytes to come of the packet that has begun, with its checksum; 0: none has. */
const LEFT: usize = 9;
/** Of the packet's bytes so far. */
const SUM: usize = 10;
/** None: its first byte of data is still to come. */
const COMMAND: usize = 11;

/** Of a full buffer. */
const PIECES_MAX: i32 = SERIAL_RECEIVE_BYTES / <i32>NOTE_BYTES;

/** Reads what has come; when it ends an RPC the board restarts, and boot takes over. */
export function listenForImprov(): void {
  for (let turn = 0; turn < PIECES_MAX; turn++) {
    const bytes = serial_read(piece, NOTE_BYTES);
    for (let i = 0; i < bytes; i++) {
      const byte = <u32>load<u8>(piece + i);
      if (endsPacket(byte)) {
        leaveNote(piece, load<u8>(piece, COMMAND));
        restart(0);
        return;
      }
      if (endsBeginning(byte)) {
        store<u8>(piece, byte + 1, LEFT);
        store<u8>(piece, RPC_BEGINNING_SUM + byte, SUM);
        store<u8>(piece, ImprovCommand.None, COMMAND);
      }
    }
    if (bytes <= 0) return;
  }
}

/** This byte is the checksum of an RPC that boot can be told. */
function endsPacket(byte: u32): bool {
  const left = <u32>load<u8>(piece, LEFT);
  if (left == 0) return false;
  store<u8>(piece, left - 1, LEFT);
  if (left == 1) return byte == load<u8>(piece, SUM);
  store<u8>(piece, load<u8>(piece, SUM) + byte, SUM);
  if (load<u8>(piece, COMMAND) == ImprovCommand.None) {
    if (byte == ImprovCommand.None || byte == RESUME) store<u8>(piece, 0, LEFT);
    store<u8>(piece, byte, COMMAND);
  }
  return false;
}

/** This byte is the length of an RPC, and one that there may be. */
function endsBeginning(byte: u32): bool {
  const matched = <u32>load<u8>(piece, MATCHED);
  const isLength = matched == LENGTH_AT;
  const isExpected = matched < PREAMBLE_BYTES ? byte == preambleByte(matched) : !isLength && byte == PacketType.Rpc;
  store<u8>(piece, isExpected ? matched + 1 : u32(byte == FIRST_BYTE), MATCHED);
  return isLength && byte > 0 && byte <= DATA_MAX_BYTES;
}
