/**
 * MQTT 3.1.1 client over one TCP connection of the host: clean session, quality of service 0, one last will. It never
 * waits: `poll` moves it on, and `state` says how far it is. After `failed()` the owner decides when to `connect` again.
 *
 * A server that breaks the protocol, refuses, is silent for longer than the limits allow or goes away ends in Failed.
 */

import { ConnectionFailure } from "../../contract/connection-failure.ts";
import { TcpStatus } from "../../contract/host-abi.ts";
import { CONNECT_TIMEOUT_MS, KEEP_ALIVE_S, MQTT_RESPONSE_TIMEOUT_MS } from "../../contract/limits.ts";
import {
  CHANNEL_ACK,
  CHANNEL_CHUNK,
  CHANNEL_COMMAND,
  CHANNEL_CONFIG,
  CHANNEL_OFFER,
  CHANNEL_STATE,
  MAC_HEX_LENGTH,
  TOPIC_PREFIX,
} from "../../contract/topics.ts";
import { isAscii } from "../hal/ascii.ts";
import { elapsedMs } from "../hal/clock.ts";
import { chip_mac, tcp_close, tcp_open, tcp_status, tcp_write } from "../imports/host.ts";
import { IncomingChannel } from "../session/session-part.ts";
import {
  CONNECT_CLEAN_SESSION,
  CONNECT_PASSWORD,
  CONNECT_USER_NAME,
  CONNECT_WILL,
  CONNECT_WILL_RETAIN,
  PacketType,
  PROTOCOL_LEVEL,
  PUBLISH_QOS_MASK,
  PUBLISH_RETAIN,
  SUBACK_FAILURE,
  SUBACK_ID_BYTES,
  SUBSCRIBE_FLAGS,
} from "./format.ts";
import { PacketReader } from "./packet-reader.ts";
import { PacketWriter } from "./packet-writer.ts";

export enum ClientState {
  /** Not connected, and nothing to report. */
  Idle = 0,
  /** Waiting for TCP. */
  Opening = 1,
  /** Waiting for CONNACK. */
  Greeting = 2,
  /** Waiting for SUBACK. */
  Subscribing = 3,
  Ready = 4,
  /** The connection is gone; `failure` says why. */
  Failed = 5,
}

const TX_BYTES: i32 = 560;
const SUBSCRIBE_ID: u32 = 1;
/** Topic filters in the one SUBSCRIBE packet, and so return codes in its answer (3.9.3). That of `ack` is the first. */
const SUBSCRIPTIONS: u32 = 5;
/** Quiet for this long makes the client ping, so that the broker hears it well within 1.5 times the keep alive. */
const PING_AFTER_MS: i32 = (KEEP_ALIVE_S * 1000) / 2;

export class MqttClient implements IncomingChannel {
  /** Subscribed to as well, when there is one. */
  moreChannel: string = "";
  private readonly tx: PacketWriter = new PacketWriter(TX_BYTES);
  private readonly rx: PacketReader = new PacketReader();
  /** `<mac>` in ASCII: user name, client id and part of every topic. */
  private readonly mac: StaticArray<u8> = new StaticArray<u8>(MAC_HEX_LENGTH);
  private handle: i32 = -1;
  private sentBytes: u32 = 0;
  /** When the present wait began, or when the last packet was sent. */
  private sinceMs: u32 = 0;
  private pingPending: bool = false;

  state: ClientState = ClientState.Idle;
  failure: ConnectionFailure = ConnectionFailure.None;
  refusal: u32 = 0;

  /** Payload and channel of the message that `receive` found. */
  payload: usize = 0;
  payloadBytes: u32 = 0;
  channel: usize = 0;
  channelBytes: u32 = 0;

  /** Messages dropped because they were too long for the buffer. */
  get skipped(): u32 {
    return this.rx.skipped;
  }

  private get macPointer(): usize {
    return changetype<usize>(this.mac);
  }

  /** Takes the MAC address of the chip. */
  begin(): void {
    this.tx.begin();
    const raw = this.tx.cursor;
    chip_mac(raw);
    for (let i = 0; i < MAC_HEX_LENGTH; i++) {
      const digit = (load<u8>(raw + (i >> 1)) >> ((i & 1) != 0 ? 0 : 4)) & 15;
      unchecked((this.mac[i] = digit < 10 ? 48 + digit : 87 + digit));
    }
  }

