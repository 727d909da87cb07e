/** Calls functions of a program of the LX106 under QEMU: results, exceptions, memory, and how many instructions each took. */
import type { Readable } from "node:stream";
import {
  buildDriver,
  CALL_RECORD_BYTES,
  CALLS_ADDRESS,
  CallStatus,
  CallWord,
  DUMPS_ADDRESS,
  REGISTER_WORDS,
  RESET_ADDRESS,
  STACK_WORDS,
} from "./driver.ts";
import { runQemuProcess, type Segment } from "./process.ts";

/** At the end of the data RAM, where the chip has its stack too. */
const STACK_ADDRESS = 0x3fffff00;
const TIMEOUT_MS = 30_000;
const CALLS_MAX = (DUMPS_ADDRESS - CALLS_ADDRESS) / CALL_RECORD_BYTES;
const NEWLINE = 10;
const SLASH = 47;
const ADDRESS_DIGITS = 8;

export interface QemuCall {
  entry: number;
  /** Words: the first six in a2 to a7, the others on the stack. */
  args?: readonly number[];
}

export interface QemuOutcome {
  /** After the call, a2 to a7 and then the words from the stack pointer on: what a result of several words takes. */
  words: Uint32Array;
  exception?: { cause: number; epc1: number; excvaddr: number };
  /** Executed by the call; with `isCounted` only. An instruction that raises an exception is counted too. */
  instructions?: number;
}

export interface QemuCalls {
  segments: readonly Segment[];
  calls: readonly QemuCall[];
  /** Memory to give back after the last call. */
  dumps?: readonly { address: number; sizeBytes: number }[];
  /** Counting takes a microsecond an instruction. */
  isCounted?: boolean;
  timeoutMs?: number;
}

export interface QemuResult {
  outcomes: QemuOutcome[];
  dumps: Uint8Array[];
}

/** All calls in one run, in order, on the same memory. A call that raises an exception ends, and the next one follows. */
export async function runCalls(run: QemuCalls): Promise<QemuResult> {
  const { calls, dumps = [], isCounted = false, timeoutMs = TIMEOUT_MS } = run;
  if (calls.length > CALLS_MAX) throw new Error(`${calls.length} calls, at most ${CALLS_MAX} fit into a run`);
  const driver = buildDriver(calls.length, STACK_ADDRESS);
  const records = { address: CALLS_ADDRESS, sizeBytes: calls.length * CALL_RECORD_BYTES };
  const wanted = [records, ...dumps];
  const segments = [...run.segments, ...driver.segments, callRecords(calls), dumpList(wanted)];
  let counts: number[] | undefined;
  const output = await runQemuProcess({
    segments,
    timeoutMs,
    ...(isCounted && {
      flags: ["-d", "exec,nochain", "-singlestep"],
      readLog: (log) => {
        counts = countByCall(log, driver.callAddress);
      },
    }),
  });
  const pieces: Uint8Array[] = [];
  let offset = 0;
  for (const { sizeBytes } of wanted) {
    pieces.push(output.subarray(offset, offset + sizeBytes));
    offset += sizeBytes;
  }
  if (output.length !== offset) throw new Error(`QEMU wrote ${output.length} bytes, ${offset} were asked for`);
  const [answers = new Uint8Array(), ...memory] = pieces;
  return { outcomes: calls.map((_, index) => outcomeOf(answers, index, counts?.[index])), dumps: memory };
}

function callRecords(calls: readonly QemuCall[]): Segment {
  const bytes = new Uint8Array(Math.max(1, calls.length) * CALL_RECORD_BYTES);
  const view = new DataView(bytes.buffer);
  for (const [index, { entry, args = [] }] of calls.entries()) {
    if (args.length > REGISTER_WORDS + STACK_WORDS) throw new Error(`${args.length} words of arguments are too many`);
    const record = index * CALL_RECORD_BYTES;
    view.setUint32(record + 4 * CallWord.Entry, entry, true);
    for (const [word, value] of args.entries()) view.setUint32(record + 4 * (CallWord.Registers + word), value, true);
  }
  return { address: CALLS_ADDRESS, bytes };
}

function dumpList(wanted: readonly { address: number; sizeBytes: number }[]): Segment {
  const bytes = new Uint8Array(8 * (wanted.length + 1));
  const view = new DataView(bytes.buffer);
  for (const [index, { address, sizeBytes }] of wanted.entries()) {
    view.setUint32(8 * index, address, true);
    view.setUint32(8 * index + 4, sizeBytes, true);
  }
  return { address: DUMPS_ADDRESS, bytes };
}

function outcomeOf(records: Uint8Array, index: number, instructions: number | undefined): QemuOutcome {
  const view = new DataView(records.buffer, records.byteOffset + index * CALL_RECORD_BYTES, CALL_RECORD_BYTES);
  const word = (at: number) => view.getUint32(4 * at, true);
  const outcome: QemuOutcome = {
    words: Uint32Array.from({ length: REGISTER_WORDS + STACK_WORDS }, (_, at) => word(CallWord.Registers + at)),
    ...(instructions !== undefined && { instructions }),
  };
  const status = word(CallWord.Status);
  if (status === CallStatus.Returned) return outcome;
  if (status !== CallStatus.Exception) throw new Error(`QEMU did not make call ${index}`);
  const exception = { cause: word(CallWord.ExcCause), epc1: word(CallWord.Epc1), excvaddr: word(CallWord.ExcVaddr) };
  return { ...outcome, exception };
}

/**
 * Counts lines of `-d exec -singlestep`, one an instruction: `Trace 0: 0x7fafbc000100 [00000000/50000004/...`, where the
 * second number in brackets is its address. What runs in the driver's own memory is not counted.
 */
function countByCall(log: Readable, callAddress: number): number[] {
  const counts: number[] = [];
  const callDigits = callAddress.toString(16).padStart(ADDRESS_DIGITS, "0");
  const ownDigit = RESET_ADDRESS.toString(16).charCodeAt(0);
  let rest: Buffer = Buffer.alloc(0);
  let call = -1;
  log.on("data", (chunk: Buffer) => {
    const bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    let start = 0;
    for (let end = bytes.indexOf(NEWLINE); end >= 0; end = bytes.indexOf(NEWLINE, start)) {
      const address = bytes.indexOf(SLASH, start) + 1;
      if (bytes[address] !== ownDigit) counts[call] = (counts[call] ?? 0) + 1;
      else if (bytes.toString("latin1", address, address + ADDRESS_DIGITS) === callDigits) counts[++call] = 0;
      start = end + 1;
    }
    rest = bytes.subarray(start);
  });
  return counts;
}
