/**
 * The run of a module, compiled without the mask ROM, under QEMU's lx106. All calls are made in one process; what the
 * module logs is written to memory by native code and read back at the end.
 */
import {
  FLASH_MAP_ADDRESS,
  HOST_IMAGE_SLOT,
  HOST_TABLE_SLOTS,
  NativeImageWord,
  PROGRAM_RAM_ADDRESS,
} from "../../runtime/contract/native-image.ts";
import { compileModule, type NativeModule } from "../../tools/aot/compile-module.ts";
import { type ValType, wordsOf } from "../../tools/aot/read/module.ts";
import { Assembler, Label } from "../../tools/lx106/assembler.ts";
import { type InterfaceItem, interfaceOf } from "../native/interface-of.ts";
import type { Outcome } from "../native/program.ts";
import { valuesFromWords, type WasmValue, wordsOfValues } from "../native/wasm-values.ts";
import { type QemuOutcome, runCalls as runCallsUnderQemu } from "../qemu/run-calls.ts";
import { type Call, logEntry, type Run } from "./run.ts";

/** RAM of QEMU's machine `sim` that its driver (test/qemu/driver.ts) leaves alone. */
const MEMORY_ADDRESS = 0x3ff80000;
const MEMORY_MAX_BYTES = 2 * 65536;
const GLOBALS_ADDRESS = PROGRAM_RAM_ADDRESS + 0x100;
const GLOBALS_MAX_BYTES = 0x4000;
const LOG_CODE_ADDRESS = 0x50010000;
/** One word: where the next entry goes. Entries: number of the import, then its arguments as words. */
const LOG_ADDRESS = 0x63000000;
const LOG_MAX_BYTES = 0x40000;
const WORD_BYTES = 4;
const FIRST_WORD_REGISTER = 2;
const ILLEGAL_INSTRUCTION = 0;
const [A0, A8, A9, A10] = [0, 8, 9, 10] as const;

export async function runUnderQemu(wasm: Uint8Array, calls: readonly Call[], checked: boolean): Promise<Run> {
  const imports = interfaceOf(wasm).imports.filter(({ kind }) => kind === "function");
  const native = compileModule(wasm, {
    memoryAddress: MEMORY_ADDRESS,
    memoryMaxBytes: MEMORY_MAX_BYTES,
    globalsAddress: GLOBALS_ADDRESS,
    hostSlot: (module, name) => {
      const slot = imports.findIndex((item) => item.module === module && item.name === name);
      return slot < 0 ? undefined : slot;
    },
    checked,
    useRom: false,
  });
  const header = new DataView(native.image.buffer, native.image.byteOffset);
  const functions = calls.map(({ name }) => functionOf(native, name));
  const { outcomes, dumps } = await runCallsUnderQemu({
    segments: [{ address: FLASH_MAP_ADDRESS, bytes: native.image }, ...logSegments(imports)],
    calls: [
      { entry: FLASH_MAP_ADDRESS + header.getUint32(WORD_BYTES * NativeImageWord.Init, true) },
      ...calls.map(({ args }, index) => ({
        entry: FLASH_MAP_ADDRESS + (functions[index]?.offset as number),
        args: wordsOfValues(args),
      })),
    ],
    dumps: [
      { address: MEMORY_ADDRESS, sizeBytes: MEMORY_MAX_BYTES },
      { address: GLOBALS_ADDRESS, sizeBytes: GLOBALS_MAX_BYTES },
      { address: LOG_ADDRESS, sizeBytes: LOG_MAX_BYTES },
    ],
  });
  const [memory = new Uint8Array(), globals = new Uint8Array(), log = new Uint8Array()] = dumps;
  return {
    outcomes: outcomes.map((outcome, index) => explain(native, outcome, functions[index - 1]?.results ?? [])),
    log: readLog(log, imports),
    globals: readGlobals(native, globals),
    memory,
  };
}

