/** Graphs as bytes: against records packed by Python's struct module in IOTile's form, back again, and damaged. */

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { GraphRefusal } from "../../../runtime/contract/graph-format.ts";
import { GRAPH_MAX_BYTES } from "../../../runtime/contract/graph-limits.ts";
import { compileGraph } from "../compile/compile.ts";
import { GraphErrors } from "../faults.ts";
import type { GraphModel } from "../model.ts";
import { isCompilerMade } from "../streams.ts";
import { graphSource } from "../testing/random-graph.ts";
import { decodeGraph, GraphRefused } from "./decode.ts";
import { encodeGraph, encodeNode } from "./encode.ts";

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString("hex");

/** struct.pack("<LLHHHBBBB2x", reference a, reference b, output, input a, input b, function, trigger a, trigger b, combiner) */
const NODES: [string, string][] = [
  // (system input 2 always) => counter 1024 using copy_all_a, after the optimiser copy_latest_a
  ["every 10 seconds { copy => output 1; }", "000000000000000000440238ffff000a0a000000"],
  // (counter 1024 when count >= 6 && constant 1024 always) => output 1 using call_rpc
  ["every 1 minute { call 5 on slot 1 => output 1; }", "060000000000000001500044002406050a000000"],
  // (constant 5 always && unbuffered 1024 when count == 1) => output 2 using subtract_afromb
  ["on input 1 { subtract constant 5 => output 2; }", "0000000001000000025005200014070a09000000"],
];

describe("a node", () => {
  test.each(NODES)("of %j", (source, expected) => {
    const { nodes } = compileGraph(source, { optimize: true });
    expect(nodes.map((node) => hex(encodeNode(node)))).toContain(expected);
  });

  test("with negative references, two triggers and or", () => {
    // (unbuffered 1024 when value < -5 || counter 7 when count <= 3) => unbuffered 1025 using copy_latest_a
    const node = {
      a: { stream: 0x1400, trigger: { operator: 1, onCount: false, reference: -5 } },
      b: { stream: 0x4007, trigger: { operator: 3, onCount: true, reference: 3 } },
      ...{ combiner: 1, function: 0, output: 0x1401 },
    };
    expect(hex(encodeNode(node))).toBe("fbffffff03000000011400140740000207010000");
  });
});

const FULL = `
  config slot 2 { set 0x1234 to -2 as int16_t; set 2 to "ab" as string; set 3 to "[1,2,3]" as uint8_t[]; set 4 to hex:FF00 as binary; }
  every 10 seconds { copy 300 => output 1; }
  manual signed streamer on all outputs to slot 1;
  realtime streamer on output 1 with streamer 0;`;

test("a whole graph, byte by byte", () => {
  expect(hex(encodeGraph(compileGraph(FULL, { optimize: true })))).toBe(
    [
      "4c475048" + "01" + "02" + "02" + "01" + "0500" + "8800",
      "000000000000000000440238ffff000a0a000000",
      // (constant 1024 always && counter 1024 when count >= 1) => output 1 using copy_latest_a
      "0000000001000000015000240044000a05000000",
      "ffd7" + "0b" + "03" + "ff" + "000000",
      "0150" + "08" + "09" + "00" + "000000",
      "0024" + "0000" + "2c010000",
      "08" + "04" + "0020" + "0400" + "0000" + "01000000",
      "0c" + "03" + "3412" + "0200" + "0000" + "feff0000",
      "0c" + "06" + "0200" + "0200" + "0000" + "61620000",
      "0c" + "08" + "0300" + "0300" + "0000" + "01020300",
      "0c" + "07" + "0400" + "0200" + "0000" + "ff000000",
    ].join(""),
  );
});

/** What a graph's bytes hold of it. */
function kept({ nodes, streamers, constants, config }: GraphModel) {
  const told = constants.filter(({ stream, value }) => value !== 0 || !isCompilerMade(stream));
  return { nodes, streamers, constants: told, config };
}

test("there and back: random graphs", () => {
  let within = 0;
  fc.assert(
    fc.property(graphSource, fc.boolean(), (source, optimize) => {
      let model: GraphModel;
      try {
        model = compileGraph(source, { optimize });
      } catch (error) {
        if (error instanceof GraphErrors && /room for/.test(error.message)) return;
        throw error;
      }
      within++;
      const bytes = encodeGraph(model);
      expect(bytes.length).toBeLessThanOrEqual(GRAPH_MAX_BYTES);
      const back = decodeGraph(bytes);
      expect(kept(back)).toEqual(kept(model));
      expect(hex(encodeGraph(back))).toBe(hex(bytes));
    }),
    { numRuns: 200 },
  );
  expect(within).toBeGreaterThan(100);
});

