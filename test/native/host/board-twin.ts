/**
 * The reference: the virtual board's host functions, called with the numbers that a program on the chip hands over. A pointer
 * becomes an index into the program's memory as runtime/esp8266/device/native-machine.ts does it.
 */
import { hostFunctions } from "../../../runtime/board/host-functions.ts";
import type { HostImports } from "../../../runtime/board/host-imports.ts";
import type { AccessPoint } from "../../../runtime/board/memory-fabric.ts";
import { MemoryNetwork } from "../../../runtime/board/memory-network.ts";
import { RadioAir } from "../../../runtime/board/radio-air.ts";
import { SeededRandom } from "../../../runtime/board/random.ts";
import { VirtualBoard } from "../../../runtime/board/virtual-board.ts";
import { VirtualTime } from "../../../runtime/board/virtual-time.ts";
import { ResetReason } from "../../../runtime/contract/host-abi.ts";
import { HOST_FUNCTIONS } from "../../../runtime/contract/host-functions.ts";
import { PROGRAM_RAM_ADDRESS } from "../../../runtime/contract/native-image.ts";
import { DATA, RAM_BYTES } from "./host-script.ts";

export const MAC = Uint8Array.of(0x5c, 0xcf, 0x7f, 1, 2, 3);
export const LATENCY_MS = 5;
export const JOIN_MS = 50;

export interface TwinOptions {
  /** Absent: any network is there. */
  accessPoints?: AccessPoint[];
}

export class BoardTwin {
  readonly time = new VirtualTime();
  readonly air: RadioAir;
  readonly network: MemoryNetwork;
  readonly board: VirtualBoard;
  readonly memory = new Uint8Array(RAM_BYTES);
  readonly #host: HostImports;

  constructor({ accessPoints }: TwinOptions = {}) {
    const { time } = this;
    const random = new SeededRandom(1);
    const known = accessPoints === undefined ? {} : { accessPoints };
    this.network = new MemoryNetwork({ time, random, latencyMs: LATENCY_MS, joinMs: JOIN_MS, ...known });
    this.air = new RadioAir(time, random.fork(1));
    this.board = new VirtualBoard({
      time,
      random,
      air: this.air,
      network: this.network.station({ rssiDbm: -67 }),
      mac: MAC,
      slot: 2,
    });
    this.board.start(ResetReason.PowerOn);
    this.#host = hostFunctions(this.board, () => this.memory);
  }

  /** A void function answers 0. */
  call(name: string, ...args: number[]): number {
    const fn = HOST_FUNCTIONS.find((one) => one.name === name);
    if (fn === undefined) throw new Error(`There is no host function ${name}.`);
    const params = fn.params.split(" ").filter((param) => param !== "");
    const given = params.map((param, index) => {
      const value = args[index] ?? 0;
      return param.startsWith("*") ? indexOf(value >>> 0) : value | 0;
    });
    const serve = this.#host[name as keyof HostImports] as (...args: number[]) => number | undefined;
    return (serve(...given) ?? 0) | 0;
  }

  put(address: number, bytes: Uint8Array | string): void {
    this.memory.set(Buffer.from(bytes), address - PROGRAM_RAM_ADDRESS);
  }

  get(address: number, sizeBytes: number): Buffer {
    return Buffer.from(this.memory.slice(address - PROGRAM_RAM_ADDRESS, address - PROGRAM_RAM_ADDRESS + sizeBytes));
  }
}

function indexOf(pointer: number): number {
  if (pointer === 0) return RAM_BYTES;
  return pointer < DATA ? 0xffffffff : pointer - PROGRAM_RAM_ADDRESS;
}
