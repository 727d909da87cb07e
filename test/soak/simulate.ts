/**
 * Shops for a week: boards with drifting clocks that lose power, networks that go away, a server that is restarted and killed.
 * Virtual time; the server is the real one, in a process of its own. Afterwards every committed reading must be in its
 * database, once and in order, with a time that is as right as it says.
 */
import { writeConfig } from "../../runtime/board/config-image.ts";
import type { DeviceLife } from "../../runtime/board/device-life.ts";
import { Flash } from "../../runtime/board/flash.ts";
import { MemoryNetwork } from "../../runtime/board/memory-network.ts";
import type { MemoryStation } from "../../runtime/board/memory-station.ts";
import { type RandomSource, SeededRandom } from "../../runtime/board/random.ts";
import { VirtualBoard } from "../../runtime/board/virtual-board.ts";
import { VirtualTime } from "../../runtime/board/virtual-time.ts";
import type { Engine } from "../../tools/build/compile-program.ts";
import { createFlashDevice } from "../../tools/build/create-device.ts";
import { flashBoard } from "../../tools/image/flash-board.ts";
import type { ProgramImages } from "../powercut/programs.ts";
import { hearProbe, type Taken } from "../powercut/truth.ts";
import { ServerProcess } from "./server-process.ts";

const START_UNIX_MS = 1_790_000_000_000;
const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
const CLOCK_PPM_MAX = 60;
const SERVER = { host: "server", port: 1883 };
/** After the last fault: every queue is empty by then. */
const QUIET_MS = 2 * HOUR_MS;
/** Between a cut and the next one, on the mean. */
const POWER_CUT_EVERY_MS = 9 * HOUR_MS;
const PARTITION_EVERY_MS = 14 * HOUR_MS;
const RESTART_EVERY_MS = 11 * HOUR_MS;
const KILL_EVERY_MS = 7 * HOUR_MS;
/** A day without a network is a day in the queue. */
const LONG_PARTITION_MS = 26 * HOUR_MS;

export interface SoakOptions {
  images: ProgramImages;
  engine: Engine;
  devices: number;
  days: number;
  seed: number;
  dataDir: string;
  onDay?: (day: number) => void;
}

export interface SoakBoard {
  mac: string;
  taken: Taken[];
}

export interface SoakRun {
  boards: SoakBoard[];
  powerCuts: number;
  partitions: number;
  serverRestarts: number;
  serverKills: number;
}

export async function simulate(options: SoakOptions): Promise<SoakRun> {
  return new Simulation(options).run();
}

class Simulation {
  readonly #options: SoakOptions;
  readonly #time = new VirtualTime({ startUnixMs: START_UNIX_MS });
  readonly #random: RandomSource;
  readonly #server: ServerProcess;
  readonly #network: MemoryNetwork;
  readonly #faultsEndMs: number;
  readonly #run: SoakRun = { boards: [], powerCuts: 0, partitions: 0, serverRestarts: 0, serverKills: 0 };
  readonly #devices: DeviceLife[] = [];

