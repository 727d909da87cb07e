/**
 * `bench graph`: what the engine of sensor graphs costs. A graph as large as a device takes (graph/busy.sgf) runs with a tick
 * a second on the emulated chip, whose instructions are counted exactly; the mask ROM's count as none. Its share of the chip
 * is that of cycles at 80 MHz, by the chip's model of cycles, which is no silicon. The same graph then runs in the simulator
 * of `lintel graph run`, where time counts.
 */

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { GraphRefusal } from "../../runtime/contract/graph-format.ts";
import { GRAPH_NODES_MAX } from "../../runtime/contract/graph-limits.ts";
import { PACKAGE_ROOT } from "../../tools/build/package-root.ts";
import { compileGraph, encodeGraph } from "../../tools/graph/index.ts";
import { simulateGraph } from "../../tools/graph/simulate/simulate-graph.ts";
import { parseStimulus } from "../../tools/graph/simulate/stimulus.ts";
import { GraphOnChip } from "./graph/graph-on-chip.ts";

export const GRAPH_HELP = `Usage: npm run bench -- graph [options]

  --json   one line of JSON, the table on standard error
`;

const SOURCE = "test/bench/graph/busy.sgf";
/** Opens the graph's gate. */
const OPENING = parseStimulus("1 system input 1025 = 8");
const CHIP_SECONDS = 3600;
const SIMULATED_SECONDS = 100_000;
const ATTEMPTS = 3;
const CHIP_HZ = 80_000_000;

interface GraphFigures {
  nodes: number;
  graphBytes: number;
  /** The engine with the small program around it. */
  imageBytes: number;
  ramBytes: number;
  visitsPerSecond: number;
  instructionsPerVisit: number;
  instructionsPerSecond: number;
  /** Seconds of the graph that the chip could do in one. */
  chipTicksPerSecond: number;
  chipSharePercent: number;
  /** The dearest second. */
  longestSecondMs: number;
  simulatedSecondsPerSecond: number;
}

export async function benchGraph(args: string[]): Promise<void> {
  const { values } = parseArgs({ args, options: { json: { type: "boolean", default: false } } });
  const model = compileGraph(readFileSync(join(PACKAGE_ROOT, SOURCE), "utf8"), { file: SOURCE, optimize: true });
  if (model.nodes.length !== GRAPH_NODES_MAX)
    throw new Error(`${SOURCE} has ${model.nodes.length} nodes, not the most`);
  const graph = encodeGraph(model);
  const figures = {
    nodes: model.nodes.length,
    graphBytes: graph.length,
    ...(await measureOnChip(graph)),
    simulatedSecondsPerSecond: Math.round(Math.max(...Array.from({ length: ATTEMPTS }, () => simulatedSpeed(graph)))),
  };
  (values.json ? process.stderr : process.stdout).write(table(figures));
  if (values.json) process.stdout.write(`${JSON.stringify(figures)}\n`);
}

async function measureOnChip(graph: Uint8Array) {
  const chip = await GraphOnChip.compile("translated");
  const ramBytes = chip.call("heap_used");
  const refusal = chip.take(graph);
  if (refusal !== GraphRefusal.None) throw new Error(`the engine refuses ${SOURCE}: ${GraphRefusal[refusal]}`);
  chip.call("stimulate", OPENING.stream, OPENING.value, OPENING.atS);
  const [visits, instructions, cycles] = [chip.call("visits"), chip.instructions, chip.cycles];
  let longest = 0;
  for (let second = 0; second < CHIP_SECONDS; second++) {
    const before = chip.cycles;
    chip.call("second");
    longest = Math.max(longest, chip.cycles - before);
    // The calls of the measurement itself are some tens of instructions.
    chip.call("outputCount");
    if (chip.call("visitsLost") > 0) throw new Error(`${SOURCE} runs in a circle`);
  }
  const instructionsPerSecond = (chip.instructions - instructions) / CHIP_SECONDS;
  const visitsPerSecond = (chip.call("visits") - visits) / CHIP_SECONDS;
  const cyclesPerSecond = (chip.cycles - cycles) / CHIP_SECONDS;
  return {
    imageBytes: chip.module.image.length,
    ramBytes,
    visitsPerSecond: rounded(visitsPerSecond, 1),
    instructionsPerVisit: Math.round(instructionsPerSecond / visitsPerSecond),
    instructionsPerSecond: Math.round(instructionsPerSecond),
    chipTicksPerSecond: Math.round(CHIP_HZ / cyclesPerSecond),
    chipSharePercent: rounded((100 * cyclesPerSecond) / CHIP_HZ, 4),
    longestSecondMs: rounded((1000 * longest) / CHIP_HZ, 2),
  };
}

function simulatedSpeed(graph: Uint8Array): number {
  const startMs = performance.now();
  const events = { reading: () => {}, call: () => {} };
  simulateGraph(graph, { seconds: SIMULATED_SECONDS, stimuli: [OPENING] }, events);
  return (1000 * SIMULATED_SECONDS) / (performance.now() - startMs);
}

function rounded(value: number, digits: number): number {
  return Number(value.toFixed(digits));
}

function table(figures: GraphFigures): string {
  const row = (name: string, value: string) => `${name.padEnd(34)}${value.padStart(16)}\n`;
  const [share, longest] = [`${figures.chipSharePercent} %`, `${figures.longestSecondMs} ms`];
  return [
    row("nodes, of which a second visits", `${figures.nodes}, ${figures.visitsPerSecond}`),
    row("graph, bytes", `${figures.graphBytes}`),
    row("engine on the chip, bytes", `${figures.imageBytes}`),
    row("RAM, bytes", `${figures.ramBytes}`),
    row("instructions a visit", `${figures.instructionsPerVisit}`),
    row("instructions a second", `${figures.instructionsPerSecond}`),
    row("seconds that the chip does in one", `${figures.chipTicksPerSecond}`),
    row("share of the chip at 80 MHz", share),
    row("dearest second", longest),
    row("seconds simulated in one", `${figures.simulatedSecondsPerSecond}`),
  ].join("");
}
