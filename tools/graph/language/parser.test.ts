/** What is written, as statements; what is wrong, with its place. */
import { describe, expect, test } from "vitest";
import { GraphConfigType, GraphOperator } from "../../../runtime/contract/graph-format.ts";
import { GraphErrors } from "../faults.ts";
import { SOURCE_MAX_CHARACTERS } from "./lexer.ts";
import { parseGraph } from "./parser.ts";

/** Statements without places and comments; numbers and streams by their values. */
function meaning(source: string): unknown[] {
  return parseGraph(source, "test.sgf").body.map(strip);
}

function strip(part: unknown): unknown {
  if (part instanceof Uint8Array) return [...part];
  if (Array.isArray(part)) return part.map(strip);
  if (typeof part !== "object" || part === null) return part;
  const { at, before, after, gap, tail, tailGap, opening, ...rest } = part as Record<string, unknown>;
  if (rest.kind === "number" || rest.kind === "text" || rest.kind === "bytes") return strip(rest.value);
  if (rest.kind === "stream") return rest.stream;
  return Object.fromEntries(Object.entries(rest).map(([key, value]) => [key, strip(value)]));
}

const copy = { kind: "copy", mode: "latest", output: 0x5001 };

describe("statements", () => {
  test.each<[string, object]>([
    ['meta name = "fridge \\"1\\"";', { kind: "meta", name: "name", value: 'fridge "1"' }],
    ["meta app_tag = 0x400;", { kind: "meta", name: "app_tag", value: 1024 }],
    ["call 0x8000 on slot 3;", { kind: "call", rpc: 0x8000, slot: { address: 13 } }],
    ["call 5 on controller => output 1;", { kind: "call", rpc: 5, slot: { address: 8 }, output: 0x5001 }],
    ["copy => output 1;", copy],
    ["copy all buffered 16 => output 1;", { ...copy, mode: "all", source: 0x0010 }],
    ["copy count input 1 node => output 1;", { ...copy, mode: "count", source: 0x3001 }],
    ["copy average output 0x10 => output 1;", { ...copy, mode: "average", source: 0x5010 }],
    ["copy -7 => output 1;", { ...copy, source: -7 }],
    ["copy +7 => output 1;", { ...copy, source: 7 }],
    ["copy => system output 1;", { ...copy, output: 0x5801 }],
    ["subtract constant 1 => output 1;", { kind: "subtract", constant: 0x2001, output: 0x5001 }],
    ["subtract constant 1 => output 1, default 9;", { kind: "subtract", constant: 0x2001, output: 0x5001, initial: 9 }],
    ["trigger streamer 2;", { kind: "trigger", streamer: 2 }],
    ["streamer on output 1;", { kind: "streamer", manual: false, selector: 0x5001 }],
    [
      "manual signed streamer on all system outputs to slot 1 with streamer 0;",
      { kind: "streamer", manual: true, security: "signed", selector: 0x5fff, slot: { address: 11 }, along: 0 },
    ],
    ["realtime streamer on unbuffered 3;", { kind: "streamer", manual: false, mode: "realtime", selector: 0x1003 }],
    ["broadcast streamer on all buffered;", { kind: "streamer", manual: false, mode: "broadcast", selector: 0x87ff }],
    [
      "encrypted streamer on all user outputs nodes;",
      { kind: "streamer", manual: false, security: "encrypted", selector: 0x57ff },
    ],
    ["streamer on all combined outputs;", { kind: "streamer", manual: false, selector: 0xdfff }],
  ])("%s", (source, expected) => expect(meaning(source)).toEqual([expected]));
});

