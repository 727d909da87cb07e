/**
 * When the board listens to phones: who listens is off the network, so it is once a minute, for `windowMs`, when the server has
 * everything and nothing else is under way. No reading waits longer than that because of it, and while the network or
 * the server is away the board looks for them and listens to nobody. How much of the time it did listen is told.
 */
import { RADIO_RECORD_BYTES, RADIO_WHO_BYTES, RadioKind } from "../../runtime/contract/host-abi.ts";
import { RADIO_LOG_MAX } from "../../runtime/contract/limits.ts";
import { elapsedMs, radio_read, radio_sniff, Session } from "../../runtime/device/index.ts";
import { Phones } from "./phones.ts";

/** Records taken from the host at a time. */
const RECORDS = 8;
const records = memory.data(RECORDS * RADIO_RECORD_BYTES, 4);

export class Listening {
  /** Of each minute; 0 = never. */
  windowMs: i32 = 0;
  /** 0 = those three in turn that do not overlap. */
  channel: i32 = 0;
  /** A minute has begun in which it has not listened yet. */
  isDue: bool = false;
  /** Time that it has listened; whoever tells it sets it back. */
  listenedMs: u32 = 0;
  /** Frames that the host has dropped. */
  missed: u32 = 0;
  private isListening: bool = false;
  private sinceMs: u32 = 0;
  private turn: i32 = 0;

  constructor(private readonly phones: Phones) {}

  /** Does what is due; returns the milliseconds until it has to be called again. */
  poll(session: Session): i32 {
    const now = session.clock.nowMs;
    if (this.isListening) {
      this.take(session.clock.uptimeS);
      const leftMs = this.windowMs - elapsedMs(now, this.sinceMs);
      if (leftMs > 0) return leftMs;
      this.listenedMs += this.windowMs - leftMs;
    } else {
      if (!this.isDue || !session.isAtRest) return i32.MAX_VALUE;
      session.leave();
      this.isDue = false;
      this.sinceMs = now;
      this.turn = (this.turn + 5) % 15;
      this.isListening = radio_sniff(this.channel == 0 ? this.turn + 1 : this.channel) >= 0;
      if (this.isListening) return this.windowMs;
    }
    radio_sniff(0);
    this.isListening = false;
    session.comeBack();
    return 1;
  }

  private take(nowS: u32): void {
    for (let taken = 0; taken < RADIO_LOG_MAX; taken += RECORDS) {
      const bytes = radio_read(records, RECORDS * RADIO_RECORD_BYTES);
      for (let at = 0; at < bytes; at += RADIO_RECORD_BYTES) {
        const record = records + at;
        this.missed += load<u16>(record, 2);
        if (load<u8>(record) != RadioKind.Probe) continue;
        this.phones.hear(record + (RADIO_RECORD_BYTES - RADIO_WHO_BYTES), load<u8>(record, 1), nowS);
      }
      if (bytes < RECORDS * RADIO_RECORD_BYTES) return;
    }
  }
}
