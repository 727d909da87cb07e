/**
 * A device's conversation with the server: join the network, connect, say `hello` and `state`, stream `data` from the
 * queue, take `ack`. One pack is under way at a time; it is sent again until it is acknowledged, so a reading leaves the
 * queue only once the server has it on disk. Whatever fails ends in a wait (backoff.ts) and a new connection.
 */

import { ConfigKey } from "../../contract/config-record.ts";
import { LogLevel, NetStatus, TcpFlag } from "../../contract/host-abi.ts";
import {
  ACK_TIMEOUT_MS,
  CONNECT_TIMEOUT_MS,
  PACK_SEND_BYTES,
  PACK_SEND_READINGS,
  POLL_MAX_MS,
  RECONNECT_MIN_MS,
  RESEND_MAX,
  STATE_EVERY_S,
} from "../../contract/limits.ts";
import { SENML_ABSOLUTE_TIME_MIN_S } from "../../contract/senml.ts";
import { STREAM_REBOOT } from "../../contract/stream-ids.ts";
import { CHANNEL_ACK, CHANNEL_DATA, CHANNEL_HELLO, CHANNEL_STATE } from "../../contract/topics.ts";
import { CborReader } from "../cbor/reader.ts";
import { CborWriter } from "../cbor/writer.ts";
import { Config } from "../config/config.ts";
import { Clock, elapsedMs } from "../hal/clock.ts";
import { logText, logValue } from "../hal/log.ts";
import { RtcRecord } from "../hal/rtc-record.ts";
import { net_join, net_status } from "../imports/host.ts";
import { ClientState, MqttClient } from "../mqtt/client.ts";
import { ReadingQueue } from "../queue/reading-queue.ts";
import { writePack } from "../senml/pack.ts";
import { Backoff } from "./backoff.ts";
import { Ack, Hello, State, writeOffline } from "./messages.ts";

enum Phase {
  /** No server in the configuration: readings are kept, nothing is sent. */
  Unprovisioned = 0,
  /** Waiting before the next attempt. */
  Waiting = 1,
  Joining = 2,
  /** The MQTT client is at work, up to and including `hello`. */
  Connecting = 3,
  /** The server has answered `hello`. */
  Streaming = 4,
}

/** RTC memory, bytes: the session's record lies first, the product's own data after it. */
export const RTC_PRODUCT_OFFSET: u32 = 8;
const WILL_BYTES: i32 = 8;

export class Session {
  readonly clock: Clock = new Clock();
  readonly config: Config = new Config();
  private readonly client: MqttClient = new MqttClient();
  private readonly writer: CborWriter = new CborWriter();
  private readonly reader: CborReader = new CborReader();
  private readonly backoff: Backoff = new Backoff();
  private readonly hello: Hello = new Hello();
  private readonly state: State = new State();
  private readonly ack: Ack = new Ack();
  private readonly will: StaticArray<u8> = new StaticArray<u8>(WILL_BYTES);
  private willBytes: u32 = 0;
  private readonly boots: RtcRecord = new RtcRecord(0, 1);

  private phase: Phase = Phase.Unprovisioned;
  /** When the present phase, or the wait for an acknowledgement, began. */
  private sinceMs: u32 = 0;
  private waitMs: u32 = 0;
  private owesHello: bool = false;
  private owesState: bool = false;
  private stateAtS: u32 = 0;
  /** Sequence number of the last reading under way; 0 = none is. */
  private sentThrough: u32 = 0;
  private resends: u32 = 0;
  private connections: u32 = 0;
  private ignored: u32 = 0;

  constructor(
    product: string,
    version: string,
    private readonly queue: ReadingQueue,
  ) {
    this.hello.product = product;
    this.hello.version = version;
  }

  /** Call once from `start`, after the queue is ready. Records the restart as a reading. */
  begin(): void {
    this.clock.begin();
    this.client.begin();
    this.boots.load();
    this.boots.set(0, this.boots.get(0) + 1);
    this.boots.save();
    this.hello.askHost();
    this.hello.boots = this.boots.get(0);
    this.writer.begin(changetype<usize>(this.will), WILL_BYTES);
    writeOffline(this.writer);
    this.willBytes = this.writer.length;
    this.record(STREAM_REBOOT, this.hello.resetReason);

    this.config.load();
    this.config.text(ConfigKey.ServerHost);
    if (this.config.textBytes == 0) {
      logText(LogLevel.Error, "no server in the configuration: readings stay in the queue");
      return;
    }
    // The first attempt waits a random moment too: after a power cut every board of a shop starts at once.
    this.wait();
  }

  /** Puts a reading into the queue, stamped with the present. */
  record(stream: u32, value: i32): void {
    this.queue.push(stream, value, this.clock.uptimeS);
  }

  /** Does what is due; returns the milliseconds until it wants to be called again if nothing happens. */
  poll(): u32 {
    this.clock.update();
    const now = this.clock.nowMs;
    if (this.phase == Phase.Waiting && elapsedMs(now, this.sinceMs) >= <i32>this.waitMs) this.join();
    if (this.phase == Phase.Joining) this.checkNetwork();
    if (this.phase >= Phase.Connecting) this.converse();
    return this.delayMs();
  }

  private delayMs(): u32 {
    const now = this.clock.nowMs;
    const waited = elapsedMs(now, this.sinceMs);
    let delayMs: i32 = POLL_MAX_MS;
    if (this.phase == Phase.Waiting) delayMs = <i32>this.waitMs - waited;
    else if (this.phase == Phase.Joining) delayMs = CONNECT_TIMEOUT_MS - waited;
    else if (this.phase >= Phase.Connecting) {
      delayMs = min(delayMs, this.client.delayMs(now));
      if (this.client.state == ClientState.Ready && this.waitsForAck) {
        delayMs = min(delayMs, <i32>this.waitMs - waited);
      }
    }
    return max(delayMs, 1);
  }

