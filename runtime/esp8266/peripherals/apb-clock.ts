/**
 * The clock of the peripheral bus: 80 MHz, whether the core runs at 80 or at 160 MHz (ESP8266EX datasheet, section 3.3).
 * Peripherals count its ticks; the core counts cycles. The ratio changes while the chip runs (DPORT, CPU_CLOCK), and what
 * was planned in ticks is then planned anew in cycles.
 */
import type { CycleClock } from "../bus.ts";

interface Plan {
  tick: number;
  run: () => void;
  cancel: () => void;
}

export class ApbClock implements CycleClock {
  readonly #core: CycleClock;
  readonly #plans = new Set<Plan>();
  #cyclesPerTick = 1;
  #baseTick = 0;
  #baseCycle = 0;

  constructor(core: CycleClock) {
    this.#core = core;
    this.#baseCycle = core.cycles;
  }

  /** Ticks of the peripheral bus, whole ones. */
  get cycles(): number {
    return this.#baseTick + Math.floor((this.#core.cycles - this.#baseCycle) / this.#cyclesPerTick);
  }

  at(tick: number, run: () => void): () => void {
    const plan: Plan = { tick, run, cancel: () => {} };
    this.#plans.add(plan);
    this.#arm(plan);
    return () => {
      plan.cancel();
      this.#plans.delete(plan);
    };
  }

  /** 1 at 80 MHz, 2 at 160 MHz. */
  setCyclesPerTick(cyclesPerTick: 1 | 2): void {
    if (cyclesPerTick === this.#cyclesPerTick) return;
    this.#baseTick = this.cycles;
    this.#baseCycle = this.#core.cycles;
    this.#cyclesPerTick = cyclesPerTick;
    for (const plan of this.#plans) {
      plan.cancel();
      this.#arm(plan);
    }
  }

  #arm(plan: Plan): void {
    const cycle = this.#baseCycle + (plan.tick - this.#baseTick) * this.#cyclesPerTick;
    plan.cancel = this.#core.at(cycle, () => {
      this.#plans.delete(plan);
      plan.run();
    });
  }
}
