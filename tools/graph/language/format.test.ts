/** The one layout, and that it changes neither meaning nor comments, whatever the layout was. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { graphSource } from "../testing/random-graph.ts";
import { formatGraph } from "./format.ts";
import { parseGraph } from "./parser.ts";

const format = (source: string) => formatGraph(parseGraph(source, "test.sgf"));

/** All but where things stand. */
function withoutPlaces(part: unknown): unknown {
  if (part instanceof Uint8Array) return Buffer.from(part).toString("hex");
  if (Array.isArray(part)) return part.map(withoutPlaces);
  if (typeof part !== "object" || part === null) return part;
  return Object.fromEntries(
    Object.entries(part).flatMap(([key, value]) => (key === "at" ? [] : [[key, withoutPlaces(value)]])),
  );
}

const meaning = (source: string) => withoutPlaces(parseGraph(source, "test.sgf"));

test("blanks, blank lines, comments, units", () => {
  const source = [
    "# header",
    "",
    "",
    "# about",
    'meta  a="b\\"";   # behind',
    "config controller{ # opening",
    "",
    " # before",
    " set 0x2002 to 10 as # within",
    "   uint32_t;",
    "",
    " # last",
    "} # after",
    "every 1 seconds { }",
    "every 10 second {copy all system input 0x3 node=>output +1;}",
    "",
    "# end",
  ].join("\n");
  expect(format(source)).toBe(
    [
      "# header",
      "",
      "# about",
      'meta a = "b\\""; # behind',
      "config controller { # opening",
      "  # before",
      "  # within",
      "  set 0x2002 to 10 as uint32_t;",
      "",
      "  # last",
      "} # after",
      "every 1 second {}",
      "every 10 seconds {",
      "  copy all system input 3 => output 1;",
      "}",
      "",
      "# end",
      "",
    ].join("\n"),
  );
});

test("every statement as it is written", () => {
  const statements = [
    "meta count = -5;",
    "config slot 2 {",
    '  set 1 to "[1, 2]" as uint8_t[];',
    "  set 2 to hex:01FF as binary;",
    "}",
    "when connected to controller {",
    "  on connect or value(constant 1) <= -3 {",
    "    call 0x8000 on slot 1 => system output 5;",
    "    call 7 on controller;",
    "    copy count => unbuffered 1;",
    "    copy 0xFF => counter 1;",
    "    subtract constant 1 => output 2, default 3;",
    "    trigger streamer 0;",
    "  }",
    "}",
    "when count(counter 1) > 2 {",
    "  every 3 tick_2 {",
    "    copy average buffered 1 => output 1;",
    "  }",
    "}",
    "manual signed streamer on all combined outputs to slot 1;",
    "encrypted streamer on all user buffered;",
    "realtime streamer on unbuffered 1 to controller with streamer 0;",
    "broadcast streamer on all outputs;",
    "",
  ].join("\n");
  expect(format(statements)).toBe(statements);
});

const comment = fc.constantFrom("#", "# a", "#b { ; }", '# "c');
/** Blanks that may part two tokens. */
const blanks = fc.array(
  fc.oneof(
    fc.constantFrom(" ", "\n", "\t", "\r\n"),
    comment.map((text) => `${text}\n`),
  ),
  {
    minLength: 1,
    maxLength: 4,
  },
);

test("random graphs in random layouts: formatting keeps the meaning, and comments, and is done once", () => {
  fc.assert(
    fc.property(graphSource, fc.array(blanks, { minLength: 1, maxLength: 9 }), (source, layouts) => {
      const tokens = source.match(/=>|[<>=]=|[A-Za-z0-9_-]+|\S/g) ?? [];
      const laid = tokens.map((token, index) => token + (layouts[index % layouts.length] ?? []).join("")).join("");
      const formatted = format(laid);
      expect(meaning(formatted)).toEqual(meaning(laid));
      expect(format(formatted)).toBe(formatted);
      expect(formatted.match(/#/g)?.length).toBe(laid.match(/#/g)?.length);
    }),
    { numRuns: 300 },
  );
});

test("an empty graph, and one of comments", () => {
  expect(format("")).toBe("");
  expect(format("\n\n# a\n\n\n# b\n\n")).toBe("# a\n\n# b\n");
});
