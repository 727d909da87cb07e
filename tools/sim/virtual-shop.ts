/**
 * A shop in virtual time: a fleet of counters and the real server in one process, joined by the in-memory network. A day
 * takes seconds, and the readings carry the virtual clock.
 */

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Duplex } from "node:stream";
import { MemoryNetwork } from "../../runtime/board/memory-network.ts";
import { SeededRandom } from "../../runtime/board/random.ts";
import { VirtualTime } from "../../runtime/board/virtual-time.ts";
import { OPEN_HOUSE } from "../../server/access/open-house.ts";
import { startServer } from "../../server/app.ts";
import { silentLogger } from "../../server/logger.ts";
import type { LintelServer } from "../../server/server-options.ts";
import { productSettings } from "../build/product.ts";
import { CounterFleet, type FleetOptions } from "./counter-fleet.ts";

const SERVER_HOST = "server";
const SERVER_PORT = 1883;
/** After the doors have closed, long enough for the last period to end and to be acknowledged. */
const DRAIN_PERIODS = 2;

export interface VirtualShopOptions extends Omit<FleetOptions, "time" | "random" | "network" | "server" | "engine"> {
  seed: number;
  startUnixMs: number;
  /** Sees each connection of a device before the server does. */
  onConnection?: (stream: Duplex) => void;
  /** Where the server keeps its data; absent: a folder that is removed afterwards. */
  dataDir?: string;
}

export class VirtualShop {
  readonly time: VirtualTime;
  readonly network: MemoryNetwork;
  readonly fleet: CounterFleet;
  readonly server: LintelServer;
  readonly #remove: () => Promise<void>;

  private constructor(parts: Pick<VirtualShop, "time" | "network" | "fleet" | "server">, remove: () => Promise<void>) {
    this.time = parts.time;
    this.network = parts.network;
    this.fleet = parts.fleet;
    this.server = parts.server;
    this.#remove = remove;
  }

  static async open(options: VirtualShopOptions): Promise<VirtualShop> {
    const { seed, startUnixMs, dataDir, onConnection, ...fleetOptions } = options;
    const temporary = dataDir === undefined ? await mkdtemp(join(tmpdir(), "lintel-shop-")) : undefined;
    const remove = async () => {
      if (temporary !== undefined) await rm(temporary, { recursive: true, force: true });
    };
    let undo = remove;
    const time = new VirtualTime({ startUnixMs });
    const random = new SeededRandom(seed);
    try {
      const server = await startServer({
        ...OPEN_HOUSE,
        dataDir: dataDir ?? temporary ?? "",
        host: "127.0.0.1",
        mqttPort: 0,
        httpPort: 0,
        logger: silentLogger,
        products: productSettings(),
        nowMs: () => time.unixMs(),
      });
      undo = () => server.stop().then(remove);
      const network = new MemoryNetwork({ time, random: random.fork(-1), idle: () => server.idle() });
      network.listen(SERVER_HOST, SERVER_PORT, (stream) => {
        onConnection?.(stream);
        server.handle(stream);
      });
      const fleet = new CounterFleet({
        ...fleetOptions,
        time,
        random,
        network: () => network.station(),
        server: { host: SERVER_HOST, port: SERVER_PORT },
        engine: { onAllocation: "error" },
      });
      return new VirtualShop({ time, network, fleet, server }, remove);
    } catch (error) {
      await undo();
      throw error;
    }
  }

  /** Runs the shop for that long, closes its doors and lets the counters report. */
  async run(durationMs: number): Promise<void> {
    this.fleet.start();
    await this.time.runFor(durationMs);
    await this.drain();
  }

  async drain(): Promise<void> {
    this.fleet.closeDoors();
    await this.time.runFor(DRAIN_PERIODS * this.fleet.longestPeriodS * 1000);
  }

  async close(): Promise<void> {
    this.fleet.stop();
    await this.server.stop();
    await this.#remove();
  }
}
