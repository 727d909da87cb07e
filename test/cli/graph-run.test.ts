/** `lintel graph run`: what it prints, and what it does not take. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { runLintel } from "./run-lintel.ts";

const SOURCE = `
manual streamer on output 1;
every 10 seconds { call 0x8000 on slot 1 => output 1; copy => unbuffered 2; }
on input 5 { copy => output 2; trigger streamer 0; }
`;
let folder: string;
let file: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "lintel-graph-"));
  file = join(folder, "rules.sgf");
  await writeFile(file, SOURCE);
});

afterAll(() => rm(folder, { recursive: true, force: true }));

test("prints readings and calls of users' streams, without the clock's", async () => {
  const stimulus = ["--stimulus", "15 input 5 = -7"];
  const { code, stdout } = await runLintel(
    "graph",
    "run",
    file,
    "--seconds",
    "20",
    ...stimulus,
    "--mock",
    "slot 1:0x8000 = 42",
  );
  expect(code).toBe(0);
  expect(stdout.trimEnd().split("\n")).toEqual([
    ...["10 s  call 0x8000 on slot 1: 42", "10 s  output 1 = 42", "10 s  unbuffered 2 = 10"],
    ...["15 s  input 5 = -7", "15 s  output 2 = -7", "15 s  streamer 0 sends 1"],
    ...["20 s  call 0x8000 on slot 1: 42", "20 s  output 1 = 42", "20 s  unbuffered 2 = 20"],
  ]);
});

test("gives all of it as JSON, inputs as well", async () => {
  const { code, stdout } = await runLintel("graph", "run", file, "--duration", "10 seconds", "--json");
  expect(code).toBe(0);
  const { nodes, readings, rpcs } = JSON.parse(stdout);
  expect(nodes).toContain("(system input 2 always) => counter 1024 using copy_latest_a");
  expect(readings.slice(8)).toEqual([
    [9, "system input 3", 9],
    [10, "system input 3", 10],
    [10, "system input 2", 10],
    [10, "output 1", 1],
    [10, "unbuffered 2", 10],
    [10, "system input 0", 235929],
  ]);
  expect(rpcs).toEqual([[10, 11, 0x8000, 1]]);
});

test("watches the streams that it is told, the compiler's too, of a graph that is not optimised", async () => {
  const watch = ["--watch", "counter 1025", "--watch", "all outputs"];
  const { stdout } = await runLintel("graph", "run", file, "--seconds", "1", "--no-optimize", "--json", ...watch);
  expect(JSON.parse(stdout).readings).toEqual([[1, "counter 1025", 1]]);
});

test.each([
  [["--stimulus", "output 5 = 1"], /not a stimulus: "output 5 = 1"; expected as/],
  [["--mock", "slot 40:1 = 1"], /not the answer of a call/],
  [["--duration", "ages"], /not a time: "ages"/],
  [["--duration", "1 day", "--seconds", "5"], /--seconds and --duration/],
  [["--watch", "streams"], /not a stream: "streams"/],
  [["--seconds", "-1"], /whole number/],
])("refuses %j", async (args, message) => {
  const { code, stderr } = await runLintel("graph", "run", file, ...args);
  expect(code).toBe(1);
  expect(stderr).toMatch(message);
});

test("tells of a graph that runs in a circle", async () => {
  const circle = join(folder, "circle.sgf");
  await writeFile(circle, "on input 1 { copy => unbuffered 1; } on unbuffered 1 { copy => unbuffered 1; }");
  const { code, stderr } = await runLintel("graph", "run", circle, "--seconds", "1", "--stimulus", "input 1 = 1");
  expect(code).toBe(0);
  expect(stderr).toMatch(/runs in a circle: \d+ visits of nodes were left out/);
});

test("runs a graph that no device has room for, and says so; compile and check refuse it", async () => {
  const large = join(folder, "large.sgf");
  const rules = Array.from({ length: 20 }, (_, i) => `on input ${i + 10} { copy => output ${i}; }`);
  await writeFile(large, [...rules, ...rules.map((_, i) => `streamer on output ${i};`)].join("\n"));
  const stimuli = rules.flatMap((_, i) => ["--stimulus", `1 input ${i + 10} = ${i}`]);
  for (const form of [[], ["--no-optimize"]]) {
    const { code, stdout, stderr } = await runLintel(
      "graph",
      "run",
      large,
      "--json",
      "--seconds",
      "1",
      ...form,
      ...stimuli,
    );
    expect(code).toBe(0);
    expect(stderr).toMatch(/warning: .*takes 20 streamers, and a device has room for 8: it runs here only/);
    const { readings, streamers } = JSON.parse(stdout);
    const outputs = readings.filter(([, stream]: [number, string]) => stream.startsWith("output"));
    expect(outputs).toEqual(rules.map((_, i) => [1, `output ${i}`, i]));
    expect(streamers).toEqual(rules.map((_, i) => [1, i, 1]));
  }
  for (const command of ["compile", "check"]) {
    const { code, stderr } = await runLintel("graph", command, large);
    expect(code).toBe(1);
    expect(stderr).toMatch(/takes 20 nodes that read inputs, and a device has room for 8/);
  }
});

test("refuses a graph that is too large here too", async () => {
  const huge = join(folder, "huge.sgf");
  await writeFile(huge, Array.from({ length: 33 }, (_, i) => `streamer on output ${i};`).join("\n"));
  const { code, stderr } = await runLintel("graph", "run", huge);
  expect(code).toBe(1);
  expect(stderr).toMatch(/takes 33 streamers, and a computer has room for 32/);
});
