/**
 * The streamer on a virtual board with sensors around it, and the real server, in virtual time: graphs go in through the server's
 * API, readings come out of it.
 */
import { rm } from "node:fs/promises";
import { parser } from "mqtt-packet";
import { writeConfig } from "../../runtime/board/config-image.ts";
import type { DeviceLife } from "../../runtime/board/device-life.ts";
import { Flash } from "../../runtime/board/flash.ts";
import { MemoryNetwork } from "../../runtime/board/memory-network.ts";
import { SeededRandom } from "../../runtime/board/random.ts";
import { VirtualBoard } from "../../runtime/board/virtual-board.ts";
import { VirtualTime } from "../../runtime/board/virtual-time.ts";
import type { LogLevel } from "../../runtime/contract/host-abi.ts";
import { CHANNEL_DATA } from "../../runtime/contract/topics.ts";
import { OPEN_HOUSE } from "../../server/access/open-house.ts";
import { startServer } from "../../server/app.ts";
import { silentLogger } from "../../server/logger.ts";
import type { LintelServer } from "../../server/server-options.ts";
import { DEFAULT_BOARD, readBoard } from "../../tools/build/board.ts";
import type { Engine } from "../../tools/build/compile-program.ts";
import { createDevice, type DeviceProgram } from "../../tools/build/create-device.ts";
import { loadProgram } from "../../tools/build/load-program.ts";
import { planPins } from "../../tools/build/pin-plan.ts";
import { ApiClient } from "../../tools/client/api-client.ts";
import type { CommandStatus } from "../../tools/client/order-client.ts";
import type { Reading } from "../../tools/client/series-client.ts";
import { compileGraph, encodeGraph } from "../../tools/graph/index.ts";
import { makeScratchFolder } from "../../tools/sim/scratch-folder.ts";

const PROGRAM = "firmware/streamer";
const START_UNIX_MS = 1_735_689_600_000;
const MAC = "024c4e540001";
const SERVER = { host: "server", port: 1883 };
/** From power or a restart to the server's answer. */
export const CONNECT_MS = 10_000;

/** From a command to its answer, and to what it has the device send. */
const COMMAND_MS = 3000;

const programs = new Map<string, Promise<DeviceProgram>>();

function programFor(engine: Engine, boardName: string): Promise<DeviceProgram> {
  const key = `${engine} ${boardName}`;
  const found = programs.get(key) ?? loadProgram(PROGRAM, engine, planPins(PROGRAM, readBoard(boardName)));
  programs.set(key, found);
  return found;
}

/** Of a graph in the language. */
export function compiled(source: string): Uint8Array {
  return encodeGraph(compileGraph(source, { file: "test.sgf", optimize: true }));
}

export interface GraphStatus {
  state: string;
  reason: string | null;
  version: number | null;
  reported: number | null;
}

export interface Line {
  atMs: number;
  level: LogLevel;
  text: string;
}

export class StreamerWorld {
  readonly time = new VirtualTime({ startUnixMs: START_UNIX_MS });
  readonly lines: Line[] = [];
  readonly network: MemoryNetwork;
  readonly board: VirtualBoard;
  readonly device: DeviceLife;
  readonly server: LintelServer;
  readonly mac = MAC;
  readonly #remove: () => Promise<void>;
  #onPack: (pack: Uint8Array) => void = () => {};

  private constructor(server: LintelServer, program: DeviceProgram, secret: string, remove: () => Promise<void>) {
    this.server = server;
    this.#remove = remove;
    const { time } = this;
    const random = new SeededRandom(5);
    this.network = new MemoryNetwork({ time, random: random.fork(1), idle: () => server.idle() });
    this.network.listen(SERVER.host, SERVER.port, (stream) => {
      const incoming = parser();
      incoming.on("packet", (packet) => {
        if (packet.cmd !== "publish" || !packet.topic.endsWith(`/${CHANNEL_DATA}`)) return;
        this.#onPack(Buffer.from(packet.payload));
      });
      stream.on("data", (bytes: Buffer) => void incoming.parse(bytes));
      server.handle(stream);
    });
    const flash = new Flash();
    writeConfig(flash, {
      ...{ ssid: "shop", passphrase: "virtual-shop", serverHost: SERVER.host, serverPort: SERVER.port },
      ...{ secret, product: new Map() },
    });
    this.board = new VirtualBoard({
      ...{ time, flash, random: random.fork(2), network: this.network.station() },
      mac: Buffer.from(MAC, "hex"),
      log: (level, text) => this.lines.push({ atMs: time.nowMs(), level, text }),
    });
    this.device = createDevice(program, this.board, { onAllocation: "error" });
  }