  constructor(options: SoakOptions) {
    this.#options = options;
    this.#faultsEndMs = options.days * DAY_MS - QUIET_MS;
    this.#random = new SeededRandom(options.seed);
    this.#server = new ServerProcess(options.dataDir, () => this.#time.unixMs());
    this.#network = new MemoryNetwork({
      time: this.#time,
      random: this.#random.fork(1),
      idle: this.#server.settle,
    });
    this.#network.listen(SERVER.host, SERVER.port, this.#server.accept);
  }

  async run(): Promise<SoakRun> {
    await this.#server.start();
    for (let index = 0; index < this.#options.devices; index++) this.#addBoard(index);
    this.#repeat(RESTART_EVERY_MS, this.#random.fork(2), (random) => this.#restartServer(random));
    this.#repeat(KILL_EVERY_MS, this.#random.fork(3), (random) => this.#killServer(random));
    for (let day = 1; day <= this.#options.days; day++) {
      await this.#time.run(day * DAY_MS);
      this.#options.onDay?.(day);
    }
    for (const device of this.#devices) device.stop();
    await this.#network.settled();
    await this.#server.stop();
    return this.#run;
  }

  #addBoard(index: number): void {
    const random = this.#random.fork(100 + index);
    const mac = Buffer.from([0x02, 0x4c, 0x4e, 0x54, 0, 0]);
    mac.writeUInt16BE(index + 1, 4);
    const { boot, first, publicKey } = this.#options.images;
    const flash = new Flash({ random: random.fork(1) });
    flashBoard(flash, { boot, image: first, product: "probe", publicKeys: [publicKey] });
    writeConfig(flash, {
      ssid: "shop",
      passphrase: "virtual-shop",
      serverHost: SERVER.host,
      serverPort: SERVER.port,
      secret: "secret",
      product: new Map(),
    });
    const station = this.#network.station();
    const soakBoard: SoakBoard = { mac: mac.toString("hex"), taken: [] };
    const board = new VirtualBoard({
      time: this.#time,
      random: random.fork(2),
      network: station,
      mac,
      flash,
      clockPpm: random.integer(-CLOCK_PPM_MAX, CLOCK_PPM_MAX),
      log: (_level, text) => hearProbe(soakBoard.taken, text, this.#time.unixMs()),
    });
    const device = createFlashDevice(this.#options.engine, board, { onAllocation: "error" });
    this.#run.boards.push(soakBoard);
    this.#devices.push(device);
    device.powerOn();
    this.#repeat(POWER_CUT_EVERY_MS, random.fork(3), (draw) => this.#cutPower(device, draw));
    this.#repeat(PARTITION_EVERY_MS, random.fork(4), (draw) => this.#partition(station, draw));
  }

  /** Calls at random times until the quiet at the end begins. */
  #repeat(everyMs: number, random: RandomSource, act: (random: RandomSource) => void): void {
    const next = () => {
      const delayMs = Math.round(-Math.log(1 - random.fraction()) * everyMs);
      if (this.#time.nowMs() + delayMs >= this.#faultsEndMs) return;
      this.#time.at(delayMs, () => {
        act(random);
        next();
      });
    };
    next();
  }

  #cutPower(device: DeviceLife, random: RandomSource): void {
    if (!device.isPowered) return;
    this.#run.powerCuts++;
    device.powerCut();
    // Most are short; some last a night.
    const outageMs =
      random.integer(0, 9) === 0 ? random.integer(HOUR_MS, 10 * HOUR_MS) : random.integer(500, MINUTE_MS);
    this.#time.at(Math.min(outageMs, this.#untilQuietMs), () => device.powerOn());
  }

  #partition(station: MemoryStation, random: RandomSource): void {
    this.#run.partitions++;
    station.cut(random.integer(0, 1) === 0 ? "reset" : "silent");
    const lastsMs =
      random.integer(0, 5) === 0 ? random.integer(HOUR_MS, LONG_PARTITION_MS) : random.integer(1000, 30 * MINUTE_MS);
    this.#time.at(Math.min(lastsMs, this.#untilQuietMs), () => station.restore());
  }

  #restartServer(random: RandomSource): void {
    if (!this.#server.isUp) return;
    this.#run.serverRestarts++;
    this.#time.holdUntil(() => this.#server.stop());
    this.#startServerAfter(random.integer(1000, 5 * MINUTE_MS));
  }

  #killServer(random: RandomSource): void {
    if (!this.#server.isUp) return;
    this.#run.serverKills++;
    this.#server.killAfter(random.integer(0, 20));
    this.#startServerAfter(random.integer(15 * MINUTE_MS, 30 * MINUTE_MS));
  }

  #startServerAfter(delayMs: number): void {
    this.#time.at(Math.min(delayMs, this.#untilQuietMs), () => {
      if (!this.#server.isUp) this.#time.holdUntil(() => this.#server.start());
    });
  }

  get #untilQuietMs(): number {
    return Math.max(0, this.#faultsEndMs - this.#time.nowMs());
  }
}
