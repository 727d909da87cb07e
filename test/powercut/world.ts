/**
 * A world: everything that outlives a power cut of the board, as a value. And one life in it: the board is powered, runs its
 * programs from flash against the model server, and is powered again after each cut, until the scenario's goal is reached.
 */
import type { DeviceLife } from "../../runtime/board/device-life.ts";
import { type Cut, Flash, type FlashOperation, type FlashSnapshot } from "../../runtime/board/flash.ts";
import { SeededRandom } from "../../runtime/board/random.ts";
import { VirtualBoard } from "../../runtime/board/virtual-board.ts";
import { VirtualTime } from "../../runtime/board/virtual-time.ts";
import { NetStatus } from "../../runtime/contract/host-abi.ts";
import type { Engine } from "../../tools/build/compile-program.ts";
import { createFlashDevice } from "../../tools/build/create-device.ts";
import { holdsImage, type StuckCells, stick } from "./flash-cells.ts";
import { ModelNetwork } from "./model-network.ts";
import { ModelServer, type ServerStep } from "./model-server.ts";
import { copyState, type ServerState, type Shelf, type Wrong } from "./server-state.ts";
import { hearProbe, type Taken } from "./truth.ts";
import { giveWifi } from "./wifi-tool.ts";

/** How often the goal is looked at. */
const STEP_MS = 500;
const MAC = Uint8Array.of(0x02, 0x4c, 0x4e, 0x54, 0, 1);

export interface World {
  flash: FlashSnapshot;
  server: ServerState;
  taken: readonly Taken[];
  /** Ids of the images that were started from a slot. */
  started: ReadonlySet<string>;
  /** Ids of the commands that have run. */
  ran: readonly number[];
  wrongs: readonly Wrong[];
  /** The board has said that it has the Wi-Fi network that somebody gives it over serial. */
  hasNewWifi: boolean;
  unixMs: number;
}

/** The surroundings that a scenario gives the board; `slot` is where the program runs from. */
export interface Surroundings {
  joinResult?: (ssid: string, slot: number) => NetStatus;
  accepts?: (slot: number) => boolean;
  isServerUp?: (unixMs: number) => boolean;
  acknowledgesFirst?: boolean;
  /** Somebody at the serial line gives the board this network. */
  newSsid?: string;
}

export interface LifeOptions {
  engine: Engine;
  seed: number;
  shelf: Shelf;
  /** Ids of the images that may be started from a slot. */
  fit: readonly string[];
  surroundings: Surroundings;
  /** Between a cut and the return of power. */
  outageMs: number;
  stuck?: StuckCells;
  /** Asked at each flash operation. */
  cutAt?: (operation: FlashOperation, world: () => World) => Cut | undefined;
  /** Power goes away again after each of these times. */
  flickersMs?: readonly number[];
  killsServerAt?: (step: ServerStep) => boolean;
  log?: (text: string) => void;
}

export class Life {
  readonly server: ServerState;
  readonly taken: Taken[];
  readonly started: Set<string>;
  readonly ran: number[];
  readonly wrongs: Wrong[];
  hasNewWifi: boolean;
  readonly time: VirtualTime;
  readonly flash: Flash;
  readonly board: VirtualBoard;
  readonly device: DeviceLife;
  cuts = 0;