  private get waitsForAck(): bool {
    return this.phase == Phase.Connecting || this.sentThrough != 0;
  }

  private enter(phase: Phase): void {
    this.phase = phase;
    this.sinceMs = this.clock.nowMs;
  }

  private wait(): void {
    this.waitMs = this.backoff.waitMs();
    this.enter(Phase.Waiting);
  }

  private join(): void {
    this.enter(Phase.Joining);
    if (net_status() == NetStatus.Up) return;
    const config = this.config;
    config.text(ConfigKey.Ssid);
    const ssid = config.textPointer;
    const ssidBytes = config.textBytes;
    config.text(ConfigKey.Passphrase);
    net_join(ssid, ssidBytes, config.textPointer, config.textBytes);
  }

  private checkNetwork(): void {
    const status = net_status();
    if (status == NetStatus.Up) {
      const config = this.config;
      const port = config.unsigned(ConfigKey.ServerPort, 1883);
      config.text(ConfigKey.ServerHost);
      this.client.connect(config.textPointer, config.textBytes, port, TcpFlag.None, this.clock.nowMs);
      this.owesHello = true;
      this.owesState = true;
      this.sentThrough = 0;
      this.enter(Phase.Connecting);
    } else if (
      status == NetStatus.Denied ||
      status == NetStatus.NotFound ||
      elapsedMs(this.clock.nowMs, this.sinceMs) >= CONNECT_TIMEOUT_MS
    ) {
      logValue(LogLevel.Warning, "cannot join the network, status ", status);
      this.wait();
    }
  }

  private converse(): void {
    const client = this.client;
    const now = this.clock.nowMs;
    const config = this.config;
    config.text(ConfigKey.Secret);
    const will = changetype<usize>(this.will);
    client.poll(now, config.textPointer, config.textBytes, will, this.willBytes);
    while (client.receive(now)) {
      if (!client.isChannel(CHANNEL_ACK) || !this.takeAck()) this.ignored++;
    }
    if (client.state == ClientState.Ready) this.speak();
    if (client.state == ClientState.Failed) {
      logValue(LogLevel.Warning, "connection lost, failure ", client.failure);
      this.wait();
    }
  }

  /** Sends whatever is owed, as long as the connection takes it. */
  private speak(): void {
    const client = this.client;
    const now = this.clock.nowMs;
    if (this.waitsForAck && !this.owesHello && elapsedMs(now, this.sinceMs) >= <i32>this.waitMs) {
      // Not acknowledged in time. The pack goes again; a `hello` without an answer means that this server is no use.
      this.sentThrough = 0;
      if (this.phase == Phase.Connecting || ++this.resends > <u32>RESEND_MAX) {
        client.timeOut();
        return;
      }
    }
    if (this.phase == Phase.Streaming && this.clock.uptimeS - this.stateAtS >= <u32>STATE_EVERY_S)
      this.owesState = true;
    while (client.state == ClientState.Ready && client.idle) {
      if (this.owesHello) this.sendHello();
      else if (this.owesState) this.sendState();
      else if (this.phase == Phase.Streaming && this.sentThrough == 0 && this.queue.count() > 0) this.sendPack();
      else break;
    }
  }

  private beginMessage(channel: string, limitBytes: u32): void {
    this.client.beginPublish(channel);
    this.writer.begin(this.client.payloadStart, min(limitBytes, this.client.payloadRoom));
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
    this.beginMessage(CHANNEL_HELLO, PACK_SEND_BYTES);
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
    this.beginMessage(CHANNEL_STATE, PACK_SEND_BYTES);
    state.write(this.writer);
    this.endMessage(true);
  }

  private sendPack(): void {
    const readings = min<u32>(this.queue.count(), PACK_SEND_READINGS);
    this.sentThrough = this.queue.oldest() + readings - 1;
    this.beginMessage(CHANNEL_DATA, PACK_SEND_BYTES);
    writePack(this.writer, this.queue, readings, this.clock.uptimeS, this.clock.unixS);
    this.endMessage(false);
    this.awaitAck();
  }

  /** False for a message that makes no sense: malformed, or an acknowledgement of readings that never were. */
  private takeAck(): bool {
    const ack = this.ack;
    if (!ack.read(this.reader, this.client.payload, this.client.payloadBytes)) return false;
    // A server whose own clock was never set is no help; and from here on times are absolute (RFC 8428 section 4.5.3).
    if (ack.unixS >= <u32>SENML_ABSOLUTE_TIME_MIN_S) this.clock.set(ack.unixS);
    if (ack.reconnectDelayMs != 0) this.backoff.ask(ack.reconnectDelayMs);
    if (!ack.hasSequence) return true;
    if (ack.epoch != this.queue.epoch()) return false;
    if (!this.queue.acknowledge(ack.sequence)) {
      this.beginEpoch();
      return false;
    }
    if (this.phase == Phase.Connecting) this.welcome();
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

  /**
   * The server knows more of this epoch than we ever gave out: two epochs have the same number, or somebody spoke in our
   * name. What we hold would be taken for repeated; under a new epoch it is not.
   */
  private beginEpoch(): void {
    logText(LogLevel.Warning, "the server is ahead of this epoch: readings go into a new one");
    this.queue.renew();
    // By way of a new connection, and so of its growing waits: a server that always answers so must not make us storm it.
    this.client.timeOut();
  }

  /** The answer to `hello`. */
  private welcome(): void {
    this.enter(Phase.Streaming);
    this.backoff.reset();
    this.resends = 0;
    logValue(LogLevel.Info, "connected, readings waiting ", this.queue.count());
    // The state just sent counts the connections before this one.
    this.connections++;
  }
}