  connect(host: usize, hostBytes: u32, port: u32, flags: i32, nowMs: u32): void {
    this.rx.begin();
    this.tx.packetBytes = 0;
    this.sentBytes = 0;
    this.pingPending = false;
    this.failure = ConnectionFailure.None;
    this.sinceMs = nowMs;
    this.handle = tcp_open(host, hostBytes, port, flags);
    this.state = ClientState.Opening;
    if (this.handle < 0) this.fail(ConnectionFailure.Connect);
  }

  private fail(failure: ConnectionFailure): void {
    if (this.handle >= 0) tcp_close(this.handle);
    this.handle = -1;
    this.failure = failure;
    this.state = ClientState.Failed;
  }

  /** The owner waited in vain for an answer above MQTT. */
  timeOut(): void {
    this.fail(ConnectionFailure.Silence);
  }

  /** Nothing of an earlier packet waits to be sent: a new one can be begun. */
  get idle(): bool {
    return this.sentBytes == this.tx.packetBytes;
  }

  /** Moves the connection on. `will` is the payload of the last will. */
  poll(nowMs: u32, secret: usize, secretBytes: u32, will: usize, willBytes: u32): void {
    if (this.state == ClientState.Idle || this.state == ClientState.Failed) return;
    const status = tcp_status(this.handle);
    if (status < 0) {
      this.fail(this.state == ClientState.Opening ? ConnectionFailure.Connect : ConnectionFailure.Closed);
      return;
    }
    if (this.state == ClientState.Opening) {
      if (status == TcpStatus.Open) this.sendConnect(secret, secretBytes, will, willBytes, nowMs);
      else if (status == TcpStatus.Closed || elapsedMs(nowMs, this.sinceMs) > CONNECT_TIMEOUT_MS) {
        this.fail(ConnectionFailure.Connect);
        return;
      }
    }
    this.flush();
    if (this.state == ClientState.Greeting || this.state == ClientState.Subscribing || this.pingPending) {
      if (elapsedMs(nowMs, this.sinceMs) > MQTT_RESPONSE_TIMEOUT_MS) this.fail(ConnectionFailure.Silence);
    } else if (this.state == ClientState.Ready && this.idle && elapsedMs(nowMs, this.sinceMs) >= PING_AFTER_MS) {
      this.tx.begin();
      this.tx.finish(PacketType.Pingreq << 4);
      this.send(nowMs);
      this.pingPending = true;
    }
  }

  /** Milliseconds until `poll` has something to do without an event from the network. */
  delayMs(nowMs: u32): i32 {
    const waited = elapsedMs(nowMs, this.sinceMs);
    if (this.state == ClientState.Ready && !this.pingPending) return max(PING_AFTER_MS - waited, 1);
    const limit = this.state == ClientState.Opening ? CONNECT_TIMEOUT_MS : MQTT_RESPONSE_TIMEOUT_MS;
    return max(limit - waited + 1, 1);
  }

  private send(nowMs: u32): void {
    if (this.tx.overflow) {
      this.fail(ConnectionFailure.TooLong);
      return;
    }
    this.sentBytes = 0;
    this.sinceMs = nowMs;
    this.flush();
  }

  private flush(): void {
    if (this.idle) return;
    const taken = tcp_write(this.handle, this.tx.packet + this.sentBytes, this.tx.packetBytes - this.sentBytes);
    if (taken < 0) this.fail(ConnectionFailure.Closed);
    else this.sentBytes += taken;
  }

  private putTopic(channel: string): void {
    const tx = this.tx;
    tx.short(TOPIC_PREFIX.length + MAC_HEX_LENGTH + 1 + channel.length);
    tx.ascii(TOPIC_PREFIX);
    tx.raw(this.macPointer, MAC_HEX_LENGTH);
    tx.byte(47);
    tx.ascii(channel);
  }

  /** 3.1: the MAC address is client id and user name, the password is the device's secret. */
  private sendConnect(secret: usize, secretBytes: u32, will: usize, willBytes: u32, nowMs: u32): void {
    const tx = this.tx;
    tx.begin();
    tx.short(4);
    tx.ascii("MQTT");
    tx.byte(PROTOCOL_LEVEL);
    tx.byte(CONNECT_CLEAN_SESSION | CONNECT_WILL | CONNECT_WILL_RETAIN | CONNECT_USER_NAME | CONNECT_PASSWORD);
    tx.short(KEEP_ALIVE_S);
    tx.field(this.macPointer, MAC_HEX_LENGTH);
    this.putTopic(CHANNEL_STATE);
    tx.field(will, willBytes);
    tx.field(this.macPointer, MAC_HEX_LENGTH);
    tx.field(secret, secretBytes);
    tx.finish(PacketType.Connect << 4);
    this.state = ClientState.Greeting;
    this.send(nowMs);
  }

