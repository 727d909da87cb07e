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
import { ModelNetwork } from "./model-network.ts";
import { copyState, ModelServer, type ServerState, type ServerStep, type Shelf } from "./model-server.ts";
import { hearProbe, type Taken } from "./truth.ts";

/** Between a cut and the return of power. */
const OUTAGE_MS = 1500;
/** How often the goal is looked at. */
const STEP_MS = 500;
const MAC = Uint8Array.of(0x02, 0x4c, 0x4e, 0x54, 0, 1);

export interface World {
  flash: FlashSnapshot;
  server: ServerState;
  taken: readonly Taken[];
  unixMs: number;
}

/** The surroundings that a scenario gives the board; `slot` is where the program runs from. */
export interface Surroundings {
  joinResult?: (ssid: string, slot: number) => NetStatus;
  accepts?: (slot: number) => boolean;
  isServerUp?: (unixMs: number) => boolean;
  acknowledgesFirst?: boolean;
}

export interface LifeOptions {
  engine: Engine;
  seed: number;
  shelf: Shelf;
  surroundings: Surroundings;
  /** Asked at each flash operation. */
  cutAt?: (operation: FlashOperation, world: () => World) => Cut | undefined;
  killsServerAt?: (step: ServerStep) => boolean;
  log?: (text: string) => void;
}

export class Life {
  readonly server: ServerState;
  readonly taken: Taken[];
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
    this.time = new VirtualTime({ startUnixMs: world.unixMs });
    this.flash = Flash.from(world.flash, random.fork(1));
    const unixMs = () => this.time.unixMs();
    const server = new ModelServer({
      state: this.server,
      shelf: options.shelf,
      unixMs,
      accepts: () => surroundings.accepts?.(this.board.slot) ?? true,
      ...(options.killsServerAt === undefined ? {} : { killsAt: options.killsServerAt }),
      acknowledgesFirst: surroundings.acknowledgesFirst ?? false,
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
      onPowerCut: () => {
        this.cuts++;
        this.time.at(OUTAGE_MS, () => this.device.powerOn());
      },
    });
    const { cutAt } = options;
    if (cutAt !== undefined) this.flash.onOperation = (operation) => cutAt(operation, () => this.world());
  }

  /** The world as it would be if power went away now. */
  world(): World {
    return {
      flash: this.flash.snapshot(),
      server: copyState(this.server),
      taken: this.taken.slice(),
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

  #hear(text: string, log: LifeOptions["log"]): void {
    hearProbe(this.taken, text, this.time.unixMs());
    log?.(`${(this.time.nowMs() / 1000).toFixed(3)} ${text}`);
  }
}