describe("blocks", () => {
  const body = { body: [copy] };
  const condition = { kind: "condition", onCount: false, stream: 0x3001, operator: GraphOperator.Equal, reference: 1 };
  test.each<[string, object]>([
    ["every 10 seconds", { kind: "every", count: 10, unit: "second", ...body }],
    ["every 1 week", { kind: "every", count: 1, unit: "week", ...body }],
    ["every 2 tick_1", { kind: "every", count: 2, unit: "tick_1", ...body }],
    ["when connected to slot 31", { kind: "connected", slot: { address: 41 }, ...body }],
    ["when value(input 1) == 1", { kind: "when", condition, ...body }],
    ["on input 1", { kind: "on", first: 0x3001, ...body }],
    ["on connect", { kind: "on", first: { kind: "event", name: "connect" }, ...body }],
    ["on input 1 and value(input 1) == 1", { kind: "on", first: 0x3001, join: "and", second: condition, ...body }],
    [
      "on count(counter 2) >= 0x10 or disconnect",
      {
        ...{ kind: "on", join: "or", second: { kind: "event", name: "disconnect" }, ...body },
        first: {
          kind: "condition",
          onCount: true,
          stream: 0x4002,
          operator: GraphOperator.GreaterOrEqual,
          reference: 16,
        },
      },
    ],
    [
      "on value(input 1) < -5",
      { kind: "on", first: { ...condition, operator: GraphOperator.Less, reference: -5 }, ...body },
    ],
    ["config slot 1", { kind: "config", slot: { address: 11 }, ...body }],
  ])("%s", (head, expected) => expect(meaning(`${head} { copy => output 1; }`)).toEqual([expected]));

  test.each<[string, number | string | number[], GraphConfigType]>([
    ["5 as uint8_t", 5, GraphConfigType.Uint8],
    ["-5 as int32_t", -5, GraphConfigType.Int32],
    ['"[1,-2]" as int16_t[]', "[1,-2]", GraphConfigType.Array + GraphConfigType.Int16],
    ['"shop" as string', "shop", GraphConfigType.Text],
    ["hex:01fF as binary", [1, 255], GraphConfigType.Binary],
  ])("set 0x2000 to %s", (value, expected, type) => {
    expect(meaning(`config controller { set 0x2000 to ${value}; }`)).toMatchObject([
      { body: [{ kind: "set", id: 0x2000, value: expected, type }] },
    ]);
  });

  test("comments and any blanks stand between tokens", () => {
    const source = "#a\r\n on#b { ; }\n\tinput\n1 # c\n{copy=>output 1;#d\n}#e";
    expect(meaning(source)).toEqual([{ kind: "on", first: 0x3001, ...body }]);
  });
});

/** Lines that the caret points at, with what is said. */
function faultsOf(source: string): string[] {
  try {
    parseGraph(source, "test.sgf");
  } catch (error) {
    if (!(error instanceof GraphErrors)) throw error;
    return error.faults.map(({ line, column, message }) => `${line}:${column} ${message}`);
  }
  throw new Error("there is no fault");
}

