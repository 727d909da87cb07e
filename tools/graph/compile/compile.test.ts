/** What statements become, what is wrong with a graph that reads well, and what is strange. Node texts are IOTile's. */
import { describe, expect, test } from "vitest";
import { GraphConfigType } from "../../../runtime/contract/graph-format.ts";
import { GraphErrors } from "../faults.ts";
import { nodeText } from "../model.ts";
import { compileGraph } from "./compile.ts";

function compile(source: string, optimize = false) {
  return compileGraph(source, { file: "test.sgf", optimize });
}

/** Nodes as listed, without the four that make ticks into counters. */
function nodesOf(source: string, optimize = false): string[] {
  const { nodes, listed } = compile(source, optimize);
  const texts = listed.map((index) => nodeText(nodes[index] as (typeof nodes)[number]));
  return optimize ? texts : texts.filter((text) => !/^\(system input [2356] always\) => counter 102[4-7] /.test(text));
}

const CLOCK = "(counter 1024 when count >= 1) => counter 1028 using copy_latest_a";
const IN_CLOCK = "counter 1028 when count == 1";

describe("statements in a clock", () => {
  test.each<[string, string[], [string, number][]]>([
    ["copy => output 1", [`(${IN_CLOCK}) => output 1 using copy_latest_a`], []],
    ["copy all buffered 1 => output 1", [`(buffered 1 always && ${IN_CLOCK}) => output 1 using copy_all_a`], []],
    ["copy count => output 1", [`(${IN_CLOCK}) => output 1 using copy_count_a`], []],
    ["copy average => output 1", [`(${IN_CLOCK}) => output 1 using average_a`], []],
    [
      "copy 15 => output 1",
      [`(constant 1024 always && ${IN_CLOCK}) => output 1 using copy_latest_a`],
      [["constant 1024", 15]],
    ],
    [
      "copy 0xFFFFFFFF => output 1",
      [`(constant 1024 always && ${IN_CLOCK}) => output 1 using copy_latest_a`],
      [["constant 1024", -1]],
    ],
    [
      "copy all 15 => output 1",
      [`(constant 1024 always && ${IN_CLOCK}) => output 1 using copy_latest_a`],
      [["constant 1024", 15]],
    ],
    [
      "copy count input 1 => output 1",
      [
        "(input 1 always) => unbuffered 1024 using copy_latest_a",
        `(unbuffered 1024 always && ${IN_CLOCK}) => output 1 using copy_count_a`,
      ],
      [],
    ],
    [
      "call 0x8000 on slot 2",
      [`(${IN_CLOCK} && constant 1024 always) => unbuffered 1024 using call_rpc`],
      [["constant 1024", 0xc8000]],
    ],
    [
      "call 1 on controller => output 1",
      [`(${IN_CLOCK} && constant 1024 always) => output 1 using call_rpc`],
      [["constant 1024", 0x80001]],
    ],
    [
      "subtract constant 3 => output 1",
      [`(constant 3 always && ${IN_CLOCK}) => output 1 using subtract_afromb`],
      [["constant 3", 0]],
    ],
    [
      "subtract constant 3 => output 1, default -9",
      [`(constant 3 always && ${IN_CLOCK}) => output 1 using subtract_afromb`],
      [["constant 3", -9]],
    ],
    [
      "trigger streamer 0",
      [`(${IN_CLOCK} && constant 1024 always) => unbuffered 1024 using trigger_streamer`],
      [["constant 1024", 0]],
    ],
  ])("%s", (statement, nodes, constants) => {
    const source = `every 10 seconds { ${statement}; } streamer on all outputs;`;
    expect(nodesOf(source).sort()).toEqual([CLOCK, ...nodes].sort());
    expect(compile(source).constants.map(({ stream, value }) => [`constant ${stream & 0x7ff}`, value])).toEqual(
      constants,
    );
  });
});

describe("clocks", () => {
  test.each([
    ["10 seconds", "counter 1024 when count >= 1"],
    ["5 seconds", "counter 1025 when count >= 5"],
    ["2 minutes", "counter 1024 when count >= 12"],
    ["1 hour", "counter 1024 when count >= 360"],
    ["1 day", "counter 1024 when count >= 8640"],
    ["2 weeks", "counter 1024 when count >= 120960"],
    ["1 month", "counter 1024 when count >= 259200"],
    ["1 year", "counter 1024 when count >= 3153600"],
    ["7 tick_1", "counter 1026 when count >= 7"],
    ["8 tick_2", "counter 1027 when count >= 8"],
  ])("every %s", (interval, input) => {
    expect(nodesOf(`every ${interval} { copy => output 1; }`)[0]).toBe(
      `(${input}) => counter 1028 using copy_latest_a`,
    );
  });

  test("a gate copies each kind of clock once", () => {
    const source = `when value(constant 1) == 1 {
      every 10 seconds { copy => output 1; }
      every 1 minute { copy => output 2; }
      every 3 seconds { copy => output 3; }
    }`;
    const gates = nodesOf(source).filter((text) => text.includes(" always && constant 1024 when value == 1"));
    expect(gates).toEqual([
      "(counter 1024 always && constant 1024 when value == 1) => counter 1028 using copy_latest_a",
      "(counter 1025 always && constant 1024 when value == 1) => counter 1031 using copy_latest_a",
    ]);
  });
});

