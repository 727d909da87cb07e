/** A board out of its bag on the cable of a page: what was in its flash when it was let go, and what it says then. */
import type { Page } from "playwright-core";
import { RealTime } from "../../runtime/board/real-time.ts";
import { TcpNetwork } from "../../runtime/board/tcp-network.ts";
import { readBoard } from "../../tools/build/board.ts";
import { cableBoard } from "../../tools/sim/cable-board.ts";
import { bridgeCable } from "./cable-bridge.ts";

const MIB = 0x100000;
/** What another firmware left. */
export const OTHER_FIRMWARE = 0x5a;

export class CabledBoard {
  /** Flash as it was when the board was held in reset for the last time: nothing of what was flashed has run. */
  flashAtReset = new Uint8Array(0);
  readonly lines: string[] = [];
  readonly #device: ReturnType<typeof cableBoard>;

  private constructor(board: string, mac: Uint8Array) {
    const time = new RealTime();
    const kind = readBoard(board);
    const content = new Uint8Array(kind.flash.sizeMiB * MIB).fill(OTHER_FIRMWARE);
    this.#device = cableBoard({
      ...{ board: kind, mac, time, content, seed: 1, network: new TcpNetwork({ time }) },
      log: (_level, text) => this.lines.push(text),
    });
    const { chip } = this.#device;
    const setSignals = chip.setSignals.bind(chip);
    chip.setSignals = (signals) => {
      if (signals.requestToSend) this.flashAtReset = content.slice();
      return setSignals(signals);
    };
  }

  static async plugInto(page: Page, board: string, mac: Uint8Array): Promise<CabledBoard> {
    const cabled = new CabledBoard(board, mac);
    cabled.#device.powerOn();
    await bridgeCable(page, cabled.#device.chip);
    return cabled;
  }

  unplug(): void {
    this.#device.powerOff();
  }
}
