/**
 * Graphs compile to the nodes that the original made of them, ids and order included. Plain, they are all the same; optimised,
 * some have fewer here: the original's optimiser gives up at four followers of a node, at values that are compared, at copy all.
 */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { PACKAGE_ROOT } from "../../tools/build/package-root.ts";
import { compileGraph, nodeText } from "../../tools/graph/index.ts";

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
  const { nodes, listed } = compileGraph(source, { file, optimize });
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
