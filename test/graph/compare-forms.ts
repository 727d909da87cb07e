/** A random graph as the optimiser leaves it beside the graph as its statements make it: both must do the same. */
import fc from "fast-check";
import { GraphStreamType } from "../../runtime/contract/graph-format.ts";
import { compileGraph, encodeGraph, GraphErrors, streamText } from "../../tools/graph/index.ts";
import { type GraphRecord, recordGraph } from "../../tools/graph/simulate/record-graph.ts";
import { parseMock, parseStimulus } from "../../tools/graph/simulate/stimulus.ts";
import { isCompilerMade, isSystem, typeOf } from "../../tools/graph/streams.ts";
import { type GraphCase, graphCase } from "./random-graph.ts";

export interface FormsTally {
  /** Graphs compared. */
  compared: number;
  /** Of these, those where a user's stream got something, or something was called. */
  active: number;
  /** Not graphs: too large, or against a rule of the language. */
  refused: number;
  /** They run in a circle, and were stopped at different places. */
  circles: number;
}

/** Compares as many graphs; throws with the smallest case that differs. */
export function compareForms(graphs: number, seed: number): FormsTally {
  const tally = { compared: 0, active: 0, refused: 0, circles: 0 };
  // A run that is refused does not count as one.
  fc.assert(
    fc.property(graphCase, (graph) => compareOne(graph, tally)),
    { numRuns: graphs, seed, maxSkipsPerRun: 100 },
  );
  return tally;
}

function compareOne(graph: GraphCase, tally: FormsTally): void {
  const plain = compiled(graph, false);
  const optimised = plain === undefined ? undefined : compiled(graph, true);
  if (plain === undefined || optimised === undefined) tally.refused++;
  fc.pre(plain !== undefined && optimised !== undefined);
  const [wanted, given] = [run(plain, graph), run(optimised, graph)];
  const isCircle = wanted.visitsLost > 0 || given.visitsLost > 0;
  if (isCircle) tally.circles++;
  fc.pre(!isCircle);
  tally.compared++;
  if (wanted.rpcs.length > 0 || wanted.readings.some(([, stream]) => isWritten(stream))) tally.active++;
  const difference = firstDifference(told(wanted), told(given));
  if (difference !== undefined) throw new Error(difference);
}

/** What one graph does otherwise when it is optimised; undefined = nothing. Throws where it is no graph. */
export function differenceOf(graph: GraphCase): string | undefined {
  const [plain, optimised] = [compiled(graph, false), compiled(graph, true)];
  if (plain === undefined || optimised === undefined) throw new Error("the compiler refuses the graph");
  return firstDifference(told(run(plain, graph)), told(run(optimised, graph)));
}

/** undefined: the compiler refuses it. */
function compiled({ source }: GraphCase, optimize: boolean): Uint8Array | undefined {
  try {
    return encodeGraph(compileGraph(source, { optimize }));
  } catch (error) {
    if (error instanceof GraphErrors) return undefined;
    throw error;
  }
}

function run(graph: Uint8Array, { seconds, stimuli, mocks }: GraphCase): GraphRecord {
  return recordGraph(graph, {
    seconds,
    stimuli: stimuli.map(parseStimulus),
    mocks: mocks.map(parseMock),
    wants: (stream) => !isCompilerMade(stream),
  });
}

/** By a node: inputs and what the system says of them come by themselves. */
function isWritten(stream: number): boolean {
  return typeOf(stream) !== GraphStreamType.Input && !isSystem(stream);
}

function told({ readings, rpcs, sent }: GraphRecord): string[] {
  return [
    ...readings.map(([timeS, stream, value]) => `${timeS} s ${streamText(stream)} = ${value}`),
    ...rpcs.map(([timeS, address, rpc, value]) => `${timeS} s call ${rpc} on ${address}: ${value}`),
    ...sent.map(([timeS, streamer, readings]) => `${timeS} s streamer ${streamer} sends ${readings}`),
  ];
}

function firstDifference(plain: readonly string[], optimised: readonly string[]): string | undefined {
  const at = plain.findIndex((line, index) => line !== optimised[index]);
  if (at < 0 && plain.length === optimised.length) return undefined;
  const around = (lines: readonly string[]) => lines.slice(Math.max(0, at < 0 ? plain.length - 2 : at - 2)).slice(0, 5);
  return `plain:     ${around(plain).join("; ")}\noptimised: ${around(optimised).join("; ")}`;
}
