/**
 * Bytes that are no graph, and graphs that were damaged, in the engine: it never traps and never hangs, and what it takes
 * it can run; the reader of the PC takes and refuses the same. One seed, so that a failure repeats; the message of a failed expectation is the input.
 */

import { beforeAll, describe, expect, test } from "vitest";
import { SeededRandom } from "../../runtime/board/random.ts";
import { GRAPH_NO_STREAM, GraphRefusal } from "../../runtime/contract/graph-format.ts";
import { GRAPH_MAX_BYTES, GRAPH_READINGS_MAX, GRAPH_VISITS_MAX } from "../../runtime/contract/graph-limits.ts";
import { decodeGraph, GraphRefused } from "../../tools/graph/binary/decode.ts";
import { TestProgram } from "../device/test-program.ts";

const SEED = 7;
const ROUNDS = 20_000;
const SECONDS = 20;
const STREAM_TYPES = 6;
/** Few ids, so that nodes read what others write; the last one is copied to an output. */
const IDS = [0, 1, 2, 3, 0x802, 0x803, 0xc00];
/** Pushes of one input: what comes in, its copy, one of each visit, and what the last one copies at most. */
const PUSHES_MAX = 2 + GRAPH_VISITS_MAX + GRAPH_READINGS_MAX;

describe("the graph engine", () => {
  let program: TestProgram;
  beforeAll(async () => {
    program = await TestProgram.compile("graph-engine");
  });

  function take(graph: Uint8Array): GraphRefusal {
    program.write(program.call("input"), graph);
    return program.call("take", graph.length);
  }

  function run(random: SeededRandom, name: string): void {
    for (let second = 1; second <= SECONDS; second++) {
      const before = program.call("recordCount");
      program.call("stimulate", randomStream(random, 3), random.integer(-5, 5), second);
      program.call("second");
      // A second has one stimulus, five inputs of the clock, and a call before what it answers.
      expect(program.call("recordCount") - before, name).toBeLessThanOrEqual(6 * 2 * PUSHES_MAX);
      program.call("sent", below(random, 8), below(random, 3));
      program.call("ready");
    }
  }

  test(`${ROUNDS} random graphs, damaged or not`, () => {
    const random = new SeededRandom(SEED);
    const refusals = new Set<GraphRefusal>();
    let taken = 0;
    let lostVisits = 0;
    for (let round = 0; round < ROUNDS; round++) {
      const graph = randomGraph(random);
      const damages = below(random, 4) < 2 ? random.integer(1, 4) : 0;
      for (let i = 0; i < damages; i++) graph[below(random, graph.length)] = below(random, 256);
      const name = Buffer.from(graph).toString("hex");
      const refusal = take(graph);
      refusals.add(refusal);
      expect(refusal !== GraphRefusal.None, name).toBe(isRefusedHere(graph));
      if (refusal !== GraphRefusal.None) continue;
      taken++;
      if (taken <= 2000) run(random, name);
      lostVisits += program.call("visitsLost");
    }
    expect(taken).toBeGreaterThan(ROUNDS / 20);
    // Circles came up, and each reason that bytes can have.
    expect(lostVisits).toBeGreaterThan(0);
    for (let refusal = GraphRefusal.None; refusal <= GraphRefusal.Unreachable; refusal++) {
      expect(refusals.has(refusal), GraphRefusal[refusal]).toBe(true);
    }
  });

  test("random bytes alone, behind a right beginning or not", () => {
    const random = new SeededRandom(SEED + 1);
    for (let round = 0; round < ROUNDS; round++) {
      const bytes = new Uint8Array(below(random, GRAPH_MAX_BYTES + 1));
      random.fill(bytes);
      if (bytes.length >= 12 && round % 2 === 0) bytes.set(header(bytes.length, random));
      const refusal = take(bytes);
      expect(refusal !== GraphRefusal.None, Buffer.from(bytes).toString("hex")).toBe(isRefusedHere(bytes));
      if (refusal === GraphRefusal.None) run(random, Buffer.from(bytes).toString("hex"));
    }
  });
});

/** By the reader of the PC, which knows the form for itself. */
function isRefusedHere(graph: Uint8Array): boolean {
  try {
    decodeGraph(graph);
    return false;
  } catch (error) {
    if (error instanceof GraphRefused) return true;
    throw error;
  }
}

