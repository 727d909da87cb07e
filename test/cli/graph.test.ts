/** `lintel graph`: what a person sees, what goes into files, exit codes. */
import { spawn } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { PACKAGE_ROOT } from "../../tools/build/package-root.ts";
import { decodeGraph } from "../../tools/graph/index.ts";
import { LINTEL, runLintel } from "./run-lintel.ts";

const EXAMPLES = ["tools/graph/examples/fridge-alarm.sgf", "tools/graph/examples/hourly-counts.sgf"];
const GRAPH = 'meta name="doors";\nevery 10 seconds { copy 5 => output 1; }\nstreamer on output 1;\n';
const SHAPED = 'meta name = "doors";\nevery 10 seconds {\n  copy 5 => output 1;\n}\nstreamer on output 1;\n';
const WRONG = "copy => output 1;\non opened {\n}\n";
let folder: string;
const at = (name: string) => join(folder, name);

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "lintel-graph-"));
  await writeFile(at("doors.sgf"), GRAPH);
  await writeFile(at("wrong.sgf"), WRONG);
  await writeFile(at("strange.sgf"), "every 1 second { copy counter 1 => output 1; }\n");
  await writeFile(at("bytes.sgf"), Uint8Array.of(0xff, 0xfe, 0x00));
});

afterAll(() => rm(folder, { recursive: true, force: true }));

/** With this on its standard input. */
function pipe(input: string, ...args: string[]): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const [program = "", ...first] = LINTEL;
  const child = spawn(program, [...first, "graph", ...args], { cwd: PACKAGE_ROOT });
  let stdout = "";
  let stderr = "";
  child.stdout.on("data", (chunk: Buffer) => {
    stdout += chunk;
  });
  child.stderr.on("data", (chunk: Buffer) => {
    stderr += chunk;
  });
  child.stdin.end(input);
  return new Promise((resolve) => child.once("close", (code) => resolve({ code, stdout, stderr })));
}

describe("check", () => {
  test.each(EXAMPLES)("%s is good, without a warning, and in shape", async (file) => {
    const checked = await runLintel("graph", "check", file);
    expect(checked).toMatchObject({ code: 0, stderr: "" });
    expect(checked.stdout).toMatch(
      /\.sgf: good, \d+ of 32 nodes, \d of 8 streamers, \d of 16 constants, \d+ of 960 bytes\n$/,
    );
    expect(await runLintel("graph", "fmt", "--check", file)).toEqual({ code: 0, stdout: "", stderr: "" });
  });

  test("a wrong graph: all of it, with lines and carets", async () => {
    const { code, stdout, stderr } = await runLintel("graph", "check", at("wrong.sgf"));
    expect(code).toBe(1);
    expect(stdout).toBe("");
    expect(stderr.split("\n")).toEqual([
      expect.stringMatching(/^lintel: .*wrong\.sgf:1:1: nothing tells when this copy is to run/),
      "  1 | copy => output 1;",
      "    | ^^^^^^^^^^^^^^^^^",
      expect.stringMatching(/wrong\.sgf:2:4: there is no event 'opened' here/),
      "  2 | on opened {",
      "    |    ^^^^^^",
      "",
    ]);
    const json = await runLintel("graph", "check", at("wrong.sgf"), "--json");
    expect(json.code).toBe(1);
    expect(JSON.parse(json.stdout)).toMatchObject({
      ok: false,
      errors: [
        { line: 1, column: 1 },
        { line: 2, column: 4, message: expect.stringMatching(/no event 'opened'/) },
      ],
    });
  });

  test("a strange graph: a warning, and it is good all the same", async () => {
    const { code, stderr } = await runLintel("graph", "check", at("strange.sgf"));
    expect(code).toBe(0);
    expect(stderr).toMatch(/^lintel: warning: .*strange\.sgf:1:18: nothing writes counter 1\n$/);
    const json = JSON.parse((await runLintel("graph", "check", at("strange.sgf"), "--json")).stdout);
    expect(json).toMatchObject({ ok: true, warnings: [{ line: 1, column: 18 }], maxBytes: 960 });
  });

  test("standard input, a file that is not there, one that is no text", async () => {
    expect(await pipe(GRAPH, "check", "-")).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^standard input: good/),
    });
    expect(await pipe(WRONG, "check", "-")).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/standard input:1:1:/),
    });
    expect((await runLintel("graph", "check", at("none.sgf"))).stderr).toMatch(/^lintel: cannot read .*none\.sgf/);
    expect((await runLintel("graph", "check", at("bytes.sgf"))).stderr).toMatch(/bytes\.sgf is not text in UTF-8/);
  });
});

