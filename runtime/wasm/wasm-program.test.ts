import { describe, expect, test } from "vitest";
import { compileSource } from "./compile-source.ts";
import { readSignatures } from "./module-signatures.ts";
import { WasmProgram } from "./wasm-program.ts";

const START = "export function start(): void {}\n";
const POLL = "export function poll(): i32 { return 1000; }\n";

function importing(module: string, name: string, declaration: string, use: string): string {
  return `@external("${module}", "${name}")\ndeclare function ${declaration};\n${START}export function poll(): i32 { ${use} return 0; }\n`;
}

describe("a device program", () => {
  test("imports host functions with their types and exports start, poll and memory", async () => {
    const bytes = await compileSource(importing("host", "clock_set", "set(unix: i32): void", "set(1);"));
    expect(() => WasmProgram.compile(bytes)).not.toThrow();
    expect(readSignatures(bytes).imports).toEqual([
      { module: "host", name: "clock_set", kind: "function", signature: "(i32) -> nothing" },
    ]);
  });

  const faults: [what: string, source: string, options: string[], message: string][] = [
    [
      "an unknown function",
      importing("host", "fly", "fly(): i32", "fly();"),
      [],
      "host.fly, which the host ABI does not have",
    ],
    [
      "a result too many",
      importing("host", "clock_set", "set(unix: i32): i32", "set(1);"),
      [],
      "host.clock_set as (i32) -> i32, but it is (i32) -> nothing",
    ],
    [
      "a parameter of another type",
      importing("host", "pin_read", "read(pin: i64): i32", "read(1);"),
      [],
      "host.pin_read as (i64) -> i32, but it is (i32) -> i32",
    ],
    [
      "a parameter too few",
      importing("host", "pin_write", "write(pin: i32): i32", "write(1);"),
      [],
      "host.pin_write as (i32) -> i32, but it is (i32 i32) -> i32",
    ],
    [
      "another module",
      importing("env", "seed", "seed(): f64", "seed();"),
      [],
      "env.seed, but only module host is offered",
    ],
    [
      "abort",
      `${START}export function poll(): i32 { abort(); return 0; }\n`,
      ["--use", "abort=~lib/builtins/abort"],
      "--use abort=",
    ],
    ["an imported memory", START + POLL, ["--importMemory"], "env.memory, but only module host"],
    ["no start", POLL, [], "does not export start"],
    ["no poll", START, [], "does not export poll"],
    ["a poll of another type", `${START}export function poll(): void {}\n`, [], "poll as () -> nothing"],
    ["a poll that is no function", `${START}export const poll = 5;\n`, [], "poll as a global"],
    ["no memory", START + POLL, ["--noExportMemory"], "does not export memory"],
  ];

  test.each(faults)("with %s is refused, with the reason", async (_, source, options, message) => {
    const bytes = await compileSource(source, options);
    expect(() => WasmProgram.compile(bytes)).toThrow(message);
  });

  test("every reason is named at once", async () => {
    const bytes = await compileSource("export function other(): void {}\n", ["--noExportMemory"]);
    expect(() => WasmProgram.compile(bytes)).toThrow(/start.*poll.*memory/);
  });

  test("bytes that are no module are refused", () => {
    expect(() => WasmProgram.compile(new Uint8Array([1, 2, 3]))).toThrow("not a device program");
    expect(() => WasmProgram.compile(new Uint8Array())).toThrow("not a device program");
  });
});