describe("refused", () => {
  const good = encodeGraph(compileGraph(FULL, { optimize: true }));
  const refusal = (bytes: Uint8Array) => {
    try {
      decodeGraph(bytes);
    } catch (error) {
      if (error instanceof GraphRefused) return error.refusal;
      throw error;
    }
    return GraphRefusal.None;
  };
  const changed = (offset: number, ...values: number[]) => {
    const bytes = Uint8Array.from(good);
    bytes.set(values, offset);
    return refusal(bytes);
  };
  const NODE = 12;
  const STREAMER = NODE + 40;
  const CONSTANT = STREAMER + 16;
  const CONFIG = CONSTANT + 8;

  test.each<[string, number, number[], GraphRefusal]>([
    ["another magic", 0, [0], GraphRefusal.Format],
    ["another version", 4, [2], GraphRefusal.Format],
    ["another length", 10, [0x89], GraphRefusal.Length],
    ["too many nodes", 5, [33], GraphRefusal.TooManyNodes],
    ["more nodes than there are bytes", 5, [32], GraphRefusal.Length],
    ["too many streamers", 6, [9], GraphRefusal.TooManyStreamers],
    ["too many constants", 7, [17], GraphRefusal.TooManyConstants],
    ["too many config entries", 8, [6], GraphRefusal.Length],
    ["too few config entries", 8, [4], GraphRefusal.Length],
    ["a function that is none", NODE + 14, [8], GraphRefusal.Code],
    ["an operator that is none", NODE + 15, [12], GraphRefusal.Code],
    ["a combiner that is none", NODE + 17, [2], GraphRefusal.Code],
    ["other than zeros behind a node", NODE + 18, [1], GraphRefusal.Code],
    ["an input that is no stream", NODE + 10, [0x00, 0x60], GraphRefusal.Stream],
    ["an output that selects all", NODE + 8, [0xff, 0x57], GraphRefusal.Stream],
    ["an output that is an input", NODE + 8, [0x02, 0x38], GraphRefusal.Stream],
    ["a call with one input", NODE + 14, [6], GraphRefusal.Stream],
    ["a node that nothing leads to", NODE + 20 + 12, [0x01, 0x44], GraphRefusal.Unreachable],
    ["a selector of what is not kept", STREAMER, [0xff, 0x47], GraphRefusal.Stream],
    ["a tile that is none", STREAMER + 2, [9], GraphRefusal.Code],
    ["a streamer's flag that is none", STREAMER + 3, [32], GraphRefusal.Code],
    ["a streamer along with none", STREAMER + 4, [2], GraphRefusal.Code],
    ["a constant that is no constant", CONSTANT, [0x01, 0x10], GraphRefusal.Stream],
    ["a config type that is none", CONFIG + 1, [14], GraphRefusal.Code],
    ["a config value that is too short", CONFIG + 4, [3], GraphRefusal.Config],
    ["config for a tile that is none", CONFIG, [9], GraphRefusal.Config],
    ["other than zeros behind a value", CONFIG + 12 + 10, [1], GraphRefusal.Config],
  ])("%s", (_, offset, values, expected) => expect(changed(offset, ...values)).toBe(expected));

  test("every length but its own", () => {
    for (let length = 0; length < good.length; length++)
      expect(refusal(good.subarray(0, length))).toBe(GraphRefusal.Length);
    expect(refusal(Buffer.concat([good, Buffer.alloc(4)]))).toBe(GraphRefusal.Length);
    expect(refusal(new Uint8Array(GRAPH_MAX_BYTES + 4))).toBe(GraphRefusal.Length);
  });

  test("random damage: a refusal, or a graph that encodes to the same bytes", () => {
    const damage = fc.array(fc.tuple(fc.nat(good.length - 1), fc.nat(255)), { minLength: 1, maxLength: 6 });
    fc.assert(
      fc.property(damage, (changes) => {
        const bytes = Uint8Array.from(good);
        for (const [offset, value] of changes) bytes[offset] = value;
        if (refusal(bytes) !== GraphRefusal.None) return;
        const back = decodeGraph(bytes);
        expect(decodeGraph(encodeGraph(back)).nodes).toEqual(back.nodes);
      }),
      { numRuns: 3000 },
    );
  });

  test("random bytes behind a right beginning", () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 12, maxLength: 300 }), (bytes) => {
        bytes.set([...Buffer.from("LGPH"), 1, (bytes[5] ?? 0) % 4, (bytes[6] ?? 0) % 3, (bytes[7] ?? 0) % 3], 0);
        bytes.set([(bytes[8] ?? 0) % 3, 0, bytes.length & 0xff, bytes.length >> 8], 8);
        expect(GraphRefusal[refusal(bytes)]).toBeDefined();
      }),
      { numRuns: 2000 },
    );
  });
});