describe("compile", () => {
  const NODES = [
    "(system input 2 always) => counter 1024 using copy_latest_a",
    "(constant 1024 always && counter 1024 when count >= 1) => output 1 using copy_latest_a",
  ];

  test("nodes, streamers, constants, sizes; and the bytes in a file", async () => {
    const { code, stdout } = await runLintel("graph", "compile", at("doors.sgf"), "-o", at("out/doors.graph"));
    expect(code).toBe(0);
    expect(stdout.split("\n").slice(0, 4)).toEqual([...NODES, "streamer 0: streamer on output 1", "constant 1024 = 5"]);
    expect(stdout).toMatch(
      /2 of 32 nodes, 1 of 8 streamers, 1 of 16 constants, 80 of 960 bytes, written to .*doors\.graph\n$/,
    );
    const model = decodeGraph(await readFile(at("out/doors.graph")));
    expect(model.constants).toEqual([{ stream: 0x2400, value: 5 }]);
  });

  test("as JSON, plain and optimised", async () => {
    const facts = JSON.parse((await runLintel("graph", "compile", at("doors.sgf"), "--json")).stdout);
    expect(facts).toMatchObject({
      nodes: NODES,
      streamers: ["streamer on output 1"],
      constants: [["constant 1024", 5]],
      config: [{ slot: "controller", id: 0x2000, type: "uint32_t", value: 1 }],
      meta: { name: "doors" },
      warnings: [],
      sizeBytes: 80,
    });
    expect(facts.bytes).toMatch(/^4c4750480102010101005000/);
    const plain = JSON.parse((await runLintel("graph", "compile", at("doors.sgf"), "--no-optimize", "--json")).stdout);
    expect(plain.nodes).toHaveLength(6);
  });
});

describe("fmt", () => {
  test("prints, checks, writes", async () => {
    expect(await runLintel("graph", "fmt", at("doors.sgf"))).toEqual({ code: 0, stdout: SHAPED, stderr: "" });
    const wrong = await runLintel("graph", "fmt", "--check", at("doors.sgf"));
    expect(wrong).toMatchObject({ code: 1, stdout: "", stderr: expect.stringMatching(/doors\.sgf is not in shape/) });
    await writeFile(at("written.sgf"), GRAPH);
    expect((await runLintel("graph", "fmt", "--write", at("written.sgf"))).stdout).toMatch(/written\.sgf: written\n$/);
    expect(await readFile(at("written.sgf"), "utf8")).toBe(SHAPED);
    expect(await runLintel("graph", "fmt", "--check", "--json", at("written.sgf"))).toMatchObject({
      code: 0,
      stdout: `${JSON.stringify({ file: at("written.sgf"), changed: false })}\n`,
    });
  });

  test("standard input to standard output; not both ways at once", async () => {
    expect(await pipe(GRAPH, "fmt", "-")).toEqual({ code: 0, stdout: SHAPED, stderr: "" });
    expect((await pipe(GRAPH, "fmt", "--write", "-")).stderr).toMatch(/standard input cannot be written/);
    expect((await runLintel("graph", "fmt", "--check", "--write", at("doors.sgf"))).stderr).toMatch(/give one of them/);
  });
});

test("draw: a picture on standard output, in a file, in JSON", async () => {
  const { code, stdout } = await runLintel("graph", "draw", at("doors.sgf"));
  expect(code).toBe(0);
  expect(stdout).toMatch(/^<svg xmlns=.*<title>doors<\/title>.*copy 5.*<\/svg>\n$/s);
  expect((await runLintel("graph", "draw", at("doors.sgf"), "-o", at("doors.svg"))).stdout).toMatch(
    /2 nodes, 1 streamers\n$/,
  );
  expect(await readFile(at("doors.svg"), "utf8")).toBe(stdout);
  expect(JSON.parse((await runLintel("graph", "draw", at("doors.sgf"), "--json")).stdout)).toMatchObject({
    title: "doors",
    svg: stdout,
  });
});

test("what is wrong with a command line", async () => {
  expect((await runLintel("graph", "check")).stderr).toMatch(/missing required argument 'file'/);
  expect((await runLintel("graph", "paint", "x")).code).toBe(1);
  expect((await runLintel("graph", "compile", "--help")).stdout).toMatch(/--no-optimize/);
});
