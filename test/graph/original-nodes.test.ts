/**
 * Graphs compile to the nodes that the original made of them, ids and order included. Plain, they are all the same; optimised,
 * some have fewer here: the original's optimiser gives up at four followers of a node, at values that are compared, at copy all.
 */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { PACKAGE_ROOT } from "../../tools/build/package-root.ts";
import { compileGraph, GraphErrors, nodeText } from "../../tools/graph/index.ts";

const FOLDER = join(PACKAGE_ROOT, "test/graph/original");
const GRAPHS = readdirSync(FOLDER).filter((file) => file.endsWith(".sgf"));
/** Graphs of which the original kept more nodes. */
const SMALLER = [
  ...["copy-all-of-buffered", "copy-all-of-output", "copy-two-readers", "call-result-chain", "copy-fan-out"],
  ...["every-10-seconds-seven-calls", "latch-closed-by-other-block"],
  ...["on-value-of-buffered", "on-value-of-counter", "product", "six-fast-clocks", "streamers-several"],
];

function nodesOf(file: string, optimize: boolean): string[] {
  const source = readFileSync(join(FOLDER, file), "utf8");
  const { nodes, listed } = compileGraph(source, { file, optimize, room: "computer" });
  return listed.map((index) => nodeText(nodes[index] as (typeof nodes)[number]));
}

function recorded(file: string): { plain: string[]; optimized: string[] } {
  return JSON.parse(readFileSync(join(FOLDER, file.replace(/sgf$/, "json")), "utf8")).nodes;
}

/** The copy of an input for a statement is a copy of the latest in the original's sources, but was not known when recording. */
function withKnownCopies(nodes: readonly string[]): string[] {
  return nodes.map((text) =>
    text.replace(/^(\(.*input \d+ always\) => unbuffered \d+) using copy_all_a$/, "$1 using copy_latest_a"),
  );
}

describe(`${GRAPHS.length} graphs`, () => {
  test.each(GRAPHS)("%s, plain", (file) => expect(nodesOf(file, false)).toEqual(withKnownCopies(recorded(file).plain)));

  test.each(GRAPHS)("%s, optimised", (file) => {
    const nodes = nodesOf(file, true);
    const { optimized } = recorded(file);
    if (SMALLER.includes(file.replace(/\.sgf$/, ""))) expect(nodes.length).toBeLessThan(optimized.length);
    else expect(nodes).toEqual(optimized);
  });

  test("there are as many as there were", () => expect(GRAPHS.length).toBeGreaterThanOrEqual(100));
});

/** What one side takes and the other does not, on purpose: tools/graph/README.md, "Differences". */
const TAKEN_HERE = [
  ...["copy-average", "every-week", "latch-negative", "on-negative", "copy-counter", "stream-node", "streamer-nodes"],
  ...["stream-octal", "string-with-semicolon", "string-with-brace", "latch-twice", "latch-of-subtracted"],
  ...["on-output-without-writer", "on-output-before-writer", "on-counter-five-times", "streamer-encrypted"],
  ...["cycle-of-one", "cycle-of-two", "cycle-of-latch"],
];
const REFUSED_HERE = [
  ...[
    "on-in-every",
    "on-in-config",
    "set-string-as-number",
    "set-too-large",
    "set-array-of-no-numbers",
    "call-negative",
  ],
  ...["call-17-bits", "copy-to-input", "output-id-1024", "output-id-2048", "output-id-5000", "subtract-no-comma"],
  ...["every-0", "streamer-with-itself", "streamer-with-unknown", "trigger-unknown-streamer", "joined-words"],
  ...["nodes-40", "streamers-nine", "on-input-nine-times"],
];

interface RecordedText {
  name: string;
  text: string;
  error?: string;
}

describe("texts that the original takes or refuses", () => {
  const texts: RecordedText[] = JSON.parse(readFileSync(join(FOLDER, "errors.json"), "utf8"));
  test.each(texts.map((recordedText) => [recordedText.name, recordedText] as const))("%s", (name, { text, error }) => {
    const compile = () => compileGraph(text, { optimize: true });
    const taken = TAKEN_HERE.includes(name) || (error === undefined && !REFUSED_HERE.includes(name));
    if (taken) expect(compile).not.toThrow();
    else expect(compile).toThrow(GraphErrors);
  });
});