  constructor(world: World, options: LifeOptions) {
    const { surroundings, seed } = options;
    const random = new SeededRandom(seed);
    this.server = copyState(world.server);
    this.taken = world.taken.slice();
    this.started = new Set(world.started);
    this.ran = world.ran.slice();
    this.wrongs = world.wrongs.slice();
    this.hasNewWifi = world.hasNewWifi;
    this.time = new VirtualTime({ startUnixMs: world.unixMs });
    this.flash = Flash.from(world.flash, random.fork(1));
    if (options.stuck !== undefined) stick(this.flash, options.stuck);
    const unixMs = () => this.time.unixMs();
    const server = new ModelServer({
      state: this.server,
      shelf: options.shelf,
      unixMs,
      accepts: () => surroundings.accepts?.(this.board.slot) ?? true,
      ...(options.killsServerAt === undefined ? {} : { killsAt: options.killsServerAt }),
      acknowledgesFirst: surroundings.acknowledgesFirst ?? false,
      watch: { started: this.started, onWrong: (wrong) => this.wrongs.push(wrong) },
    });
    const network = new ModelNetwork({
      time: this.time,
      server,
      joinResult: (ssid) => surroundings.joinResult?.(ssid, this.board.slot) ?? NetStatus.Up,
      isServerUp: () => surroundings.isServerUp?.(unixMs()) ?? true,
    });
    this.board = new VirtualBoard({
      time: this.time,
      random: random.fork(2),
      network,
      mac: MAC,
      flash: this.flash,
      log: (_level, text) => this.#hear(text, options.log),
    });
    this.device = createFlashDevice(options.engine, this.board, {
      onAllocation: "error",
      onPowerCut: () => this.#outage(options.outageMs),
    });
    this.#watchStarts(options.shelf, options.fit);
    if (surroundings.newSsid !== undefined && !this.hasNewWifi) this.#giveWifi(surroundings.newSsid);
    this.#flicker(options.outageMs, options.flickersMs?.slice() ?? []);
    const { cutAt } = options;
    if (cutAt !== undefined) this.flash.onOperation = (operation) => cutAt(operation, () => this.world());
  }

  /** The world as it would be if power went away now. */
  world(): World {
    return {
      flash: this.flash.snapshot(),
      server: copyState(this.server),
      taken: this.taken.slice(),
      started: new Set(this.started),
      ran: this.ran.slice(),
      wrongs: this.wrongs.slice(),
      hasNewWifi: this.hasNewWifi,
      unixMs: this.time.unixMs(),
    };
  }

  /** Runs until the goal is reached, or for at most so long; true when it was reached. */
  async run(isReached: (life: Life) => boolean, limitMs: number): Promise<boolean> {
    this.device.powerOn();
    const endMs = this.time.nowMs() + limitMs;
    while (this.time.nowMs() < endMs) {
      await this.time.runFor(STEP_MS);
      if (isReached(this)) {
        this.device.stop();
        return true;
      }
    }
    this.device.stop();
    return false;
  }

  #giveWifi(ssid: string): void {
    giveWifi({
      time: this.time,
      serial: this.board.serial,
      ssid,
      onDone: () => {
        this.hasNewWifi = true;
      },
    });
  }

  #outage(outageMs: number): void {
    this.cuts++;
    this.time.at(outageMs, () => this.device.powerOn());
  }

  #flicker(outageMs: number, onForMs: number[]): void {
    const onMs = onForMs.shift();
    if (onMs === undefined) return;
    this.time.at(onMs, () => {
      if (this.device.isPowered) {
        this.device.powerCut();
        this.#outage(outageMs);
      }
      this.#flicker(outageMs, onForMs);
    });
  }

  /** Whatever boot hands over to must be whole and allowed. */
  #watchStarts({ images }: Shelf, fit: readonly string[]): void {
    const choose = this.board.onImageRun;
    this.board.onImageRun = (offset) => {
      const flash = this.flash.snapshot();
      const [id = ""] = Array.from(images).find(([, image]) => holdsImage(flash, offset, image)) ?? [];
      if (!fit.includes(id)) this.wrongs.push({ kind: "unfit program", what: `"${id}" at 0x${offset.toString(16)}` });
      this.started.add(id);
      return choose(offset);
    };
  }

  #run(command: number): void {
    if (this.ran.includes(command)) this.wrongs.push({ kind: "command again", what: `command ${command}` });
    this.ran.push(command);
  }

  #hear(text: string, log: LifeOptions["log"]): void {
    hearProbe(this.taken, text, this.time.unixMs());
    if (text.startsWith("torn graph")) this.wrongs.push({ kind: "torn graph", what: text });
    if (text.startsWith("ran ")) this.#run(Number(text.slice(4)));
    log?.(`${(this.time.nowMs() / 1000).toFixed(3)} ${text}`);
  }
}
