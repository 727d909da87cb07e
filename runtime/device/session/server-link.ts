/**
 * The way to the server: join the network, connect, converse (conversation.ts). Whatever fails ends in a wait (backoff.ts)
 * and a new connection. What the conversation is about besides readings is up to the parts: session.ts, recovery-session.ts.
 */

import { CONFIG_TRIAL_MS, ConfigKey } from "../../contract/config-record.ts";
import { ConnectionFailure } from "../../contract/connection-failure.ts";
import { LogLevel, NetStatus, TcpFlag } from "../../contract/host-abi.ts";
import { CONNECT_TIMEOUT_MS, POLL_MAX_MS } from "../../contract/limits.ts";
import { STREAM_REBOOT } from "../../contract/stream-ids.ts";
import { Config } from "../config/config.ts";
import { Clock, elapsedMs } from "../hal/clock.ts";
import { logText, logValue } from "../hal/log.ts";
import { RTC_BOOTS_OFFSET } from "../hal/rtc-map.ts";
import { RtcRecord } from "../hal/rtc-record.ts";
import { net_join, net_status, restart } from "../imports/host.ts";
import { ClientState } from "../mqtt/client.ts";
import { ReadingQueue } from "../queue/reading-queue.ts";
import { TrialPhase } from "../update/trial-note.ts";
import { UpdateClient } from "../update/update-client.ts";
import { Backoff } from "./backoff.ts";
import { Conversation } from "./conversation.ts";
import { Hello } from "./messages.ts";
import { Parts } from "./parts.ts";

enum Phase {
  /** No server in the configuration: readings are kept, nothing is sent. */
  Unprovisioned = 0,
  /** Waiting before the next attempt. */
  Waiting = 1,
  Joining = 2,
  /** The MQTT client is at work. */
  Conversing = 3,
  /** The product has the radio: no network until it gives it back. */
  Away = 4,
}

const DEFAULT_PORT: u32 = 1883;
const CONFIG_TRIAL_S: u32 = CONFIG_TRIAL_MS / 1000;

export class ServerLink {
  readonly conversation: Conversation;
  private readonly backoff: Backoff;
  private readonly boots: RtcRecord = new RtcRecord(RTC_BOOTS_OFFSET, 1);
  protected readonly parts: Parts;

  private phase: Phase = Phase.Unprovisioned;
  /** When the present phase began. */
  private sinceMs: u32 = 0;
  private waitMs: u32 = 0;

  constructor(
    product: string,
    version: string,
    readonly clock: Clock,
    readonly config: Config,
    private readonly queue: ReadingQueue,
    private readonly update: UpdateClient,
    partsMax: i32,
  ) {
    const parts = new Parts(partsMax);
    parts.add(update);
    const backoff = new Backoff();
    const conversation = new Conversation(clock, queue, backoff, parts);
    conversation.hello.product = product;
    conversation.hello.version = version;
    this.backoff = backoff;
    this.parts = parts;
    this.conversation = conversation;
  }

  /** Call once from `start`, after the queue is ready. Records the restart as a reading. */
  begin(): void {
    this.clock.begin();
    this.boots.load();
    this.boots.set(0, this.boots.get(0) + 1);
    this.boots.save();
    const conversation = this.conversation;
    conversation.begin();
    this.update.begin();
    conversation.hello.boots = this.boots.get(0);
    this.record(STREAM_REBOOT, conversation.hello.resetReason);

    this.config.load();
    this.config.text(ConfigKey.ServerHost);
    if (this.config.textBytes == 0) {
      logText(LogLevel.Error, "no server");
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
    if (this.config.onTrial && this.clock.uptimeS >= CONFIG_TRIAL_S) {
      logText(LogLevel.Warning, "configuration trial over");
      restart(0);
    }
    this.parts.poll(now);
    if (this.phase == Phase.Waiting && elapsedMs(now, this.sinceMs) >= <i32>this.waitMs) this.join();
    if (this.phase == Phase.Joining) this.checkNetwork();
    if (this.phase == Phase.Conversing) this.converse();
    return this.delayMs();
  }

  /** The server has all that there is to say, and no image is on its way: the radio can be had for something else. */
  get isAtRest(): bool {
    const conversation = this.conversation;
    // Whatever a part owes is said at once, unless the connection is stuck.
    const hasSaidAll = conversation.isWelcome && conversation.client.idle && this.queue.count() == 0;
    return this.phase == Phase.Conversing && hasSaidAll && this.update.isIdle;
  }

  /** Ends the connection, for the radio is needed; until `comeBack` there will be none. */
  leave(): void {
    this.conversation.client.timeOut();
    this.enter(Phase.Away);
  }

  comeBack(): void {
    if (this.phase == Phase.Away) this.wait();
  }

  private delayMs(): u32 {
    const now = this.clock.nowMs;
    const waited = elapsedMs(now, this.sinceMs);
    let delayMs: i32 = POLL_MAX_MS;
    if (this.phase == Phase.Waiting) delayMs = <i32>this.waitMs - waited;
    else if (this.phase == Phase.Joining) delayMs = CONNECT_TIMEOUT_MS - waited;
    else if (this.phase == Phase.Conversing) delayMs = this.conversation.delayMs();
    return max(min(delayMs, this.parts.delayMs(now)), 1);
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
      this.connect();
    } else if (
      status == NetStatus.Denied ||
      status == NetStatus.NotFound ||
      elapsedMs(this.clock.nowMs, this.sinceMs) >= CONNECT_TIMEOUT_MS
    ) {
      logValue(LogLevel.Warning, "no network, status ", status);
      this.wait();
    }
  }

  private connect(): void {
    const config = this.config;
    const port = config.unsigned(ConfigKey.ServerPort, DEFAULT_PORT);
    this.update.reached(TrialPhase.Joined);
    this.describe(this.conversation.hello);
    config.text(ConfigKey.ServerHost);
    this.conversation.connect(config.textPointer, config.textBytes, port, TcpFlag.None);
    this.enter(Phase.Conversing);
  }

  /** What has changed since the last `hello`. */
  protected describe(hello: Hello): void {
    const update = this.update;
    hello.image = update.image;
    hello.failure = update.failure;
    hello.failedImage = update.failedImage;
    hello.trial = update.isOnTrial;
    hello.configVersion = this.config.version;
  }

  private converse(): void {
    const conversation = this.conversation;
    const config = this.config;
    config.text(ConfigKey.Secret);
    conversation.poll(config.textPointer, config.textBytes);
    const client = conversation.client;
    if (client.state == ClientState.Failed) {
      logValue(LogLevel.Warning, "connection lost, failure ", client.failure);
      if (client.failure == ConnectionFailure.Refused) this.update.reached(TrialPhase.Refused);
      this.wait();
    }
  }
}
