/**
 * What device and server say to each other on one connection: `hello` and `state` first, then `data` from the queue and
 * the messages of the session's parts, in turns, so that neither readings nor an update wait for the other to end. One
 * pack of readings is under way at a time; it is sent again until it is acknowledged, so a reading leaves the queue only
 * once the server has it on disk.
 */
import { LogLevel } from "../../contract/host-abi.ts";
import {
  ACK_TIMEOUT_MS,
  PACK_SEND_BYTES,
  POLL_MAX_MS,
  RECONNECT_MIN_MS,
  RESEND_MAX,
  STATE_EVERY_S,
} from "../../contract/limits.ts";
import { SENML_ABSOLUTE_TIME_MIN_S } from "../../contract/senml.ts";
import { CHANNEL_ACK, CHANNEL_DATA, CHANNEL_HELLO, CHANNEL_STATE } from "../../contract/topics.ts";
import { CborReader } from "../cbor/reader.ts";
import { CborWriter } from "../cbor/writer.ts";
import { Clock, elapsedMs } from "../hal/clock.ts";
import { logText, logValue } from "../hal/log.ts";
import { ClientState, MqttClient } from "../mqtt/client.ts";
import { ReadingQueue } from "../queue/reading-queue.ts";
import { writePack } from "../senml/pack.ts";
import { Backoff } from "./backoff.ts";
import { Ack, Hello, State, writeOffline } from "./messages.ts";
import { Parts } from "./parts.ts";

const WILL_BYTES: i32 = 8;
/**
 * Error of times by a clock that is set from an acknowledgement, besides the wait for that, seconds: the server's time, ours,
 * and the uptime of the reading are each told in whole seconds.
 */
const CLOCK_ERROR_S: u32 = 3;

export class Conversation {
  readonly client: MqttClient = new MqttClient();
  readonly hello: Hello = new Hello();
  /** The server has answered `hello` on this connection. */
  isWelcome: bool = false;

  private readonly writer: CborWriter = new CborWriter();
  private readonly reader: CborReader = new CborReader();
  private readonly state: State = new State();
  private readonly ack: Ack = new Ack();
  private readonly will: StaticArray<u8> = new StaticArray<u8>(WILL_BYTES);
  private willBytes: u32 = 0;

  private owesHello: bool = false;
  private owesState: bool = false;
  /** When the wait for an acknowledgement began, and how long it may take. */
  private sinceMs: u32 = 0;
  private waitMs: u32 = 0;
  /** An answer to what is under way left the server after this. */
  private askedMs: u32 = 0;
  /** Sequence number of the last reading of the pack that was first sent then; 0 = there was none yet. */
  private askedThrough: u32 = 0;
  private stateAtS: u32 = 0;
  /** Sequence number of the last reading under way; 0 = none is. */
  private sentThrough: u32 = 0;
  private resends: u32 = 0;
  private connections: u32 = 0;
  private ignored: u32 = 0;

  constructor(
    private readonly clock: Clock,
    private readonly queue: ReadingQueue,
    private readonly backoff: Backoff,
    private readonly parts: Parts,
  ) {}

  /** Call once, at the start. */
  begin(): void {
    this.client.begin();
    this.hello.askHost();
    this.writer.begin(changetype<usize>(this.will), WILL_BYTES);
    writeOffline(this.writer);
    this.willBytes = this.writer.length;
  }

  /** Starts to connect. */
  connect(host: usize, hostBytes: u32, port: u32, flags: i32): void {
    const now = this.clock.nowMs;
    this.client.connect(host, hostBytes, port, flags, now);
    this.isWelcome = false;
    this.owesHello = true;
    this.owesState = true;
    this.sentThrough = 0;
    this.askedMs = now;
    this.askedThrough = 0;
    this.parts.connected(now);
  }

  /** Listens, then says what is due. Afterwards `client.state` may be Failed. */
  poll(secret: usize, secretBytes: u32): void {
    const client = this.client;
    const now = this.clock.nowMs;
    client.poll(now, secret, secretBytes, changetype<usize>(this.will), this.willBytes);
    while (!this.parts.holdMessage && client.receive(now)) {
      if (!this.take()) this.ignored++;
    }
    this.speak();
  }

  /** Sends a `state` now. */
  report(): void {
    this.owesState = true;
    this.speak();
  }

  delayMs(): i32 {
    const now = this.clock.nowMs;
    const delayMs = min<i32>(POLL_MAX_MS, this.client.delayMs(now));
    if (this.client.state != ClientState.Ready || !this.waitsForAck) return delayMs;
    return min<i32>(delayMs, <i32>this.waitMs - elapsedMs(now, this.sinceMs));
  }

  private get waitsForAck(): bool {
    return !this.owesHello && (!this.isWelcome || this.sentThrough != 0);
  }

  /** False for a message that makes no sense or that nobody knows. */
  private take(): bool {
    const client = this.client;
    if (client.isChannel(CHANNEL_ACK)) return this.takeAck();
    return this.parts.take(client, this.reader, this.clock.nowMs);
  }

  /** Sends whatever is owed, as long as the connection takes it. */
  private speak(): void {
    const client = this.client;
    if (client.state != ClientState.Ready) return;
    if (this.waitsForAck && elapsedMs(this.clock.nowMs, this.sinceMs) >= <i32>this.waitMs) {
      // Not acknowledged in time. The pack goes again; a `hello` without an answer means that this server is no use.
      this.sentThrough = 0;
      if (!this.isWelcome || ++this.resends > <u32>RESEND_MAX) {
        client.timeOut();
        return;
      }
    }
    if (this.isWelcome && this.clock.uptimeS - this.stateAtS >= <u32>STATE_EVERY_S) this.owesState = true;
    while (client.state == ClientState.Ready && client.idle) {
      if (this.owesHello) this.sendHello();
      else if (this.owesState) this.sendState();
      else if (!this.isWelcome || !this.sendNext()) break;
    }
  }

