/** Delays of the mask ROM. The clock ticks of a microsecond, which the ROM keeps in its own RAM, are kept aside. */
import * as cycles from "./rom-cycles.ts";
import { type RomRoutine, waitHere } from "./rom-routine.ts";

/** The ROM starts at the crystal's clock; the boot loader and the SDK set 80 (ets_update_cpu_frequency) before programs run. */
const CPU_MHZ_AT_START = 80;
/** A delay is served in slices, so that interrupts and watchdogs come in between. */
const DELAY_SLICE_US = 10;

export function timingRoutines(): RomRoutine[] {
  let cpuMhz = CPU_MHZ_AT_START;
  return [
    {
      name: "ets_delay_us",
      address: 0x40002ecc,
      resultWords: 0,
      run: (core) => {
        const us = core.argument(0);
        if (us <= DELAY_SLICE_US) return core.spend(us * cpuMhz);
        core.set(2, us - DELAY_SLICE_US);
        return waitHere(core, DELAY_SLICE_US * cpuMhz);
      },
    },
    {
      name: "ets_update_cpu_frequency",
      address: 0x40002f04,
      resultWords: 0,
      run: (core) => {
        cpuMhz = core.argument(0) & 0xff;
        core.spend(cycles.SHORT_ROUTINE_CYCLES);
      },
    },
    {
      name: "ets_get_cpu_frequency",
      address: 0x40002f0c,
      resultWords: 1,
      run: (core) => {
        core.setResult(0, cpuMhz);
        core.spend(cycles.SHORT_ROUTINE_CYCLES);
      },
    },
  ];
}
