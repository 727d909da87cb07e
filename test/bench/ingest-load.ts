/**
 * The load: devices on raw TCP connections, in a process of its own. Two ways to be paced:
 *
 * - `ack`: a window of packs that the server has not acknowledged, as a device does it, only wider;
 * - `ping`: the same window against bare Aedes, which acknowledges nothing: a PINGREQ ends each burst, and its PINGRESP
 *   says that the burst was handled.
 *
 * `rate` 0 keeps every window full; otherwise packs leave evenly at that rate over all devices.
 */
import { connect, type Socket } from "node:net";
import { decode } from "cbor-x";
import { generate, parser } from "mqtt-packet";
import { AckKey } from "../../runtime/contract/messages.ts";
import { CHANNEL_ACK } from "../../runtime/contract/topics.ts";
import { macOf, PackTemplate, topicOf } from "./ingest-packs.ts";

export interface LoadOptions {
  port: number;
  devices: number;
  seconds: number;
  warmUpSeconds: number;
  pacing: "ack" | "ping";
  /** Packs a second over all devices; 0 = as many as the window lets through. */
  rate: number;
  windowPacks: number;
  packReadings: number;
  epoch: number;
}

export interface LoadResult {
  sentPacks: number;
  /** Acknowledged within the measured time, a second. */
  packsPerS: number;
  p50Ms: number;
  p99Ms: number;
  cpuShare: number;
}

/** Packs written at once; a burst ends with a ping under `ping`. */
const BURST_PACKS = 16;
const TICK_MS = 2;
const BASE_TIME_S = 1_700_000_000;
/** The last packs must be acknowledged within this. */
const DRAIN_MS = 20_000;

const options = JSON.parse(process.argv[2] ?? "{}") as LoadOptions;
const latenciesMs: number[] = [];
let doneInTime = 0;
let isMeasuring = false;

class Device {
  sent = 0;
  done = 0;
  readonly #socket: Socket;
  readonly #template: PackTemplate;
  readonly #mac: string;
  readonly #sentAtMs: number[] = [];
  readonly #pings: number[] = [];
  readonly #pingreq = Buffer.from(generate({ cmd: "pingreq" }));
  readonly #onReady: () => void;
  readonly ready: Promise<void>;

  constructor(index: number) {
    this.#mac = macOf(index);
    this.#template = new PackTemplate(this.#mac, options.epoch, options.packReadings);
    let onReady = () => {};
    this.ready = new Promise((resolve) => {
      onReady = resolve;
    });
    this.#onReady = onReady;
    this.#socket = connect({ host: "127.0.0.1", port: options.port, noDelay: true });
    this.#socket.on("error", (error) => fail(error.message));
    const incoming = parser();
    this.#socket.on("data", (bytes: Buffer) => incoming.parse(bytes));
    incoming.on("packet", (packet) => {
      if (packet.cmd === "publish") this.#onAck(packet.payload as Buffer);
      else if (packet.cmd === "pingresp") this.#finish(this.#pings.shift() ?? 0);
      else if (packet.cmd === "connack") this.#subscribe();
      else if (packet.cmd === "suback") this.#onReady();
    });
    const hello = { cmd: "connect", protocolId: "MQTT", protocolVersion: 4, clean: true, keepalive: 0 } as const;
    this.#socket.write(generate({ ...hello, clientId: this.#mac, username: this.#mac, password: Buffer.from("-") }));
  }

  get underWay(): number {
    return this.sent - this.done;
  }

  send(count: number): void {
    const size = this.#template.packet.length;
    const nowMs = performance.now();
    const burst = Buffer.allocUnsafe(count * size);
    for (let i = 0; i < count; i++) {
      const first = this.sent * options.packReadings + 1;
      this.#template.patch(first, this.done * options.packReadings + 1, BASE_TIME_S + this.sent * options.packReadings);
      burst.set(this.#template.packet, i * size);
      this.sent++;
      this.#sentAtMs.push(nowMs);
    }
    this.#socket.write(burst);
    if (options.pacing === "ping") {
      this.#pings.push(this.sent);
      this.#socket.write(this.#pingreq);
    }
  }

  close(): void {
    this.#socket.destroy();
  }

  #subscribe(): void {
    const subscriptions = [{ topic: topicOf(this.#mac, CHANNEL_ACK), qos: 0 as const }];
    this.#socket.write(generate({ cmd: "subscribe", messageId: 1, subscriptions }));
  }

  #onAck(payload: Buffer): void {
    const ack = decode(payload) as Record<number, number>;
    if (ack[AckKey.Epoch] === options.epoch) this.#finish((ack[AckKey.Sequence] ?? 0) / options.packReadings);
  }

  /** Everything up to this pack has been handled. */
  #finish(packs: number): void {
    const nowMs = performance.now();
    while (this.done < packs) {
      this.done++;
      const sentAtMs = this.#sentAtMs.shift() ?? nowMs;
      if (!isMeasuring) continue;
      doneInTime++;
      latenciesMs.push(nowMs - sentAtMs);
    }
    if (options.rate === 0) fill(this);
  }
}

let isSending = false;

function fill(device: Device): void {
  while (isSending && device.underWay + BURST_PACKS <= options.windowPacks) device.send(BURST_PACKS);
}

function fail(message: string): never {
  process.stderr.write(`load: ${message}\n`);
  process.exit(1);
}

async function main(): Promise<void> {
  const devices = Array.from({ length: options.devices }, (_, index) => new Device(index));
  await Promise.all(devices.map((device) => device.ready));
  isSending = true;
  const ticker = options.rate === 0 ? undefined : startTicker(devices);
  for (const device of devices) if (options.rate === 0) fill(device);
  await sleep(options.warmUpSeconds * 1000);
  isMeasuring = true;
  const startMs = performance.now();
  const startCpu = process.cpuUsage();
  await sleep(options.seconds * 1000);
  isMeasuring = false;
  const elapsedMs = performance.now() - startMs;
  const cpu = process.cpuUsage(startCpu);
  isSending = false;
  clearInterval(ticker);
  for (let waitedMs = 0; devices.some((device) => device.underWay > 0); waitedMs += 20) {
    if (waitedMs > DRAIN_MS) fail("packs were not acknowledged in time; the server lost or shed them");
    await sleep(20);
  }
  for (const device of devices) device.close();
  latenciesMs.sort((a, b) => a - b);
  const result: LoadResult = {
    sentPacks: devices.reduce((sum, device) => sum + device.sent, 0),
    packsPerS: (doneInTime * 1000) / elapsedMs,
    p50Ms: percentile(0.5),
    p99Ms: percentile(0.99),
    cpuShare: (cpu.user + cpu.system) / 1000 / elapsedMs,
  };
  process.send?.(result, () => process.exit(0));
}

function startTicker(devices: Device[]): NodeJS.Timeout {
  const startMs = performance.now();
  let sent = 0;
  return setInterval(() => {
    const due = Math.floor(((performance.now() - startMs) / 1000) * options.rate);
    for (; sent < due; sent++) {
      const device = devices[sent % devices.length];
      if (device !== undefined && device.underWay < options.windowPacks) device.send(1);
    }
  }, TICK_MS);
}

function percentile(share: number): number {
  return latenciesMs[Math.min(latenciesMs.length - 1, Math.floor(latenciesMs.length * share))] ?? Number.NaN;
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

await main();