describe("faults", () => {
  test.each<[string, RegExp]>([
    ["copy => outptu 1;", /^1:9 expected a stream.*buffered.*found 'outptu'$/],
    ["copy => output;", /^1:15 expected the id of a stream, found ';'$/],
    ["copy => output 1024;", /^1:16 .*from 0 to 1023, not 1024: .*compiler/],
    ["copy => output -1;", /^1:16 .*from 0 to 1023, not -1/],
    ["copy => system output 2047;", /^1:23 .*from 0 to 2046, not 2047/],
    ["copy 4294967296 => output 1;", /^1:6 a value of 32 bits is from -2147483648 to 4294967295/],
    ["copy => output 1", /^1:17 expected ';', found the end of the graph$/],
    ["call foo on slot 1;", /^1:6 expected the number of an RPC.*found 'foo'$/],
    ["call 65536 on slot 1;", /^1:6 .*from 0 to 65535/],
    ["call 1 on slot 32;", /^1:16 .*from 1 to 31, not 32/],
    ["call 1 on slot 0;", /^1:16 .*from 1 to 31, not 0/],
    ["call 1 on tile 1;", /^1:11 expected a tile \(controller or slot\), found 'tile'/],
    ["meta 5 = 5;", /^1:6 expected a name, found '5'/],
    ["meta a = hex:00;", /^1:10 expected a number of 32 bits or a string, found 'hex:00'/],
    ["config controller { set led to 1 as uint8_t; }", /^1:25 .*names are not known, found 'led'/],
    ["config controller { set 1 to 1; }", /^1:31 expected 'as', found ';'/],
    ["config controller { set 1 to 1 as float; }", /^1:35 expected a type .*found 'float'/],
    ["config controller { set 1 to hex:123 as binary; }", /^1:30 .*pairs of hexadecimal digits/],
    ['config controller { set 1 to "a" as string[]; }', /^1:43 expected ';': there are no arrays of string/],
    ["every 0 seconds {}", /^1:7 how often.*from 1/],
    ["every 5 fortnights {}", /^1:9 expected a unit \(second, .*tick_2\), found 'fortnights'/],
    ["when open {}", /^1:6 expected 'connected to' a tile, or count/],
    ["on value(input 1) != 1 {}", /^1:19 "!" means nothing here$/],
    ["on value(input 1) {}", /^1:19 expected a comparison \(> < >= <= ==\), found '{'/],
    ["on count(input 1) > -1 {}", /^1:21 a count of readings is from 0/],
    ["on value(input 1) > 2147483648 {}", /^1:21 a value to compare with is from -2147483648 to 2147483647/],
    ["on 5 {}", /^1:4 expected what to wait for/],
    ["streamer on outputs;", /^1:13 expected a stream, or 'all'/],
    ["streamer on all things;", /^1:17 expected a type of streams/],
    ["realtime signed streamer on output 1;", /^1:10 expected 'streamer', found 'signed'/],
    ["require a > 5;", /^1:1 expected a statement \(meta .*found 'require'/],
    ['meta a = "b', /^1:10 this string has no end/],
    ["every 1 second { copy => output 1;", /^1:16 this block is never closed/],
    ["}", /^1:1 this '}' closes nothing/],
    ["copy => output 1;\n\n  @", /^3:3 "@" means nothing here/],
  ])("%j", (source, expected) => expect(faultsOf(source)[0]).toMatch(expected));

  test("several in one run, each where it is", () => {
    const source = [
      "every 10 seconds {",
      "  copy => outptu 1;",
      "  call 1 on slot 99",
      "  copy => output 1;",
      "}",
      "on {",
      "  copy => output 9999;",
      "}",
      "meta a = b;",
    ].join("\n");
    expect(faultsOf(source).map((fault) => fault.split(" ")[0])).toEqual(["2:11", "3:18", "6:4", "7:18", "9:10"]);
  });

  test("told with the line and a caret", () => {
    const source = "every 1 second {\n\tcopy => outptu 1;\n}\n";
    expect(() => parseGraph(source, "shop.sgf")).toThrow(
      /^shop\.sgf:2:10: expected a stream.*, found 'outptu'\n  2 \| \tcopy => outptu 1;\n    \| \t {8}\^{6}$/,
    );
  });

  test("a long line is cut around the fault, and no more than twenty are told", () => {
    const far = `${"copy => output 1; ".repeat(50)}copy => nowhere;`;
    expect(() => parseGraph(far, "f")).toThrow(/^f:1:909: .*\n  1 \| .{0,120}\n    \| {1,121}\^{7}$/);
    expect(() => parseGraph("@ ".repeat(50), "f")).toThrow(/and 30 more$/);
  });

  test("blocks without end, and texts without end", () => {
    const deep = faultsOf("on connect { ".repeat(5000));
    expect(deep).toHaveLength(20);
    expect(faultsOf("x".repeat(SOURCE_MAX_CHARACTERS + 1))[0]).toMatch(/longer than 65536 characters/);
  });
});
