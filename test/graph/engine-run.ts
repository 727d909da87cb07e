/** Runs a graph on test/programs/graph-engine, wherever that runs, as `lintel graph run` would without mocks. */
import { GraphRefusal } from "../../runtime/contract/graph-format.ts";
import { parseStimulus } from "../../tools/graph/simulate/stimulus.ts";

/** The program in some engine. */
export interface EngineProgram {
  take(graph: Uint8Array): GraphRefusal;
  call(name: string, ...args: number[]): number;
  read(address: number, length: number): Uint8Array;
}

const RECORD_BYTES = 12;

/** Kind, time and value of everything that it pushed and called, in order. */
export function runOnProgram(
  program: EngineProgram,
  graph: Uint8Array,
  seconds: number,
  stimuli: string[],
): number[][] {
  const refusal = program.take(graph);
  if (refusal !== GraphRefusal.None) throw new Error(`the graph is refused: ${GraphRefusal[refusal]}`);
  const waiting = stimuli.map(parseStimulus);
  const records: number[][] = [];
  for (let second = 0; second <= seconds; second++) {
    for (const { atS, stream, value } of waiting) if (atS === second) program.call("stimulate", stream, value, second);
    if (second > 0) program.call("second");
    drain();
  }
  return records;

  function drain(): void {
    const count = program.call("outputCount");
    const bytes = program.read(program.call("output"), count * RECORD_BYTES);
    const view = new DataView(bytes.buffer, bytes.byteOffset);
    for (let at = 0; at < bytes.length; at += RECORD_BYTES) {
      records.push([view.getUint32(at, true), view.getUint32(at + 4, true), view.getInt32(at + 8, true)]);
    }
  }
}
