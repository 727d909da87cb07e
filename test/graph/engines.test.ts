/**
 * The engine as WebAssembly, as machine code on the emulated chip, and in the simulator: the same graphs do the same in
 * all three. Its size on the chip is bounded here.
 */
import { beforeAll, describe, expect, test } from "vitest";
import { GraphRefusal } from "../../runtime/contract/graph-format.ts";
import { recordGraph } from "../../tools/graph/simulate/record-graph.ts";
import { parseMock, parseStimulus } from "../../tools/graph/simulate/stimulus.ts";
import { GraphOnChip } from "../bench/graph/graph-on-chip.ts";
import { TestProgram } from "../device/test-program.ts";
import { type EngineProgram, runOnProgram } from "./engine-run.ts";
import { compileOriginal, DIFFERENCES_FOLDER, FORMS, ORIGINAL_FOLDER, readOriginals } from "./original.ts";

const NAMES = [
  ...["breadth-first", "call-result-chain", "config-kinds", "copy-all-of-buffered", "copy-count-of-counter", "diamond"],
  ...["four-standard-clocks", "latch-nested", "on-and-counter", "product", "streamers-several", "subtract-two"],
  ...[
    "tick-1-and-tick-2",
    "when-connected-two-clocks",
    "or-second-fires",
    "copy-all-of-counter",
    "negative-difference",
  ],
];
const SECONDS_MAX = 130;
/** The test program's calls have no answer there. */
const SILENT = ["0x8000", "0x8001"].map((rpc) => `slot 31:${rpc} = fail`);
const CALL = 0x80000000;
const ENGINE_MAX_BYTES = 6 * 1024;
/** Engine, streamers and clock; the graph itself is the product's. */
const ENGINE_MAX_RAM_BYTES = 2560;

describe("the graph engine", () => {
  let wasm: EngineProgram;
  let chip: GraphOnChip;
  const originals = [...readOriginals(ORIGINAL_FOLDER), ...readOriginals(DIFFERENCES_FOLDER)];

  beforeAll(async () => {
    const program = await TestProgram.compile("graph-engine");
    wasm = {
      take: (graph) => {
        program.write(program.call("input"), graph);
        return program.call("take", graph.length);
      },
      call: (name, ...args) => program.call(name, ...args) >>> 0,
      read: (address, length) => program.read(address, length),
    };
    chip = await GraphOnChip.compile();
  }, 120_000);

  test.each(NAMES.flatMap((name) => FORMS.map((form) => [name, form] as const)))("%s, %s", (name, form) => {
    const original = originals.find((each) => each.name === name);
    if (original === undefined) throw new Error(`there is no ${name}.sgf`);
    const graph = compileOriginal(original, form);
    const seconds = Math.min(original.seconds, SECONDS_MAX);
    const onWasm = runOnProgram(wasm, graph, seconds, original.stimuli);
    expect(runOnProgram(chip, graph, seconds, original.stimuli)).toEqual(onWasm);
    const stimuli = original.stimuli.map(parseStimulus);
    const simulated = recordGraph(graph, { seconds, stimuli, mocks: SILENT.map(parseMock), wants: () => true });
    expect(onWasm.filter(([kind = 0]) => kind < CALL)).toEqual(
      simulated.readings.map(([s, stream, value]) => [stream, s, value]),
    );
    const calls = simulated.rpcs.filter(([, , , value]) => value !== null);
    expect(onWasm.filter(([kind = 0]) => kind >= CALL)).toEqual(
      calls.map(([timeS, address, rpc, value]) => [CALL + address * 0x10000 + rpc, timeS, value]),
    );
  });

  test("refuses on the chip what is no graph", () => {
    expect(chip.take(new Uint8Array(16))).toBe(GraphRefusal.Format);
    expect(chip.take(new Uint8Array(0))).toBe(GraphRefusal.Length);
  });

  test("is small", () => {
    // With the test program around it.
    expect(chip.module.image.length).toBeLessThan(ENGINE_MAX_BYTES);
    expect(chip.call("heap_used")).toBeLessThan(ENGINE_MAX_RAM_BYTES);
  });
});
