/** `--port`, `--baud` and what else commands for boards on a cable share. */
import { Option } from "commander";
import { WebSerialPort } from "../../runtime/board/web-serial-port.ts";
import { SERIAL_BAUD } from "../../runtime/contract/limits.ts";
import type { ConnectOptions } from "../flash/esp-connection.ts";
import { cableOf, onlyPort } from "../serial/open-port.ts";
import { parseCount } from "./option-values.ts";

const DEFAULT_BAUD = 460_800;
const BAUD_MAX = 2_000_000;
const BAUD_MIN = 9600;

export interface LoaderOptions {
  port?: string;
  baud: number;
  stub: boolean;
  verbose: boolean;
}

export function portOption(): Option {
  return new Option("--port <port>", "serial port, as /dev/ttyUSB0, COM3 or rfc2217://host:4000").default(
    undefined,
    "the only one there is; see lintel ports",
  );
}

export const loaderOptions = (): Option[] => [
  portOption(),
  new Option("--baud <rate>", "speed, once the board answers")
    .argParser(parseCount(BAUD_MIN, BAUD_MAX))
    .default(DEFAULT_BAUD),
  new Option("--no-stub", "talk to the chip's ROM alone: slower, and nothing can be read back"),
  new Option("--verbose", "show what esptool-js says").default(false),
];

export interface NamedPort {
  name: string;
  port: WebSerialPort;
}

/** Not opened yet. */
export async function findPort(name: string | undefined): Promise<NamedPort> {
  const found = name ?? (await onlyPort());
  return { name: found, port: new WebSerialPort(cableOf(found)) };
}

export function connectOptions({ baud, stub, verbose }: LoaderOptions): ConnectOptions {
  return {
    baudRate: baud,
    useStub: stub,
    ...(verbose ? { trace: (line: string) => console.error(`esptool-js: ${line}`) } : {}),
  };
}

/** Opens and closes it. */
export async function tryPort(port: WebSerialPort): Promise<void> {
  await port.open({ baudRate: SERIAL_BAUD });
  await port.close();
}

/** Manufacturer first, as flash chips and esptool tell it: ef4016. */
export function hexId(flashId: number): string {
  const [manufacturer, type, capacity] = [flashId & 0xff, (flashId >> 8) & 0xff, (flashId >> 16) & 0xff];
  return Buffer.from([manufacturer, type, capacity]).toString("hex");
}