function functionOf(native: NativeModule, name: string): { offset: number; results: ValType[] } {
  const item = native.exports.get(name);
  if (item?.kind !== "function") throw new Error(`there is no exported function "${name}"`);
  return item;
}

function explain(native: NativeModule, { words, exception }: QemuOutcome, results: ValType[]): Outcome {
  if (exception === undefined) {
    let word = 0;
    return { kind: "returned", values: valuesFromWords(results, () => words[word++] as number) };
  }
  const site = native.trapSites.find(({ offset }) => FLASH_MAP_ADDRESS + offset === exception.epc1);
  if (exception.cause === ILLEGAL_INSTRUCTION && site !== undefined) return { kind: "trapped", trap: site.trap };
  const { cause, epc1, excvaddr } = exception;
  return { kind: "crashed", what: `exception ${cause} at 0x${epc1.toString(16)}, address 0x${excvaddr.toString(16)}` };
}

function readGlobals(native: NativeModule, bytes: Uint8Array): Map<string, WasmValue> {
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  const values = new Map<string, WasmValue>();
  for (const [name, item] of native.exports) {
    if (item.kind !== "global") continue;
    const { address, constant } = item;
    let word = 0;
    const next = () =>
      address === undefined
        ? (constant?.[word++] ?? 0)
        : view.getUint32(address - GLOBALS_ADDRESS + WORD_BYTES * word++, true);
    for (const value of valuesFromWords([item.type], next)) values.set(name, value);
  }
  return values;
}

/** The host's table, and for each import a routine that appends its number and its arguments to the log. */
function logSegments(imports: readonly InterfaceItem[]): { address: number; bytes: Uint8Array }[] {
  const table = new DataView(new ArrayBuffer(WORD_BYTES * HOST_TABLE_SLOTS));
  table.setUint32(WORD_BYTES * HOST_IMAGE_SLOT, FLASH_MAP_ADDRESS, true);
  const code = new Assembler(LOG_CODE_ADDRESS);
  code.pool();
  const labels = imports.map(({ name }) => new Label(name));
  for (const [slot, { signature }] of imports.entries()) {
    code.align(WORD_BYTES);
    code.place(labels[slot] as Label);
    code.loadLiteral(A8, LOG_ADDRESS);
    code.emit("l32i", A9, A8, 0);
    code.emit("movi", A10, slot);
    code.emit("s32i", A10, A9, 0);
    const words = wordsOf(signature.params);
    for (let word = 0; word < words; word++) code.emit("s32i", FIRST_WORD_REGISTER + word, A9, WORD_BYTES * (word + 1));
    code.emit("addi", A9, A9, WORD_BYTES * (words + 1));
    code.emit("s32i", A9, A8, 0);
    code.emit("jx", A0);
  }
  const { bytes, addressOf } = code.finish();
  for (const [slot, label] of labels.entries()) table.setUint32(WORD_BYTES * slot, addressOf(label), true);
  const first = new DataView(new ArrayBuffer(WORD_BYTES));
  first.setUint32(0, LOG_ADDRESS + WORD_BYTES, true);
  return [
    { address: PROGRAM_RAM_ADDRESS, bytes: new Uint8Array(table.buffer) },
    { address: LOG_CODE_ADDRESS, bytes },
    { address: LOG_ADDRESS, bytes: new Uint8Array(first.buffer) },
  ];
}

function readLog(bytes: Uint8Array, imports: readonly InterfaceItem[]): string[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  const end = view.getUint32(0, true) - LOG_ADDRESS;
  if (end > LOG_MAX_BYTES) throw new Error(`${end} bytes of log`);
  const entries: string[] = [];
  let at = WORD_BYTES;
  const next = () => {
    at += WORD_BYTES;
    return view.getUint32(at - WORD_BYTES, true);
  };
  while (at < end) {
    const { name, signature } = imports[next()] as InterfaceItem;
    entries.push(logEntry(name, valuesFromWords(signature.params, next)));
  }
  return entries;
}