describe("config, meta, streamers", () => {
  test("values and their types", () => {
    const { config, meta, streamers } = compile(`
      meta name = "shop"; meta app_tag = 7;
      config controller { set 0x2000 to 5 as uint32_t; set 1 to -2 as int8_t; }
      config slot 3 { set 2 to "[1, 0x10]" as uint16_t[]; set 3 to "a" as string; set 4 to hex:0A as binary; }
      manual signed streamer on all outputs to slot 1;
      realtime streamer on unbuffered 1 with streamer 0;`);
    expect(meta).toEqual({ name: "shop", app_tag: 7 });
    expect(config).toEqual([
      { address: 8, id: 0x2000, type: GraphConfigType.Uint32, value: 5 },
      { address: 8, id: 1, type: GraphConfigType.Int8, value: -2 },
      { address: 13, id: 2, type: GraphConfigType.Uint16 + GraphConfigType.Array, value: [1, 16] },
      { address: 13, id: 3, type: GraphConfigType.Text, value: "a" },
      { address: 13, id: 4, type: GraphConfigType.Binary, value: Uint8Array.of(10) },
    ]);
    expect(streamers).toEqual([
      { selector: 0xd7ff, receiver: 11, flags: 1 + 2 },
      { selector: 0x1001, receiver: 8, flags: 1 + 8, along: 0 },
    ]);
  });

  test("without words of the graph the fast tick comes every second", () => {
    expect(compile("").config).toEqual([{ address: 8, id: 0x2000, type: GraphConfigType.Uint32, value: 1 }]);
  });
});

function faultsOf(source: string, optimize = false): string[] {
  try {
    compile(source, optimize);
  } catch (error) {
    if (!(error instanceof GraphErrors)) throw error;
    return error.faults.map(({ line, column, message }) => `${line}:${column} ${message}`);
  }
  throw new Error("there is no fault");
}

describe("faults", () => {
  test.each<[string, RegExp]>([
    ["copy => output 1;", /^1:1 nothing tells when this copy is to run: put it into an every or on block/],
    [
      "when value(input 1) == 1 { call 1 on slot 1; }",
      /^1:28 .*a when block only holds back clocks: put it into an every/,
    ],
    ["config controller { copy => output 1; }", /^1:21 a config block holds only set statements/],
    ["config controller { every 1 second {} }", /^1:21 a config block holds only set statements/],
    ["set 1 to 1 as uint8_t;", /^1:1 set stands in a config block/],
    ["every 1 second { every 1 second {} }", /^1:18 an every or on block has no clock/],
    ["on input 1 { every 1 second {} }", /^1:14 an every or on block has no clock/],
    ["on input 1 { when value(input 1) == 1 { every 1 second {} } }", /^1:41 an every or on block has no clock/],
    [
      "every 1 second { on input 1 {} }",
      /^1:18 on cannot stand in an every block: its statements would run at every event/,
    ],
    ["every 4294967295 years {}", /^1:7 every is at most 2147483647 seconds or ticks/],
    ["on opened {}", /^1:4 there is no event 'opened' here: connect and disconnect are events within/],
    [
      "when connected to slot 1 { on opened {} }",
      /^1:31 there is no event 'opened' here: there are connect and disconnect/,
    ],
    ["when connected to slot 1 {} on connect {}", /^1:32 there is no event 'connect' here/],
    ["every 1 second { meta a = 1; }", /^1:18 meta stands outside of all blocks/],
    ["meta a = 1;\nmeta a = 2;", /^2:1 meta a is given twice/],
    ["on input 1 { copy => input 2; }", /^1:22 an input comes from outside/],
    ["on input 1 { subtract unbuffered 1 => output 1; }", /^1:23 only a constant can be subtracted/],
    [
      "on input 1 { subtract constant 1 => output 1; subtract constant 1 => output 1, default 5; }",
      /^1:88 this constant has a value already/,
    ],
    ["on input 1 { trigger streamer 0; }", /^1:31 there is no streamer 0: there are no streamers/],
    ["on input 1 { trigger streamer 1; } streamer on output 1;", /^1:31 there is no streamer 1: .*from 0 to 0/],
    ["streamer on output 1 with streamer 0;", /^1:36 a streamer cannot go along with itself/],
    ["streamer on output 1 with streamer 1;", /^1:36 there is no streamer 1/],
    ["signed realtime streamer on output 1;", /^1:1 a realtime streamer sends single readings and cannot be signed/],
    ["streamer on all counters;", /^1:13 only buffered and output streams are kept/],
    ["config slot 1 { set 1 to 256 as uint8_t; }", /^1:26 uint8_t is from 0 to 255, not 256/],
    ["config slot 1 { set 1 to -129 as int8_t; }", /^1:26 int8_t is from -128 to 127, not -129/],
    ['config slot 1 { set 1 to "[1,2,70000]" as uint16_t[]; }', /^1:26 uint16_t\[\] is from 0 to 65535, not 70000/],
    ['config slot 1 { set 1 to "1,2" as uint16_t[]; }', /^1:26 uint16_t\[\] takes a list/],
    ['config slot 1 { set 1 to "[1,,2]" as uint16_t[]; }', /^1:26 uint16_t\[\] takes a list/],
    ['config slot 1 { set 1 to "1" as int8_t; }', /^1:26 int8_t takes a number/],
    ["config slot 1 { set 1 to 1 as string; }", /^1:26 string takes a string/],
    ["config slot 1 { set 1 to 1 as binary; }", /^1:26 binary takes hex:/],
  ])("%j", (source, expected) => expect(faultsOf(source)).toEqual([expect.stringMatching(expected)]));

  test("several in one run, in their order", () => {
    const source = "copy => output 1;\non nothing {}\nevery 1 second {\n  trigger streamer 4;\n}\n";
    expect(faultsOf(source).map((fault) => fault.split(" ")[0])).toEqual(["1:1", "2:4", "4:20"]);
  });
});