  private putFilter(channel: string): void {
    this.putTopic(channel);
    this.tx.byte(0);
  }

  private sendSubscribe(nowMs: u32): void {
    const tx = this.tx;
    tx.begin();
    tx.short(SUBSCRIBE_ID);
    this.putFilter(CHANNEL_ACK);
    this.putFilter(CHANNEL_OFFER);
    this.putFilter(CHANNEL_CHUNK);
    this.putFilter(CHANNEL_CONFIG);
    this.putFilter(CHANNEL_COMMAND);
    if (this.moreChannel.length > 0) this.putFilter(this.moreChannel);
    tx.finish((PacketType.Subscribe << 4) | SUBSCRIBE_FLAGS);
    this.state = ClientState.Subscribing;
    this.send(nowMs);
  }

  /** Begins a message on a channel; only while Ready and idle. Encode the payload at `payloadStart`. */
  beginPublish(channel: string): void {
    this.tx.begin();
    this.putTopic(channel);
  }

  get payloadStart(): usize {
    return this.tx.cursor;
  }

  get payloadRoom(): u32 {
    return this.tx.roomBytes;
  }

  /** Sends the message whose payload has been encoded. */
  endPublish(payloadBytes: u32, retain: bool, nowMs: u32): void {
    this.tx.advance(payloadBytes);
    this.tx.finish((PacketType.Publish << 4) | (retain ? PUBLISH_RETAIN : 0));
    this.send(nowMs);
  }

  /** Takes the next message from the server; false when there is none. Other packets are dealt with on the way. */
  receive(nowMs: u32): bool {
    while (this.handle >= 0 && this.state > ClientState.Opening && this.rx.next(this.handle)) {
      if (this.handlePacket(nowMs)) return true;
    }
    if (this.handle < 0) return false;
    if (this.rx.broken) this.fail(ConnectionFailure.Protocol);
    else if (tcp_status(this.handle) == TcpStatus.Closed) this.fail(ConnectionFailure.Closed);
    return false;
  }

  /** True for a message. Anything that is not allowed at this point fails the connection. */
  private handlePacket(nowMs: u32): bool {
    const rx = this.rx;
    const type = rx.first >> 4;
    const flags = rx.first & 15;
    if (type == PacketType.Publish && this.state >= ClientState.Subscribing) {
      // 3.3.1: we subscribed with quality of service 0, and a broker must not send more than that [MQTT-3.8.4-6].
      if ((flags & PUBLISH_QOS_MASK) == 0 && rx.bodyBytes >= 2) {
        const topicBytes = ((<u32>load<u8>(rx.body)) << 8) | <u32>load<u8>(rx.body, 1);
        if (topicBytes + 2 <= rx.bodyBytes) return this.takeMessage(topicBytes);
      }
    } else if (flags == 0) {
      if (type == PacketType.Connack && this.state == ClientState.Greeting && rx.bodyBytes == 2) {
        this.refusal = load<u8>(rx.body, 1);
        if (this.refusal == 0) this.sendSubscribe(nowMs);
        else this.fail(ConnectionFailure.Refused);
        return false;
      }
      if (
        type == PacketType.Suback &&
        this.state == ClientState.Subscribing &&
        rx.bodyBytes == SUBACK_ID_BYTES + SUBSCRIPTIONS + u32(this.moreChannel.length > 0)
      ) {
        // A server that refuses any of the others is an older one, and `ack` is all that it has to say.
        if (load<u8>(rx.body, SUBACK_ID_BYTES) < SUBACK_FAILURE) this.state = ClientState.Ready;
        else this.fail(ConnectionFailure.Subscription);
        return false;
      }
      if (type == PacketType.Pingresp && rx.bodyBytes == 0) {
        this.pingPending = false;
        return false;
      }
    }
    this.fail(ConnectionFailure.Protocol);
    return false;
  }

  /** Splits topic and payload; a topic that is not ours has an empty channel. */
  private takeMessage(topicBytes: u32): bool {
    const topic = this.rx.body + 2;
    this.payload = topic + topicBytes;
    this.payloadBytes = this.rx.bodyBytes - 2 - topicBytes;
    const before = <u32>TOPIC_PREFIX.length + MAC_HEX_LENGTH + 1;
    this.channelBytes = topicBytes > before ? topicBytes - before : 0;
    this.channel = topic + before;
    return true;
  }

  isChannel(channel: string): bool {
    return isAscii(this.channel, this.channelBytes, channel);
  }
}
