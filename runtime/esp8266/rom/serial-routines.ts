/** Serial output of the mask ROM. Which UART is in use the real routines keep in the ROM's own RAM; here it is kept aside. */
import * as cycles from "./rom-cycles.ts";
import { misuse, type RomRoutine, waitHere } from "./rom-routine.ts";

/** A UART as the ROM uses it. */
export interface SerialPort {
  readonly hasRoom: boolean;
  transmit(byte: number): void;
  setClockDivider(divider: number): void;
  resetFifos(): void;
}

export function serialRoutines(ports: readonly [SerialPort, SerialPort]): RomRoutine[] {
  let selected = 0;
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
  ];
}