describe("limits", () => {
  const calls = (count: number) => Array.from({ length: count }, (_, rpc) => `call ${rpc} on slot 1;`).join(" ");
  test("nodes, with the statements that take most", () => {
    const source = `on input 1 { ${calls(2)} }\non input 2 {\n${calls(30)}\n}\n`;
    const [nodes, constants] = faultsOf(source, true);
    expect(nodes).toBe(
      "1:1 the graph takes 34 nodes, and a device has room for 32; most are for line 2 (31), line 1 (3)",
    );
    expect(constants).toMatch(/^1:1 the graph takes 30 constants, and a device has room for 16; most are for line 2/);
  });

  test("roots, streamers and bytes", () => {
    const inputs = Array.from({ length: 9 }, (_, index) => `on input ${10 + index} { copy => output 1; }`);
    expect(faultsOf(inputs.join("\n"), true)).toEqual([
      expect.stringMatching(/takes 9 nodes that read inputs, .*room for 8/),
    ]);
    expect(compile(inputs.slice(1).join("\n"), true).nodes).toHaveLength(16);
    expect(faultsOf("streamer on output 1;".repeat(9))).toEqual([
      expect.stringMatching(/takes 9 streamers, .*room for 8$/),
    ]);
    const text = `config slot 1 { set 1 to "${"x".repeat(900)}" as string; }`;
    // 12 of the header, 8 + 4 of the tick's period, 8 + 900 of the text, and four nodes.
    expect(faultsOf(text)).toEqual([expect.stringMatching(/takes 1012 bytes, and a device has room for 960/)]);
    expect(compile(text, true).nodes).toEqual([]);
  });
});

describe("warnings", () => {
  const warnings = (source: string) =>
    compile(source).warnings.map(({ line, column, message }) => `${line}:${column} ${message}`);
  test.each<[string, RegExp[]]>([
    [
      "on unbuffered 1 {\n  copy => output 1;\n}",
      [/^1:1 nothing writes unbuffered 1/, /^1:1 this never runs/, /^2:3 this never runs/],
    ],
    ["every 1 second { copy buffered 2 => output 1; }", [/^1:18 nothing writes buffered 2/]],
    [
      "every 1 second { copy => output 1; } streamer on output 2;",
      [/^1:38 nothing writes output 2: this streamer never sends/],
    ],
    ["when connected to slot 1 { on input 1 { copy => output 1; } }", [/^1:28 a when block holds back clocks only/]],
    ["on input 1 { on input 2 { copy => output 1; } }", [/^1:14 this on does not wait for the on block around it/]],
    [
      "when count(constant 1) > 5 {}",
      [/^1:6 the latch of a when keeps one value/, /^1:1 nothing writes constant 1: this condition never changes/],
    ],
    [
      "on input 1 { copy => constant 1; } on constant 1 { copy => output 1; }",
      [/^1:36 what waits for a constant alone never runs/],
    ],
    ["every 1 tick_1 { copy => output 1; }", [/^1:1 tick_1 has no period and never comes: .*set 0x2002 to/]],
    ["config controller { set 0x2003 to 5 as uint32_t; } every 1 tick_2 { copy => output 1; }", []],
    [
      "config slot 1 { set 1 to 1 as int8_t;\n set 1 to 2 as int8_t; }",
      [/^2:2 config 1 is set twice: this one counts/],
    ],
    [
      "on input 1 { copy => counter 1; } on counter 1 { copy => counter 1; }",
      [/^1:36 counter 1 leads back to itself|^1:\d+ counter 10\d\d leads back to itself/],
    ],
    ["every 1 second { copy system buffered 5 => output 1; }", []],
    ["when connected to slot 1 { on connect { copy => output 1; } every 1 second { copy => output 2; } }", []],
  ])("%j", (source, expected) => {
    expect(warnings(source)).toEqual(expected.map((pattern) => expect.stringMatching(pattern)));
  });
});
