/**
 * `lintel graph run`: a graph in virtual time on this computer, by the device's own engine with larger tables. A graph that no
 * device has room for runs too, with a warning.
 */
import type { Command } from "commander";
import {
  GRAPH_STREAM_BATTERY,
  GRAPH_STREAM_TICK_1,
  GRAPH_STREAM_TICK_2,
  GRAPH_STREAM_TICK_10S,
  GRAPH_STREAM_TICK_FAST,
} from "../../runtime/contract/graph-format.ts";
import { encodeGraph, type GraphModel, nodeText, streamText } from "../graph/index.ts";
import { GraphRefusedError } from "../graph/simulate/graph-machine.ts";
import { type GraphRecord, recordGraph, TooManyReadingsError } from "../graph/simulate/record-graph.ts";
import { type SimulationLosses, type SimulationOptions, simulateGraph } from "../graph/simulate/simulate-graph.ts";
import { GraphLineError, parseMock, parseStimulus, parseTimeS, parseWatch } from "../graph/simulate/stimulus.ts";
import { isCompilerMade, selects, slotText } from "../graph/streams.ts";
import { CommandError } from "./command-error.ts";
import { compileGraphFile } from "./compile-graph-file.ts";
import { shownGraph } from "./graph-files.ts";
import { parseCount } from "./option-values.ts";

interface RunFlags {
  seconds?: number;
  duration?: string;
  stimulus: string[];
  mock: string[];
  optimize: boolean;
  watch: string[];
  json: boolean;
}

const DEFAULT_SECONDS = 60;
/** The engine counts seconds in 32 bits. */
const SECONDS_MAX = 2 ** 32 - 1;

/** What the clock gives again and again: not in the table, unless it is watched. */
const CLOCK_STREAMS = new Set([
  ...[GRAPH_STREAM_BATTERY, GRAPH_STREAM_TICK_10S, GRAPH_STREAM_TICK_FAST, GRAPH_STREAM_TICK_1, GRAPH_STREAM_TICK_2],
]);

export function addGraphRunCommand(graph: Command): void {
  const several = (value: string, before: string[]) => [...before, value];
  graph
    .command("run")
    .description("run a graph in virtual time, and print what its streams got and what it called")
    .argument("<file>", "graph, or - for standard input")
    .option("--seconds <count>", `seconds that pass (default: ${DEFAULT_SECONDS})`, parseCount(0, SECONDS_MAX))
    .option("--duration <time>", 'time that passes, as "2 hours"')
    .option("--stimulus <line>", 'a reading of an input, as "1 minute: system input 1025 = 8"; repeatable', several, [])
    .option("--mock <line>", 'what a call answers, as "slot 1:0x8000 = 5", or "= fail"; repeatable', several, [])
    .option("--no-optimize", "run every node that the statements make")
    .option(
      "--watch <stream>",
      'print the readings of this stream only, as "output 5" or "all outputs"; repeatable',
      several,
      [],
    )
    .option("--json", "print nodes, readings, rpcs and streamers as one line of JSON", false)
    .addHelpText("after", "\nCalls that are not mocked answer 1, 2, 3 ...\n")
    .action((file: string, flags: RunFlags) => run(file, flags));
}

function run(name: string, flags: RunFlags): void {
  const options = optionsOf(flags);
  const watched = orCommandError(() => flags.watch.map(parseWatch));
  const { file, model } = compileGraphFile(name, flags.optimize, "computer");
  tellBeyondDevice(file, model);
  const graph = encodeGraph(model);
  if (!flags.json) return tellLosses(printRun(graph, options, watched));
  const wants = watched.length > 0 ? (stream: number) => isWatched(watched, stream) : isUserVisible;
  const record = orCommandError(() => recordGraph(graph, { ...options, wants }));
  const nodes = model.listed.flatMap((index) => model.nodes[index] ?? []).map(nodeText);
  console.log(JSON.stringify({ nodes, ...factsOf(record) }));
  tellLosses(record);
}

function optionsOf({ seconds, duration, stimulus, mock }: RunFlags): SimulationOptions {
  if (seconds !== undefined && duration !== undefined) throw new CommandError("--seconds and --duration say the same");
  return orCommandError(() => ({
    seconds: duration === undefined ? (seconds ?? DEFAULT_SECONDS) : parseTimeS(duration),
    stimuli: stimulus.map(parseStimulus),
    mocks: mock.map(parseMock),
  }));
}

function isWatched(watched: readonly number[], stream: number): boolean {
  return watched.some((selector) => selects(selector, stream));
}

/** Streams that the graph's author knows: the compiler's own are not among them. */
function isUserVisible(stream: number): boolean {
  return !isCompilerMade(stream);
}

function factsOf({ readings, rpcs, sent, visitsLost, readingsLost }: GraphRecord) {
  return {
    readings: readings.map(([timeS, stream, value]) => [timeS, streamText(stream), value]),
    rpcs,
    streamers: sent,
    ...{ visitsLost, readingsLost },
  };
}

function printRun(graph: Uint8Array, options: SimulationOptions, watched: readonly number[]): SimulationLosses {
  const isShown = (stream: number) =>
    watched.length > 0 ? isWatched(watched, stream) : isUserVisible(stream) && !CLOCK_STREAMS.has(stream);
  const width = String(options.seconds).length;
  const print = (timeS: number, what: string) => console.log(`${String(timeS).padStart(width)} s  ${what}`);
  return orCommandError(() =>
    simulateGraph(graph, options, {
      reading: (timeS, stream, value) => {
        if (isShown(stream)) print(timeS, `${streamText(stream)} = ${value}`);
      },
      call: (timeS, address, rpc, value) => {
        const answer = value === null ? "no answer" : String(value);
        print(timeS, `call 0x${rpc.toString(16)} on ${slotText(address)}: ${answer}`);
      },
      sent: (timeS, streamer, readings) => print(timeS, `streamer ${streamer} sends ${readings}`),
    }),
  );
}

function tellBeyondDevice(file: string, { beyondDevice }: GraphModel): void {
  for (const { line, column, message } of beyondDevice) {
    console.error(`lintel: warning: ${shownGraph(file)}:${line}:${column}: ${message}: it runs here only`);
  }
}

function tellLosses({ visitsLost, readingsLost }: SimulationLosses): void {
  if (visitsLost > 0) {
    console.error(`lintel: warning: the graph runs in a circle: ${visitsLost} visits of nodes were left out`);
  }
  if (readingsLost > 0) console.error(`lintel: warning: ${readingsLost} readings were dropped for want of room`);
}

function orCommandError<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    const isUsers = [GraphLineError, GraphRefusedError, TooManyReadingsError].some((type) => error instanceof type);
    throw isUsers ? new CommandError((error as Error).message) : error;
  }
}
