/**
 * Shops for a week: boards with drifting clocks that lose power, networks that go away, a server that is restarted and killed.
 * Virtual time; the server is the real one, in a process of its own (server-process.ts).
 */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { MemoryNetwork } from "../../runtime/board/memory-network.ts";
import { type RandomSource, SeededRandom } from "../../runtime/board/random.ts";
import { VirtualTime } from "../../runtime/board/virtual-time.ts";
import type { SoakImages } from "./build-soak-images.ts";
import type { Faults } from "./faults.ts";
import { DAY_MS, drawOctave, HOUR_MS, MINUTE_MS, repeatAtRandom } from "./random-times.ts";
import type { Given } from "./sensor-record.ts";
import { type Kill, ServerProcess } from "./server-process.ts";
import { SERVER_ADDRESS, SoakBoard } from "./soak-board.ts";

const START_UNIX_MS = 1_790_000_000_000;
/** After the last fault: every queue is empty by then. */
const QUIET_MS = 2 * HOUR_MS;
/** From a fault to the next one of its kind, on the mean; of each board, or of the server. Some boards run for days. */
const POWER_CUT_EVERY_MS = [36 * HOUR_MS, 6 * HOUR_MS, 3 * HOUR_MS, 12 * HOUR_MS] as const;
const PARTITION_EVERY_MS = 12 * HOUR_MS;
const GLITCH_EVERY_MS = 3 * HOUR_MS;
const RESTART_EVERY_MS = 8 * HOUR_MS;
const KILL_EVERY_MS = HOUR_MS;
/** Messages that still go to a server before it is killed. */
const KILL_MESSAGES_MAX = 10;
/** Points of the server's work, of which a commit has about 14. */
const KILL_POINTS_MAX = 30;
const SERVER_OUTAGE_MAX_MS = 5 * MINUTE_MS;
/** At the end a board stops when its last reading is so old. */
const LAST_READING_AGE_MS = 20_000;
const STEP_MS = HOUR_MS;
/** Half of the boards hear the server over such a line: an acknowledgement of 60 bytes is late, and so is the time in it. */
const SLOW_BYTES_PER_S = [30, 3000] as const;

export interface SoakOptions {
  images: SoakImages;
  devices: number;
  days: number;
  seed: number;
  /** From one kill of the server to the next, on the mean. */
  killEveryMs?: number;
  /** An empty folder. */
  workDir: string;
  /** Called each simulated hour. */
  onProgress?: (faults: Readonly<Faults>, hour: number) => void;
}

export interface SoakRun {
  dataDir: string;
  boards: { mac: string; given: readonly Given[]; mayDrop: boolean }[];
  faults: Faults;
}

export async function simulate(options: SoakOptions): Promise<SoakRun> {
  const dataDir = join(options.workDir, "data");
  mkdirSync(dataDir);
  const simulation = new Simulation(options, dataDir);
  await simulation.run();
  const boards = simulation.boards.map(({ mac, record, mayDrop }) => ({ mac, given: record.given, mayDrop }));
  return { dataDir, boards, faults: simulation.faults };
}

class Simulation {
  readonly faults: Faults = { powerCuts: 0, cutsInFlash: 0, partitions: 0, brokerRestarts: 0, serverKills: 0 };
  readonly boards: SoakBoard[] = [];
  readonly #options: SoakOptions;
  readonly #time = new VirtualTime({ startUnixMs: START_UNIX_MS });
  readonly #random: RandomSource;
  readonly #server: ServerProcess;
  readonly #network: MemoryNetwork;
  readonly #faultsEndMs: number;

