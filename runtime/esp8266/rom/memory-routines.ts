/**
 * newlib's block routines in the mask ROM, and the SDK's names for them (ets_*), which are entry points of their own. The
 * real memcpy copies upwards; ours reads everything first, which shows only where ranges overlap, and there memcpy
 * promises nothing.
 */
import type { RoutineContext } from "../bus.ts";
import { EmulatorError, hex } from "../emulator-error.ts";
import * as cycles from "./rom-cycles.ts";
import { misuse, type RomRoutine } from "./rom-routine.ts";

const WORD_BYTES = 4;
/** No part of the address space is larger: a longer block runs into nothing on the chip as well. */
const BLOCK_MAX_BYTES = 0x100000;

export const MEMORY_ROUTINES: RomRoutine[] = [
  { name: "memcpy", address: 0x4000df48, resultWords: 1, run: copy },
  { name: "ets_memcpy", address: 0x400018b4, resultWords: 1, run: copy },
  { name: "memmove", address: 0x4000e04c, resultWords: 1, run: copy },
  { name: "ets_memmove", address: 0x400018c4, resultWords: 1, run: copy },
  { name: "memset", address: 0x4000e190, resultWords: 1, run: fill },
  { name: "ets_memset", address: 0x400018a4, resultWords: 1, run: fill },
  { name: "bzero", address: 0x4000de84, resultWords: 0, run: zero },
  { name: "ets_bzero", address: 0x40002ae8, resultWords: 0, run: zero },
  { name: "memcmp", address: 0x4000dea8, resultWords: 1, run: compare },
  { name: "ets_memcmp", address: 0x400018d4, resultWords: 1, run: compare },
];

/** The first argument, the destination, is also the result: it stays in a2. */
function copy(core: RoutineContext): void {
  const target = core.argument(0);
  const source = core.argument(1);
  const sizeBytes = core.argument(2);
  write(core, target, read(core, source, sizeBytes));
  const isAligned = ((target | source) & (WORD_BYTES - 1)) === 0;
  core.spend(
    cycles.MEMORY_BASE_CYCLES +
      words(sizeBytes) * (isAligned ? cycles.COPY_WORD_CYCLES : cycles.COPY_UNALIGNED_WORD_CYCLES),
  );
}

function fill(core: RoutineContext): void {
  fillBytes(core, core.argument(0), core.argument(1), core.argument(2));
}

function zero(core: RoutineContext): void {
  fillBytes(core, core.argument(0), 0, core.argument(1));
}

function fillBytes(core: RoutineContext, address: number, value: number, sizeBytes: number): void {
  checkSize(core, sizeBytes);
  write(core, address, new Uint8Array(sizeBytes).fill(value));
  core.spend(cycles.MEMORY_BASE_CYCLES + words(sizeBytes) * cycles.FILL_WORD_CYCLES);
}

/** The difference of the first bytes that differ. */
function compare(core: RoutineContext): void {
  const sizeBytes = core.argument(2);
  const left = read(core, core.argument(0), sizeBytes);
  const right = read(core, core.argument(1), sizeBytes);
  let index = 0;
  while (index < sizeBytes && left[index] === right[index]) index++;
  core.setResult(0, (left[index] ?? 0) - (right[index] ?? 0));
  core.spend(cycles.MEMORY_BASE_CYCLES + index * cycles.COMPARE_BYTE_CYCLES);
}

function words(sizeBytes: number): number {
  return Math.ceil(sizeBytes / WORD_BYTES);
}

function read(core: RoutineContext, address: number, sizeBytes: number): Uint8Array {
  checkSize(core, sizeBytes);
  if (sizeBytes === 0) return new Uint8Array(0);
  return inMemory(core, address, sizeBytes, () => core.memory.readBytes(address, sizeBytes));
}

function write(core: RoutineContext, address: number, bytes: Uint8Array): void {
  if (bytes.length > 0) inMemory(core, address, bytes.length, () => core.memory.writeBytes(address, bytes));
}

/** Where there is no memory the real routine raises an exception somewhere on its way; here the caller is told at once. */
function inMemory<T>(core: RoutineContext, address: number, sizeBytes: number, access: () => T): T {
  try {
    return access();
  } catch (error) {
    if (!(error instanceof EmulatorError)) throw error;
    throw misuse(core, "A block routine", `there is no memory of ${sizeBytes} bytes at ${hex(address)}`);
  }
}

function checkSize(core: RoutineContext, sizeBytes: number): void {
  if (sizeBytes > BLOCK_MAX_BYTES) throw misuse(core, "A block routine", `a block of ${sizeBytes} bytes is too large`);
}
