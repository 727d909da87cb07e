/** The parts of a session as one: each is told everything, and those that have something to send take turns. */
import { POLL_MAX_MS } from "../../contract/limits.ts";
import { CborReader } from "../cbor/reader.ts";
import { MqttClient } from "../mqtt/client.ts";
import { SessionPart, Taken } from "./session-part.ts";

export class Parts {
  /** Whose turn it is: an index of `parts`, or their number for whoever is no part. */
  private turn: i32 = 0;

  private readonly parts: StaticArray<SessionPart | null>;
  private count: i32 = 0;

  constructor(most: i32) {
    this.parts = new StaticArray<SessionPart | null>(most);
  }

  /** One more, before the first connection. */
  add(part: SessionPart): void {
    // Beyond the room there is: our own mistake, in a product that starts.
    this.parts[this.count++] = part;
  }

  private part(index: i32): SessionPart {
    return unchecked(this.parts[index])!;
  }

  connected(nowMs: u32): void {
    this.turn = 0;
    for (let i = 0; i < this.count; i++) this.part(i).connected(nowMs);
  }

  welcomed(nowMs: u32): void {
    for (let i = 0; i < this.count; i++) this.part(i).welcomed(nowMs);
  }

  poll(nowMs: u32): void {
    for (let i = 0; i < this.count; i++) this.part(i).poll(nowMs);
  }

  delayMs(nowMs: u32): i32 {
    let delayMs: i32 = POLL_MAX_MS;
    for (let i = 0; i < this.count; i++) delayMs = min(delayMs, this.part(i).delayMs(nowMs));
    return delayMs;
  }

  /** Hands the client's message to the part that it is for; false when it makes no sense or nobody knows it. */
  take(client: MqttClient, reader: CborReader, nowMs: u32): bool {
    for (let i = 0; i < this.count; i++) {
      const taken = this.part(i).take(client, reader, client.payload, client.payloadBytes, nowMs);
      if (taken != Taken.NotMine) return taken == Taken.Taken;
    }
    return false;
  }

  /** A part is not done with the last message. */
  get holdMessage(): bool {
    for (let i = 0; i < this.count; i++) {
      if (this.part(i).holdsMessage()) return true;
    }
    return false;
  }

  /**
   * The next one in turn that has a message; null when it is nobody's turn but that of whoever else has something to say:
   * then this is asked again if that has nothing.
   */
  next(nowMs: u32): SessionPart | null {
    for (; this.turn < this.count; this.turn++) {
      const part = this.part(this.turn);
      if (part.owes(nowMs)) {
        this.turn++;
        return part;
      }
    }
    this.turn = 0;
    return null;
  }
}