  /** Sends the message of the next one in turn that has one; false when nobody has. */
  private sendNext(): bool {
    const now = this.clock.nowMs;
    let part = this.parts.next(now);
    if (part === null) {
      // The readings' turn.
      if (this.sentThrough == 0 && this.queue.count() > 0 && this.sendPack()) return true;
      part = this.parts.next(now);
    }
    if (part === null) return false;
    this.beginMessage(part.channel());
    part.write(this.writer, now);
    this.endMessage(false);
    return true;
  }

  private beginMessage(channel: string): void {
    this.client.beginPublish(channel);
    this.writer.begin(this.client.payloadStart, min<u32>(PACK_SEND_BYTES, this.client.payloadRoom));
  }

  private endMessage(retain: bool): void {
    // Every message has a bounded size, and the buffer was made for it; a message that does not fit is our own fault.
    if (this.writer.overflow) unreachable();
    this.client.endPublish(this.writer.length, retain, this.clock.nowMs);
  }

  private awaitAck(): void {
    this.sinceMs = this.clock.nowMs;
    this.waitMs = ACK_TIMEOUT_MS;
  }

  private sendHello(): void {
    this.owesHello = false;
    this.hello.epoch = this.queue.epoch();
    this.hello.oldest = this.queue.oldest();
    this.beginMessage(CHANNEL_HELLO);
    this.hello.write(this.writer);
    this.endMessage(false);
    this.awaitAck();
  }

  private sendState(): void {
    this.owesState = false;
    this.stateAtS = this.clock.uptimeS;
    const state = this.state;
    state.askHost();
    state.queued = this.queue.count();
    state.dropped = this.queue.dropped();
    state.reconnects = this.connections;
    state.uptimeS = this.clock.uptimeS;
    state.ignored = this.ignored + this.client.skipped;
    this.beginMessage(CHANNEL_STATE);
    state.write(this.writer);
    this.endMessage(true);
  }

  /** False when nothing that the queue holds can be read: then nothing is sent. */
  private sendPack(): bool {
    this.beginMessage(CHANNEL_DATA);
    this.sentThrough = writePack(this.writer, this.queue, this.clock.uptimeS, this.clock.unixS);
    if (this.sentThrough == 0) return false;
    this.endMessage(false);
    this.awaitAck();
    // An answer to a pack that is sent again may be to the first time that it was.
    if (this.sentThrough != this.askedThrough) this.askedMs = this.clock.nowMs;
    this.askedThrough = this.sentThrough;
    return true;
  }

  /** False for a message that makes no sense: malformed, or an acknowledgement of readings that never were. */
  private takeAck(): bool {
    const ack = this.ack;
    if (!ack.read(this.reader, this.client.payload, this.client.payloadBytes)) return false;
    // A server whose own clock was never set is no help; and from here on times are absolute (RFC 8428 section 4.5.3).
    if (ack.unixS >= <u32>SENML_ABSOLUTE_TIME_MIN_S && this.isAnswer) this.learnTime(ack.unixS);
    if (ack.reconnectDelayMs != 0) this.backoff.ask(ack.reconnectDelayMs);
    if (!ack.hasSequence) return true;
    if (ack.epoch != this.queue.epoch()) return false;
    if (!this.queue.acknowledge(ack.sequence)) {
      this.beginEpoch();
      return false;
    }
    if (!this.isWelcome) this.welcome();
    if (this.sentThrough != 0) {
      this.resends = 0;
      if (ack.sequence >= this.sentThrough) this.sentThrough = 0;
      // The server has less than we sent: it lost the pack on the way. Send again, but not in a tight circle.
      else if (this.waitMs > <u32>RECONNECT_MIN_MS) {
        this.waitMs = RECONNECT_MIN_MS;
        this.sinceMs = this.clock.nowMs;
      }
    }
    return true;
  }

  /** The acknowledgement answers what is under way; of any other it is not known how old it is. */
  private get isAnswer(): bool {
    const ack = this.ack;
    if (!this.isWelcome) return true;
    return (
      this.sentThrough != 0 && ack.hasSequence && ack.epoch == this.queue.epoch() && ack.sequence >= this.sentThrough
    );
  }

  /** The answer left the server at some moment of the wait for it. */
  private learnTime(unixS: u32): void {
    const clock = this.clock;
    clock.set(unixS);
    const waitMs = <u32>elapsedMs(clock.nowMs, this.askedMs);
    this.queue.learnTime(clock.unixS, clock.uptimeS, CLOCK_ERROR_S + (waitMs + 999) / 1000);
  }

  /**
   * The server knows more of this epoch than we can have sent: flash was damaged and numbers are given out again, two epochs
   * have the same number, or somebody spoke in our name. What we hold would be taken for repeated; under a new epoch it
   * is not.
   */
  private beginEpoch(): void {
    logText(LogLevel.Warning, "server is ahead: new epoch");
    this.queue.renew(this.ack.sequence);
    // By way of a new connection, and so of its growing waits: a server that always answers so must not make us storm it.
    this.client.timeOut();
  }

  /** The answer to `hello`. */
  private welcome(): void {
    this.isWelcome = true;
    this.backoff.reset();
    this.resends = 0;
    logValue(LogLevel.Info, "connected, readings waiting ", this.queue.count());
    // The state just sent counts the connections before this one.
    this.connections++;
    this.parts.welcomed(this.clock.nowMs);
  }
}
