/** `lintel build --engine lx106`: what it writes and reports, and what it refuses. */
import { existsSync, readFileSync } from "node:fs";
import { mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { FLASH_BOOT_BYTES } from "../../runtime/contract/flash-map.ts";
import { IMAGE_HEADER_BYTES } from "../../runtime/contract/image-header.ts";
import { runLintel } from "./run-lintel.ts";

const KIB = 1024;
let folder: string;

async function program(name: string, source: string): Promise<string> {
  await mkdir(join(folder, name));
  await writeFile(join(folder, name, "main.ts"), source);
  return join(folder, name);
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "lintel-native-"));
});

afterAll(() => rm(folder, { recursive: true, force: true }));

test("the boot program fits its area, Improv and recovery and all", async () => {
  const out = join(folder, "boot.lx106");
  const { code, stdout } = await runLintel("build", "firmware/boot", "--engine", "lx106", "--json", "--out", out);
  expect(code).toBe(0);
  const report = JSON.parse(stdout);
  expect(IMAGE_HEADER_BYTES + report.imageBytes).toBeLessThan(FLASH_BOOT_BYTES);
  expect(report.ram.totalBytes).toBeLessThan(8.25 * KIB);
});

test("the counter fits a slot, and leaves room to grow", async () => {
  const out = join(folder, "counter.lx106");
  const { code, stdout } = await runLintel("build", "firmware/counter", "--engine", "lx106", "--json", "--out", out);
  expect(code).toBe(0);
  const report = JSON.parse(stdout);
  expect(report.imageBytes).toBe(readFileSync(out).length);
  expect(report.imageBytes).toBe(report.codeBytes + report.literalBytes + report.dataBytes + 32);
  expect(report.imageBytes).toBeLessThan(32 * KIB);
  expect(report.ram.totalBytes).toBe(report.ram.staticBytes + report.ram.globalBytes + report.ram.heapBytes);
  expect(report.ram.totalBytes).toBeLessThan(12 * KIB);
  expect(report.stack.bytes).toBeLessThan(1.5 * KIB);
  expect(report.largestFunctions[0].sizeBytes).toBeGreaterThan(report.largestFunctions[9].sizeBytes);

  const listing = readFileSync(report.files.listing, "utf8");
  expect(listing).toMatch(/^firmware\/counter\/main\/poll: {2}; \d+ bytes, frame \d+$/m);
  expect(listing).toMatch(/^[0-9a-f]{5} {2}call0 .*; runtime\/device\//m);
  const map = JSON.parse(readFileSync(report.files.map, "utf8"));
  expect(map.functions.some(({ name }: { name: string }) => name === "firmware/counter/main/poll")).toBe(true);
});

describe("refused with the reason, and nothing is written", () => {
  const HEAP = "export function heap_used(): u32 { return 0; } export function heap_limit(): u32 { return 0; }";
  const cases: [string, () => Promise<string[]>, RegExp][] = [
    [
      "a budget that is exceeded",
      async () => {
        const board = join(folder, "tiny.json");
        await writeFile(board, JSON.stringify({ name: "tiny", budgets: { imageBytes: 4000, stackBytes: 64 } }));
        return ["firmware/counter", "--board", board];
      },
      /does not fit board tiny: the image is \d+ bytes, \d+ more than the board's 4000; the worst stack is/,
    ],
    ["an unknown board", async () => ["firmware/counter", "--board", "none"], /there is no board none: name a file/],
    [
      "a board file that is none",
      async () => {
        const board = join(folder, "wrong.json");
        await writeFile(board, JSON.stringify({ name: "wrong", budgets: { imageBytes: "many" } }));
        return ["firmware/counter", "--board", board];
      },
      /wrong\.json is not a board file: .*imageBytes/,
    ],
    [
      "a host function that there is not",
      async () => [
        await program(
          "foreign",
          `@external("host", "fly") declare function fly(): void;
           export function start(): void { fly(); } export function poll(): u32 { return 1; } ${HEAP}`,
        ),
      ],
      /host\.fly, which the host ABI does not have/,
    ],
    [
      "one with other parameters",
      async () => [
        await program(
          "mistyped",
          `@external("host", "clock_ms") declare function clock_ms(x: f64): u32;
           export function start(): void {} export function poll(): u32 { return clock_ms(1.0); } ${HEAP}`,
        ),
      ],
      /host\.clock_ms as \(f64\) -> i32, but it is \(\) -> i32/,
    ],
    [
      "functions that call themselves",
      async () => [
        await program(
          "recursive",
          `function sum(n: u32): u32 { return n < 2 ? n : sum(n - 1) + sum(n - 2); }
           export function start(): void {} export function poll(): u32 { return sum(3); } ${HEAP}`,
        ),
      ],
      /the worst stack is not known, for functions call themselves: .*sum/,
    ],
    [
      "too much static data",
      async () => [
        await program(
          "large",
          `const data = memory.data<u8>([${new Array(20000).fill(1).join()}]);
           export function start(): void {} export function poll(): u32 { return load<u8>(data); } ${HEAP}`,
        ),
      ],
      /has no native form: out of bounds memory access: data segment 0 lies at/,
    ],
    [
      "too much memory asked for at the start",
      async () => [
        await program(
          "hungry",
          `import { heap_used, heap_limit } from "${relative(join(folder, "hungry"), "runtime/device/memory/heap.ts")}"; export { heap_used, heap_limit };
           let kept: StaticArray<u8> | null = null;
           export function start(): void { kept = new StaticArray<u8>(20000); }
           export function poll(): u32 { return kept == null ? 1 : 2; }`,
        ),
      ],
      /crashes while it starts: the program trapped in start: unreachable/,
    ],
    [
      "a poll that never ends",
      async () => [
        await program(
          "endless",
          `export function start(): void {} export function poll(): u32 { while (true) {} } ${HEAP}`,
        ),
      ],
      /hangs while it starts: the watchdog resets the chip in poll: /,
    ],
  ];

  test.each(cases)("%s", async (_, args, message) => {
    const out = join(folder, "out", "program.lx106");
    const { code, stdout, stderr } = await runLintel("build", "--engine", "lx106", "--out", out, ...(await args()));
    expect([code, stdout]).toEqual([1, ""]);
    expect(stderr).toMatch(message);
    expect(stderr).not.toMatch(/\n\s+at /);
    expect(existsSync(join(folder, "out")) ? await readdir(join(folder, "out")) : []).toEqual([]);
  });
});

test.each([
  ["an engine that there is not", ["build", "firmware/counter", "--engine", "avr"], /one of: wasm, lx106/],
  ["checks with the engine that always checks", ["build", "firmware/counter", "--checked"], /--checked is for lx106/],
  ["a profile of WebAssembly", ["sim", "--virtual-hours", "0.1", "--profile"], /add --engine lx106/],
])("%s", async (_, args, message) => {
  const { code, stderr } = await runLintel(...args);
  expect(code).toBe(1);
  expect(stderr).toMatch(message);
});
