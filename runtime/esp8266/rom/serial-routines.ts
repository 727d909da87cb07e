/**
 * Serial output and delays of the mask ROM. What the real routines keep in the ROM's own RAM (which UART is in use, clock
 * ticks of a microsecond) is kept here.
 */
import * as cycles from "./rom-cycles.ts";
import { misuse, type RomRoutine, waitHere } from "./rom-routine.ts";

/** A UART as the ROM uses it. */
export interface SerialPort {
  readonly hasRoom: boolean;
  transmit(byte: number): void;
  setClockDivider(divider: number): void;
  resetFifos(): void;
}

/** The ROM starts at the crystal's clock; the boot loader and the SDK set 80 (ets_update_cpu_frequency) before programs run. */
const CPU_MHZ_AT_START = 80;
/** A delay is served in slices, so that interrupts and watchdogs come in between. */
const DELAY_SLICE_US = 10;

export function serialRoutines(ports: readonly [SerialPort, SerialPort]): RomRoutine[] {
  let selected = 0;
  let cpuMhz = CPU_MHZ_AT_START;
  return [
    {
      name: "uart_tx_one_char",
      address: 0x40003b30,
      resultWords: 1,
      run: (core) => {
        const port = ports[selected] as SerialPort;
        if (!port.hasRoom) return waitHere(core, cycles.POLL_CYCLES);
        port.transmit(core.argument(0) & 0xff);
        core.setResult(0, 0);
        core.spend(cycles.SHORT_ROUTINE_CYCLES);
      },
    },
    {
      name: "uart_buff_switch",
      address: 0x400038a4,
      resultWords: 0,
      run: (core) => {
        selected = core.argument(0) === 0 ? 0 : 1;
        core.spend(cycles.SHORT_ROUTINE_CYCLES);
      },
    },
    {
      name: "uart_div_modify",
      address: 0x400039d8,
      resultWords: 0,
      run: (core) => {
        const port = ports[core.argument(0)];
        if (port === undefined) throw misuse(core, "uart_div_modify", `there is no UART ${core.argument(0)}`);
        port.setClockDivider(core.argument(1));
        port.resetFifos();
        core.spend(cycles.SHORT_ROUTINE_CYCLES);
      },
    },
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
