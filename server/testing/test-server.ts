/** For tests: a server on free ports in a folder of its own, and devices that speak to it byte by byte. */
import { mkdtempSync, rmSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Duplex } from "node:stream";
import { generate, type Packet, parser } from "mqtt-packet";
import { AckKey, HelloKey, StateKey } from "../../runtime/contract/messages.ts";
import { SENML_EPOCH, SENML_OLDEST, SENML_SEQUENCE, SenmlLabel } from "../../runtime/contract/senml.ts";
import {
  CHANNEL_ACK,
  CHANNEL_DATA,
  CHANNEL_HELLO,
  CHANNEL_STATE,
  TOPIC_PREFIX,
} from "../../runtime/contract/topics.ts";
import { OPEN_HOUSE } from "../access/open-house.ts";
import { startServer } from "../app.ts";
import { decodeCbor, encodeCbor } from "../ingest/cbor-codec.ts";
import { silentLogger } from "../logger.ts";
import type { LintelServer, ServerOptions } from "../server-options.ts";
import { memoryPair } from "./memory-pair.ts";

/** 2023-11-14T22:13:20Z */
export const TEST_NOW_MS = 1_700_000_000_000;
const WAIT_MS = 10_000;

export function makeFolder(): { path: string; remove(): void } {
  const path = mkdtempSync(join(tmpdir(), "lintel-test-"));
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}

export function startTestServer(dataDir: string, options: Partial<ServerOptions> = {}): Promise<LintelServer> {
  return startServer({
    dataDir,
    host: "127.0.0.1",
    mqttPort: 0,
    httpPort: 0,
    logger: silentLogger,
    nowMs: () => TEST_NOW_MS,
    ...OPEN_HOUSE,
    ...options,
  });
}

export interface TestReading {
  stream: string;
  value: unknown;
  timeS?: number;
}

export function encodePack(epoch: number, first: number, oldest: number, readings: TestReading[]): Uint8Array {
  const records = readings.map(({ stream, value, timeS = 0 }, index) => {
    const record = new Map<unknown, unknown>();
    if (index === 0) record.set(SENML_EPOCH, epoch).set(SENML_SEQUENCE, first).set(SENML_OLDEST, oldest);
    return record.set(SenmlLabel.Name, stream).set(SenmlLabel.Value, value).set(SenmlLabel.Time, timeS);
  });
  return encodeCbor(records);
}

/** Readings first..last of stream 5001, each with its own sequence number as the value. */
export function countingPack(epoch: number, first: number, last: number, oldest = first): Uint8Array {
  const readings = Array.from({ length: last - first + 1 }, (_, i) => ({
    stream: "5001",
    value: first + i,
    timeS: -i,
  }));
  return encodePack(epoch, first, oldest, readings);
}

export interface TestAck {
  epoch: number;
  sequence: number;
  unixS: number;
  reconnectDelayMs: number | undefined;
}

export class TestClient {
  readonly acks: TestAck[] = [];
  readonly messages: Array<{ topic: string; payload: Buffer; retain: boolean }> = [];
  isClosed = false;
  readonly #stream: Duplex;
  readonly #packets: Packet[] = [];
  readonly #name: string;
  #wake: Array<() => void> = [];

