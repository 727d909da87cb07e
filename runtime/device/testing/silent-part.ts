/** A part of a session that has nothing to say; specs build on it. */
import { CborReader } from "../cbor/reader.ts";
import { CborWriter } from "../cbor/writer.ts";
import { IncomingChannel, SessionPart, Taken } from "../session/session-part.ts";

export class SilentPart implements SessionPart {
  connected(nowMs: u32): void {}
  welcomed(nowMs: u32): void {}
  take(incoming: IncomingChannel, reader: CborReader, pointer: usize, length: u32, nowMs: u32): Taken {
    return Taken.NotMine;
  }
  holdsMessage(): bool {
    return false;
  }
  poll(nowMs: u32): void {}
  delayMs(nowMs: u32): i32 {
    return i32.MAX_VALUE;
  }
  owes(nowMs: u32): bool {
    return false;
  }
  channel(): string {
    return "";
  }
  write(writer: CborWriter, nowMs: u32): void {}
}
