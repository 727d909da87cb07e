/**
 * What a board ought to send: the graph in the engine that `tools/graph` runs, fed with the truth of the simulation instead of
 * sensors. Seconds are those of the graph: 1 is the first.
 */
import { GraphMachine } from "../../tools/graph/simulate/graph-machine.ts";
import { parseStream } from "../../tools/graph/streams.ts";

export interface Truth {
  /** What a call in second `atS` answers; undefined = nothing. */
  call: (address: number, rpc: number, atS: number) => number | undefined;
  /** Readings of inputs, in the order of their seconds: each comes behind the ticks of its second. */
  inputs?: readonly { atS: number; id: number; value: number }[];
}

export type Told = [atS: number, value: number][];

/** Readings of each stream that is pushed, by its name as "output 1". */
export function foretell(
  graph: Uint8Array,
  seconds: number,
  truth: Truth,
  streams: readonly string[],
): Map<string, Told> {
  const told = new Map<number, Told>();
  let nowS = 0;
  const machine = new GraphMachine(graph, {
    pushed: (stream, timeS, value) => {
      const before = told.get(stream);
      if (before === undefined) told.set(stream, [[timeS, value]]);
      else before.push([timeS, value]);
    },
    call: (address, rpc) => truth.call(address, rpc, nowS),
  });
  const waiting = [...(truth.inputs ?? [])];
  for (; nowS <= seconds; nowS++) {
    if (nowS > 0) machine.second();
    for (let next = waiting[0]; next?.atS === nowS; next = waiting[0]) {
      machine.stimulate(streamOf(`input ${next.id}`), next.value, nowS);
      waiting.shift();
    }
  }
  return new Map(streams.map((name) => [name, told.get(streamOf(name)) ?? []]));
}

export function streamOf(name: string): number {
  const stream = parseStream(name);
  if (stream === undefined) throw new Error(`no stream: ${name}`);
  return stream;
}

/** As the server names it. */
export function hexOf(name: string): string {
  return streamOf(name).toString(16).padStart(4, "0");
}