  /** The board has reached the server, and has no graph. */
  static async open(engine: Engine, secret = "", boardName = DEFAULT_BOARD): Promise<StreamerWorld> {
    const dataDir = await makeScratchFolder("lintel-streamer-");
    const program = await programFor(engine, boardName);
    let nowMs = () => START_UNIX_MS;
    const server = await startServer({
      ...OPEN_HOUSE,
      ...{ dataDir, host: "127.0.0.1", mqttPort: 0, httpPort: 0, logger: silentLogger },
      nowMs: () => nowMs(),
    });
    const world = new StreamerWorld(server, program, secret, () => rm(dataDir, { recursive: true, force: true }));
    nowMs = () => world.time.unixMs();
    world.device.powerOn();
    await world.time.runFor(CONNECT_MS);
    return world;
  }

  async close(): Promise<void> {
    this.device.stop();
    await this.server.stop();
    await this.#remove();
  }

  /** Hears each pack of readings on its way to the server. */
  packsSent(hear: (pack: Uint8Array) => void): void {
    this.#onPack = hear;
  }

  /** Lines of the log that begin so. */
  said(text: string): Line[] {
    return this.lines.filter((line) => line.text.startsWith(text));
  }

  /** Gives the device this graph; it has run it for some seconds, or refused it. */
  async put(graph: Uint8Array): Promise<GraphStatus> {
    const response = await fetch(`${this.server.url}/api/v1/devices/${MAC}/graph`, {
      method: "PUT",
      body: Buffer.from(graph),
      headers: { "content-type": "application/octet-stream" },
    });
    if (!response.ok) throw new Error(await response.text());
    await this.server.idle();
    await this.time.runFor(CONNECT_MS);
    return this.graph();
  }

  async graph(): Promise<GraphStatus> {
    const response = await fetch(`${this.server.url}/api/v1/devices/${MAC}/graph`);
    return (await response.json()) as GraphStatus;
  }

  /** Has the device do something; it has had the time to. */
  async command(method: string, argument?: number): Promise<CommandStatus> {
    const { orders } = new ApiClient(new URL(this.server.url));
    const { id } = await orders.addCommand(MAC, { method, ...(argument === undefined ? {} : { argument }) });
    await this.server.idle();
    await this.time.runFor(COMMAND_MS);
    return orders.command(MAC, id);
  }

  /** When the graph that runs began, virtual milliseconds. */
  get beganMs(): number {
    const atMs = this.said("graph runs").at(-1)?.atMs;
    if (atMs === undefined) throw new Error("no graph runs");
    return atMs;
  }

  /** Of one stream, as four hexadecimal digits; one that the server has never heard of has none. */
  async readings(stream: string): Promise<Reading[]> {
    const response = await fetch(`${this.server.url}/api/v1/devices/${MAC}/streams`);
    const { items } = (await response.json()) as { items: { stream: string }[] };
    const isKnown = items.some((item) => item.stream === stream);
    return isKnown ? new ApiClient(new URL(this.server.url)).readings(MAC, stream) : [];
  }

  /** Value, and seconds of the graph that runs: its first second is 1. */
  async told(stream: string): Promise<[atS: number, value: number][]> {
    const readings = await this.readings(stream);
    const beganMs = START_UNIX_MS + this.beganMs;
    return readings.map(({ time, value }) => [(Date.parse(time) - beganMs) / 1000, value]);
  }
}
