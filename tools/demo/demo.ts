/**
 * The demo: a server process, counters compiled from source, a virtual shop with seeded visitors over real TCP, and at
 * the end the proof that every visitor was counted, read back from the server. On the way the server can be restarted or
 * killed and the network cut.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { SeededRandom } from "../../runtime/board/random.ts";
import { RealTime } from "../../runtime/board/real-time.ts";
import { TcpNetwork } from "../../runtime/board/tcp-network.ts";
import type { Engine } from "../build/compile-program.ts";
import { ApiClient, ApiError } from "../client/api-client.ts";
import { type BoardImages, buildBoardImages } from "../image/board-images.ts";
import { CounterFleet, SHOP_WIFI } from "../sim/counter-fleet.ts";
import { type Tally, tallyReadings } from "../sim/tally.ts";
import { LiveBoard } from "./live-board.ts";
import { ServerProcess, type ServerProcessOptions } from "./server-process.ts";

/** A shop's minute is two seconds here, so that counts are seen at once. */
const PERIOD_S = 2;
const MEAN_INTERVAL_MS = 1500;
/** After the doors have closed: the longest wait for what the counters still hold. */
const DRAIN_TIMEOUT_MS = 90_000;
const DRAIN_POLL_MS = 250;

export interface DemoOptions extends Omit<ServerProcessOptions, "dataDir"> {
  engine: Engine;
  devices: number;
  seed: number;
  /** Where output for people goes. */
  terminal: NodeJS.WriteStream;
  /** Called when the doors open; resolves when they are to close. */
  untilClosing: () => Promise<void>;
  disturbances: Disturbance[];
}

export interface Disturbance {
  kind: "restart" | "kill" | "cut";
  /** After the doors have opened, seconds. */
  atS: number;
  /** How long a network stays cut, seconds. */
  forS: number;
}

export interface DemoResult {
  devices: number;
  visitorsSimulated: number;
  visitorsCounted: number;
  readingsStored: number;
  duplicates: number;
  lost: number;
}

export async function runDemo(options: DemoOptions): Promise<DemoResult> {
  const dataDir = await mkdtemp(join(tmpdir(), "lintel-demo-"));
  const server = new ServerProcess({ ...options, dataDir });
  try {
    const [program] = await Promise.all([buildBoardImages("firmware/counter", options.engine), server.start()]);
    return await runShop(options, server, program);
  } finally {
    await server.stop();
    await rm(dataDir, { recursive: true, force: true });
  }
}

async function runShop(options: DemoOptions, server: ServerProcess, program: BoardImages): Promise<DemoResult> {
  const { terminal, devices, seed, host, mqttPort } = options;
  const api = new ApiClient(server.url);
  const time = new RealTime();
  const networks: TcpNetwork[] = [];
  const fleet = new CounterFleet({
    time,
    random: new SeededRandom(seed),
    program,
    devices,
    network: () => {
      const network = new TcpNetwork({ time, accessPoint: SHOP_WIFI });
      networks.push(network);
      return network;
    },
    server: { host, port: mqttPort },
    periodS: PERIOD_S,
    meanIntervalMs: MEAN_INTERVAL_MS,
  });
  terminal.write(`Server: ${server.url.origin}/api/v1/devices for people, mqtt://${host}:${mqttPort} for devices.\n`);
  terminal.write(`${devices} virtual counters (${options.engine}) send a count every ${PERIOD_S} s.\n\n`);
  const board = new LiveBoard(terminal);
  const view = api.live({}, (reading) => board.show(reading));
  try {
    fleet.start();
    const closed = new AbortController();
    const disturbed = Promise.all(
      options.disturbances.map((it) => disturb(it, server, networks, board, closed.signal)),
    );
    const closing = options.untilClosing();
    // A disturbance that fails, as a server that does not come back, ends the demo at once.
    await Promise.race([closing, disturbed.then(() => closing)]);
    closed.abort();
    fleet.closeDoors();
    board.note("Doors closed; waiting for the last counts.");
    await disturbed;
    return await drain(fleet, api);
  } finally {
    board.close();
    view.close();
    fleet.stop();
  }
}

/**
 * What has not begun when the doors close does not happen; a network that is cut then comes back at once. A failed
 * restart rejects, which ends the demo.
 */
async function disturb(
  what: Disturbance,
  server: ServerProcess,
  networks: TcpNetwork[],
  board: LiveBoard,
  closed: AbortSignal,
): Promise<void> {
  await sleepUnless(closed, what.atS);
  if (closed.aborted) return;
  if (what.kind === "cut") {
    board.note(`Network cut for ${what.forS} s.`);
    for (const network of networks) network.cut();
    await sleepUnless(closed, what.forS);
    for (const network of networks) network.restore();
    board.note("Network is back.");
    return;
  }
  board.note(what.kind === "kill" ? "Server killed." : "Server stopped.");
  await server.stop(what.kind === "kill" ? "SIGKILL" : "SIGTERM");
  await server.start();
  board.note("Server started again.");
}

async function sleepUnless(closed: AbortSignal, seconds: number): Promise<void> {
  await sleep(seconds * 1000, undefined, { signal: closed }).catch((error: unknown) => {
    if (!closed.aborted) throw error;
  });
}

/** Waits until the server has every visitor, or until it is clear that it never will. */
async function drain(fleet: CounterFleet, api: ApiClient): Promise<DemoResult> {
  const deadline = performance.now() + DRAIN_TIMEOUT_MS;
  for (;;) {
    const tally = await tallyReadings(api).catch((error: unknown): Tally | undefined => {
      if (error instanceof ApiError && performance.now() < deadline) return undefined;
      throw error;
    });
    if (tally !== undefined) {
      const result = { ...tally, visitorsSimulated: fleet.visitors };
      if ((fleet.doorsAreEmpty && isComplete(result)) || performance.now() > deadline) return inOrder(result);
    }
    await sleep(DRAIN_POLL_MS);
  }
}

export function isComplete({ visitorsSimulated, visitorsCounted, lost, duplicates }: DemoResult): boolean {
  return visitorsCounted === visitorsSimulated && lost === 0 && duplicates === 0;
}

function inOrder({ devices, visitorsSimulated, ...rest }: DemoResult): DemoResult {
  return { devices, visitorsSimulated, ...rest };
}