function below(random: SeededRandom, limit: number): number {
  return random.integer(0, limit - 1);
}

function header(length: number, random: SeededRandom): Uint8Array {
  const parts = [below(random, 3), below(random, 2), below(random, 2)];
  return Uint8Array.of(...Buffer.from("LGPH"), 1, ...parts, below(random, 3), 0, length & 0xff, length >> 8);
}

function randomStream(random: SeededRandom, type = below(random, STREAM_TYPES)): number {
  return (type << 12) | (IDS[below(random, IDS.length)] as number);
}

/** Well-formed as a rule, of any size up to a little more than what is allowed. */
function randomGraph(random: SeededRandom): Uint8Array {
  const counts = { nodes: below(random, 12), streamers: below(random, 4), constants: below(random, 4) };
  if (below(random, 20) === 0) counts.nodes = below(random, 35);
  if (below(random, 20) === 0) counts.streamers = below(random, 11);
  if (below(random, 20) === 0) counts.constants = below(random, 19);
  const parts = [
    ...Array.from({ length: counts.nodes }, () => randomNode(random)),
    ...Array.from({ length: counts.streamers }, (_, index) => randomStreamer(random, index)),
    ...Array.from({ length: counts.constants }, () => randomConstant(random)),
  ];
  const configs = below(random, 4);
  for (let i = 0; i < configs; i++) parts.push(randomConfig(random));
  const body = Buffer.concat(parts);
  const bytes = Buffer.concat([Buffer.from("LGPH\x01"), Buffer.alloc(7), body]);
  bytes.set([counts.nodes, counts.streamers, counts.constants], 5);
  bytes.writeUInt16LE(configs, 8);
  bytes.writeUInt16LE(bytes.length, 10);
  return new Uint8Array(bytes.subarray(0, GRAPH_MAX_BYTES));
}

function randomNode(random: SeededRandom): Buffer {
  const node = Buffer.alloc(20);
  const does = below(random, 8);
  node.writeInt32LE(random.integer(-2, 4), 0);
  node.writeInt32LE(random.integer(-2, 4), 4);
  node.writeUInt16LE(randomStream(random, [0, 1, 2, 4, 5][below(random, 5)]), 8);
  // An input of the graph often, or nothing would lead to the node.
  node.writeUInt16LE(randomStream(random, below(random, 2) === 0 ? 3 : undefined), 10);
  node.writeUInt16LE(does < 5 && below(random, 2) === 0 ? GRAPH_NO_STREAM : randomStream(random), 12);
  node.set([does, below(random, 12), below(random, 12), below(random, 2)], 14);
  return node;
}

function randomStreamer(random: SeededRandom, index: number): Buffer {
  const streamer = Buffer.alloc(8);
  const isWide = below(random, 2) === 0;
  const wide = (below(random, 2) << 15) | ((below(random, 2) * 5) << 12) | (below(random, 2) << 11) | 0x7ff;
  streamer.writeUInt16LE(isWide ? wide : randomStream(random), 0);
  const leader = index > 0 && below(random, 3) === 0 ? below(random, index) : 0xff;
  streamer.set([below(random, 2) === 0 ? 8 : random.integer(11, 41), below(random, 32), leader], 2);
  return streamer;
}

function randomConstant(random: SeededRandom): Buffer {
  const constant = Buffer.alloc(8);
  constant.writeUInt16LE(randomStream(random, 2), 0);
  constant.writeInt32LE(random.integer(-3, 4), 4);
  return constant;
}

function randomConfig(random: SeededRandom): Buffer {
  const type = below(random, 14);
  const elementBytes = type === 6 || type === 7 ? 1 : 1 << ((type & 7) >> 1);
  const length = type < 6 ? elementBytes : elementBytes * below(random, 5);
  const entry = Buffer.alloc(8 + ((length + 3) & ~3));
  entry.set([8, type], 0);
  entry.writeUInt16LE(0x2000 + below(random, 4), 2);
  entry.writeUInt16LE(length, 4);
  for (let i = 0; i < length; i++) entry[8 + i] = i === 0 ? below(random, 12) : 0;
  return entry;
}