  constructor(stream: Duplex, name: string) {
    this.#stream = stream;
    this.#name = name;
    const incoming = parser();
    incoming.on("packet", (packet) => this.#onPacket(packet));
    stream.on("data", (bytes: Buffer) => incoming.parse(bytes));
    stream.on("error", () => {});
    stream.on("close", () => {
      this.isClosed = true;
      this.#notify();
    });
  }

  topic(channel: string): string {
    return `${TOPIC_PREFIX}${this.#name}/${channel}`;
  }

  /** A device when the name is a MAC address, else an observer. */
  async connect(clientId = this.#name, password = "secret"): Promise<this> {
    expectAccepted(await this.knock(clientId, password));
    return this;
  }

  /** The return code of CONNACK. */
  async knock(clientId = this.#name, password = "secret"): Promise<number> {
    const will = { topic: this.topic(CHANNEL_STATE), payload: offline(), qos: 0, retain: true } as const;
    this.write(
      generate({
        cmd: "connect",
        protocolId: "MQTT",
        protocolVersion: 4,
        clean: true,
        keepalive: 60,
        clientId,
        username: this.#name,
        password: Buffer.from(password),
        ...(this.#name.length === 12 ? { will } : {}),
      }),
    );
    const connack = await this.packet("connack");
    return "returnCode" in connack ? (connack.returnCode ?? 0) : 0;
  }

  async subscribe(filter = this.topic(CHANNEL_ACK)): Promise<unknown> {
    this.write(generate({ cmd: "subscribe", messageId: 7, subscriptions: [{ topic: filter, qos: 0 }] }));
    const suback = await this.packet("suback");
    return "granted" in suback ? (suback.granted as unknown[])[0] : undefined;
  }

  publish(topic: string, payload: Uint8Array, retain = false): void {
    const packet = { cmd: "publish", topic, payload: Buffer.from(payload), qos: 0, dup: false, retain } as const;
    this.write(generate(packet));
  }

  hello(epoch: number, extra: Array<[HelloKey, unknown]> = []): void {
    this.publish(this.topic(CHANNEL_HELLO), encodeCbor(new Map<number, unknown>([[HelloKey.Epoch, epoch], ...extra])));
  }

  data(payload: Uint8Array): void {
    this.publish(this.topic(CHANNEL_DATA), payload);
  }

  write(bytes: Uint8Array): void {
    if (!this.#stream.destroyed) this.#stream.write(bytes);
  }

  ping(): Promise<Packet> {
    this.write(generate({ cmd: "pingreq" }));
    return this.packet("pingresp");
  }

  async ack(sequence: number, epoch?: number): Promise<TestAck> {
    const isIt = (ack: TestAck) => ack.sequence === sequence && (epoch === undefined || ack.epoch === epoch);
    await this.until(() => this.acks.some(isIt), `ack ${sequence}`);
    return this.acks.find(isIt) as TestAck;
  }

  async packet(cmd: Packet["cmd"]): Promise<Packet> {
    await this.until(() => this.#packets.some((packet) => packet.cmd === cmd), cmd ?? "packet");
    const at = this.#packets.findIndex((packet) => packet.cmd === cmd);
    return this.#packets.splice(at, 1)[0] as Packet;
  }

  async closed(): Promise<void> {
    await this.until(() => this.isClosed, "the end of the connection");
  }

  /** Fails by name rather than by the test's own time limit. */
  async until(condition: () => boolean, what: string): Promise<void> {
    const endMs = Date.now() + WAIT_MS;
    while (!condition()) {
      if (Date.now() > endMs) throw new Error(`${this.#name} waited in vain for ${what}`);
      await new Promise<void>((resolve) => {
        this.#wake.push(resolve);
        setTimeout(resolve, 50);
      });
    }
  }

  /** Without a DISCONNECT, so that the will is published. */
  drop(): void {
    this.#stream.destroy();
  }

  #onPacket(packet: Packet): void {
    if (packet.cmd !== "publish") this.#packets.push(packet);
    else {
      const payload = Buffer.from(packet.payload as Buffer);
      this.messages.push({ topic: packet.topic, payload, retain: packet.retain });
      if (packet.topic === this.topic(CHANNEL_ACK)) this.acks.push(readAck(payload));
    }
    this.#notify();
  }

  #notify(): void {
    const wake = this.#wake;
    this.#wake = [];
    for (const resolve of wake) resolve();
  }
}

export function overTcp(port: number, name: string): TestClient {
  return new TestClient(connect({ host: "127.0.0.1", port }), name);
}

export function inMemory(server: LintelServer, name: string): TestClient {
  const [near, far] = memoryPair();
  server.handle(far);
  return new TestClient(near, name);
}

/** Connected, subscribed to its acknowledgements. */
export async function startDevice(server: LintelServer, mac: string): Promise<TestClient> {
  const device = await inMemory(server, mac).connect();
  await device.subscribe();
  return device;
}

function expectAccepted(code: number): void {
  if (code !== 0) throw new Error(`CONNACK said ${code}`);
}

function offline(): Buffer {
  return Buffer.from(encodeCbor(new Map([[StateKey.Online, false]])));
}

function readAck(payload: Buffer): TestAck {
  const decoded = decodeCbor(payload);
  const map = decoded.ok && decoded.value instanceof Map ? decoded.value : new Map();
  return {
    epoch: map.get(AckKey.Epoch),
    sequence: map.get(AckKey.Sequence),
    unixS: map.get(AckKey.UnixS),
    reconnectDelayMs: map.get(AckKey.ReconnectDelayMs),
  };
}