  constructor(options: SoakOptions, dataDir: string) {
    this.#options = options;
    this.#faultsEndMs = options.days * DAY_MS - QUIET_MS;
    this.#random = new SeededRandom(options.seed);
    this.#server = new ServerProcess({
      dataDir,
      toldPath: join(options.workDir, "told"),
      unixMs: () => this.#time.unixMs(),
    });
    this.#network = new MemoryNetwork({
      time: this.#time,
      random: this.#random.fork(1),
      idle: this.#server.settle,
    });
    this.#network.listen(SERVER_ADDRESS.host, SERVER_ADDRESS.port, this.#server.accept);
  }

  async run(): Promise<void> {
    try {
      await this.#server.start();
      await this.#live();
      await this.#finish();
    } finally {
      this.#server.close();
    }
  }

  async #live(): Promise<void> {
    const { devices, days, onProgress } = this.#options;
    for (let index = 0; index < devices; index++) this.#addBoard(index);
    this.#repeat(RESTART_EVERY_MS, this.#random.fork(2), (random) => this.#restartServer(random));
    this.#repeat(this.#options.killEveryMs ?? KILL_EVERY_MS, this.#random.fork(3), (random) =>
      this.#killServer(random),
    );
    for (let atMs = STEP_MS; atMs <= days * DAY_MS; atMs += STEP_MS) {
      await this.#time.run(atMs);
      onProgress?.(this.faults, atMs / HOUR_MS);
    }
  }

  /** Stops each board between two readings, so that none is on its way. */
  async #finish(): Promise<void> {
    while (this.boards.some(({ device }) => device.isPowered)) {
      for (const board of this.boards) {
        const ageMs = this.#time.unixMs() - (board.record.given.at(-1)?.unixMs ?? 0);
        if (ageMs >= LAST_READING_AGE_MS && ageMs < 2 * LAST_READING_AGE_MS) board.device.stop();
      }
      await this.#time.runFor(LAST_READING_AGE_MS / 2);
    }
    await this.#network.settled();
    await this.#server.stop();
  }

  #addBoard(index: number): void {
    const { images, days } = this.#options;
    const random = this.#random.fork(100 + index);
    const isSlow = index % 2 === 0;
    const station = this.#network.station(
      isSlow ? { bytesPerS: { toBoard: drawOctave(random, SLOW_BYTES_PER_S) } } : {},
    );
    const time = this.#time;
    const untilQuietMs = () => this.#untilQuietMs;
    const board = new SoakBoard({ index, images, days, time, random, station, untilQuietMs, faults: this.faults });
    this.boards.push(board);
    board.device.powerOn();
    board.planLongOutage();
    this.#repeat(POWER_CUT_EVERY_MS[index % POWER_CUT_EVERY_MS.length] ?? DAY_MS, random.fork(3), (draw) =>
      board.losePower(draw),
    );
    this.#repeat(PARTITION_EVERY_MS, random.fork(4), (draw) => board.loseNetwork(draw));
    this.#repeat(GLITCH_EVERY_MS, random.fork(6), (draw) => board.glitch(draw));
  }

  #repeat(everyMs: number, random: RandomSource, act: (random: RandomSource) => void): void {
    repeatAtRandom(this.#time, { everyMs, endMs: this.#faultsEndMs, random }, act);
  }

  #restartServer(random: RandomSource): void {
    if (!this.#server.isUp) return;
    this.faults.brokerRestarts++;
    this.#time.holdUntil(() => this.#server.stop());
    this.#startServer(random);
  }

  #killServer(random: RandomSource): void {
    if (!this.#server.isUp) return;
    this.#server.killSoon({
      messages: random.integer(0, KILL_MESSAGES_MAX),
      at: drawKill(random),
      onDead: () => {
        this.faults.serverKills++;
        this.#startServer(random);
      },
    });
  }

  #startServer(random: RandomSource): void {
    const delayMs = random.integer(1000, SERVER_OUTAGE_MAX_MS);
    this.#time.at(Math.min(delayMs, this.#untilQuietMs), () => this.#time.holdUntil(() => this.#server.start()));
  }

  get #untilQuietMs(): number {
    return Math.max(0, this.#faultsEndMs - this.#time.nowMs());
  }
}

/** A third of them at any point, a third right before or after a commit, and a third at any time. */
function drawKill(random: RandomSource): Kill["at"] {
  switch (random.integer(0, 2)) {
    case 0:
      return { points: random.integer(0, KILL_POINTS_MAX), isAtCommit: false };
    case 1:
      return { points: random.integer(0, 1), isAtCommit: true };
    default:
      return { part: random.fraction() };
  }
}
