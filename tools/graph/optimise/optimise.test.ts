/**
 * What the optimiser removes, and what it must leave: each of the latter gives other readings in IOTile, whose rules are wider.
 * That readings stay the same at all is shown by running both graphs (test/graph).
 */
import { describe, expect, test } from "vitest";
import { GraphFunction } from "../../../runtime/contract/graph-format.ts";
import { compileGraph } from "../compile/compile.ts";
import { nodeText } from "../model.ts";
import { visitsByInput } from "./visits.ts";

function optimised(source: string): string[] {
  const { nodes, listed } = compileGraph(source, { file: "test.sgf", optimize: true });
  return listed.map((index) => nodeText(nodes[index] as (typeof nodes)[number]));
}

const TICK = "(system input 2 always) => counter 1024 using copy_latest_a";

describe("goes", () => {
  test.each<[string, string, string[]]>([
    [
      "all that nobody sees",
      "on input 1 { trigger streamer 0; } streamer on output 1;",
      [
        "(input 1 always) => unbuffered 1024 using copy_latest_a",
        "(unbuffered 1024 when count == 1 && constant 1024 always) => unbuffered 1025 using trigger_streamer",
      ],
    ],
    [
      "a block's copy of its trigger",
      "every 1 minute { copy => output 1; }",
      [TICK, "(counter 1024 when count >= 6) => output 1 using copy_latest_a"],
    ],
    [
      "a count of one that is always there",
      "on input 1 { copy => output 1; }",
      [
        "(input 1 always) => unbuffered 1024 using copy_latest_a",
        "(unbuffered 1024 always) => output 1 using copy_latest_a",
      ],
    ],
    [
      "copies of a clock that many read",
      "every 10 seconds { copy => output 1; } ".repeat(4),
      [TICK, ...Array(4).fill("(counter 1024 when count >= 1) => output 1 using copy_latest_a")],
    ],
    [
      "the copy of a latch",
      "on input 1 { copy => constant 1; } when value(constant 1) == 1 { every 10 seconds { copy => output 1; } }",
      [
        TICK,
        "(input 1 always) => unbuffered 1024 using copy_latest_a",
        "(unbuffered 1024 always) => constant 1 using copy_latest_a",
        "(counter 1024 always && constant 1 when value == 1) => counter 1028 using copy_latest_a",
        "(counter 1028 when count >= 1) => output 1 using copy_latest_a",
      ],
    ],
    [
      "a copy that compares a value",
      "on input 1 { copy => unbuffered 1; } on value(unbuffered 1) > 5 { copy => output 1; }",
      [
        "(input 1 always) => unbuffered 1024 using copy_latest_a",
        "(unbuffered 1024 always) => unbuffered 1 using copy_latest_a",
        "(unbuffered 1 when value > 5) => output 1 using copy_latest_a",
      ],
    ],
  ])("%s", (_, source, nodes) => expect(optimised(source)).toEqual(nodes));

  test("constants that nobody reads any more, but for those of the user", () => {
    const source = "on input 1 { copy => constant 1; copy 5 => unbuffered 1; }";
    const streams = (optimize: boolean) =>
      compileGraph(source, { optimize }).constants.map(({ stream }) => stream.toString(16));
    expect(streams(false)).toEqual(["2400", "2001"]);
    expect(streams(true)).toEqual(["2400", "2001"]);
    const idle = "when connected to slot 1 {}";
    expect(compileGraph(idle, { optimize: false }).constants).toHaveLength(4);
    expect(compileGraph(idle, { optimize: true }).constants).toEqual([]);
  });
});

test("constants that are the same become one where a device has no room for all, and only there", () => {
  const calls = (count: number) => `on input 1 { ${"call 1 on slot 1; call 2 on slot 1; ".repeat(count)} }`;
  const constants = (count: number) =>
    compileGraph(calls(count), { optimize: true }).constants.map(({ value }) => value);
  expect(constants(8)).toHaveLength(16);
  expect(constants(9)).toEqual([0xb0001, 0xb0002]);
  const shared = optimised(calls(9)).filter((text) => text.includes("constant 1025 always"));
  expect(shared).toHaveLength(9);
  // What the graph writes, or the user sees, is nobody else's.
  const latches = `${calls(8)} when connected to slot 1 { every 1 second { copy 1 => constant 7; subtract constant 7 => output 1; } }`;
  const { nodes } = compileGraph(latches, { optimize: true });
  expect(nodes.map(nodeText)).toContainEqual(expect.stringMatching(/^\(constant 7 always && .*subtract_afromb$/));
  expect(nodes.map(nodeText)).toContainEqual(expect.stringMatching(/ && constant 1040 when value == 1\) => /));
});

describe("stays, for without it there would be other readings", () => {
  test.each<[string, string, string]>([
    [
      "a count of ticks: it would count those of the clock",
      "every 1 minute { copy count => output 1; }",
      "(counter 1028 when count == 1) => output 1 using copy_count_a",
    ],
    [
      "a difference: it takes one tick only",
      "every 1 minute { subtract constant 1 => output 1; }",
      "(constant 1 always && counter 1028 when count == 1) => output 1 using subtract_afromb",
    ],
    [
      "all of a counter: there may be more than one",
      "on input 1 { copy => counter 1; } every 1 minute { copy all counter 1 => output 1; }",
      "(counter 1 always && counter 1024 when count >= 6) => output 1 using copy_all_a",
    ],
    [
      "a stream of the user, which could be watched",
      "on input 1 { copy => unbuffered 1; } on unbuffered 1 { copy => output 1; }",
      "(unbuffered 1024 always) => unbuffered 1 using copy_latest_a",
    ],
    [
      "a latch whose constant does not begin with 0",
      "on input 2 { subtract constant 1 => output 2, default 1; copy => constant 1; } when value(constant 1) == 1 { every 10 seconds { copy => output 1; } }",
      "(constant 1 always) => constant 1025 using copy_latest_a",
    ],
    [
      "what waits for a constant, and never runs",
      "on input 1 { copy => constant 1; } on value(constant 1) == 2 { copy => output 1; }",
      "(constant 1024 when count == 1) => output 1 using copy_latest_a",
    ],
    [
      "a count of what two write",
      "on input 1 { copy => counter 1; copy => counter 1; } on counter 1 { copy count => output 1; }",
      "(counter 1 always) => counter 1028 using copy_latest_a",
    ],
  ])("%s", (_, source, node) =>
    expect(optimised(source).map((text) => text.replace("constant 1024 using", "constant 1025 using"))).toContain(node),
  );
});

test("who is visited later in the plain graph comes later: calls at one tick keep their order", () => {
  const source = `
    every 10 seconds { call 1 on slot 1 => unbuffered 1; }
    every 10 seconds { call 2 on slot 1; }
    on unbuffered 1 { call 3 on slot 1; }
    every 10 seconds { call 4 on slot 1; }`;
  const calls = (optimize: boolean) => {
    const { nodes } = compileGraph(source, { optimize });
    const ranked = nodes.map((node, rank) => ({ ...node, rank }));
    const [visits = []] = visitsByInput(ranked) ?? [];
    return visits.flatMap(({ node }) => (node.function === GraphFunction.Call ? [node.output] : []));
  };
  expect(calls(true)).toEqual([0x1001, 0x1400, 0x1403, 0x1402]);
  expect(calls(false)).toEqual(calls(true));
});

test("a graph with a circle is compiled, and keeps its circle", () => {
  const circle = "on input 1 { copy => counter 1; } on counter 1 { copy => counter 1; }";
  expect(optimised(circle)).toContain("(counter 1 always) => counter 1028 using copy_latest_a");
});
