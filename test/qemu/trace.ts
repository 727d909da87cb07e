/**
 * The state of QEMU's core before every instruction (`-d exec,cpu,nochain -singlestep`): all registers that QEMU prints,
 * by their names.
 */
import { runQemuProcess, type Segment } from "./process.ts";

const TIMEOUT_MS = 60_000;
const STATE_START = "\nPC=";

export interface QemuState {
  pc: number;
  a: Uint32Array;
  /** Special registers in upper case, as SAR, EPC1, EXCCAUSE. */
  special: Map<string, number>;
}

export interface QemuTrace {
  segments: readonly Segment[];
  /** Where the trace ends. A state is printed once the next instruction begins, so a jump to itself stands here. */
  endAddress: number;
  instructionsMax: number;
  timeoutMs?: number;
}

/** From the reset vector on. The last state is the one at `endAddress`. */
export async function traceQemu(run: QemuTrace): Promise<QemuState[]> {
  const states: QemuState[] = [];
  let isEnded = false;
  let isTooLong = false;
  await runQemuProcess({
    segments: run.segments,
    timeoutMs: run.timeoutMs ?? TIMEOUT_MS,
    flags: ["-d", "exec,cpu,nochain", "-singlestep"],
    readLog: (log, stop) => {
      let text = "";
      log.setEncoding("latin1");
      log.on("data", (chunk: string) => {
        if (isEnded || isTooLong) return;
        text += chunk;
        let start = text.indexOf(STATE_START);
        // A state is complete when the next one begins; the line "Trace" before it matches nothing in it.
        for (let next = text.indexOf(STATE_START, start + 1); next >= 0; next = text.indexOf(STATE_START, start + 1)) {
          const state = parseState(text.slice(start, next));
          states.push(state);
          start = next;
          isEnded = state.pc === run.endAddress;
          isTooLong = states.length > run.instructionsMax;
          if (isEnded || isTooLong) return stop();
        }
        text = text.slice(Math.max(start, 0));
      });
    },
  });
  if (!isEnded && !isTooLong) throw new Error("QEMU ended before the trace did");
  if (isTooLong && !isEnded) throw new Error(`not at its end after ${run.instructionsMax} instructions`);
  return states;
}

function parseState(text: string): QemuState {
  const a = new Uint32Array(16);
  const special = new Map<string, number>();
  let pc = 0;
  for (const [, name = "", digits = ""] of text.matchAll(/(\w+)=([0-9a-f]{8})/g)) {
    const value = Number.parseInt(digits, 16);
    const register = /^A(\d\d)$/.exec(name)?.[1];
    if (register !== undefined) a[Number(register)] = value;
    else if (name === "PC") pc = value;
    else if (!name.startsWith("AR")) special.set(name, value);
  }
  return { pc, a, special };
}
