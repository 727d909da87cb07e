/**
 * The host of the real chip as its own compiler makes it (Debian's gcc for lx106, without the vendor's headers): what it takes
 * from elsewhere, its table of functions, what an interrupt reaches, how large it is. Linked: linked-host.test.ts.
 */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { HOST_FUNCTIONS, HostFunction } from "../../../runtime/contract/host-functions.ts";
import { nativeHeader } from "../../../tools/contract/native-header.ts";
import { GXX, hasTools } from "../../qemu/installed.ts";
import { chipTool, compileForChip, NATIVE_FOLDER, undefinedSymbols } from "./build-host.ts";

/** Of code and data in flash; the image of the host has room for 688 KiB, most of it the vendor's. */
const SIZE_MAX_BYTES = 16 * 1024;
/** Of RAM, which the host takes from what the SDK leaves: logs of edges and frames, networks found, a queue of text. */
const RAM_MAX_BYTES = 5 * 1024;
/** Symbols that the relocations of a section name; those of the section itself are left out. */
function relocated(object: string, section: string): string[] {
  const lines = chipTool("objdump", "-r", "-j", section, object).split("\n");
  return lines.flatMap((line) => /^[0-9a-f]{8} R_XTENSA_32 +(\S+)/.exec(line)?.slice(1) ?? []);
}

describe.skipIf(!hasTools("the host of the real chip by its compiler", [GXX]))("on the chip", () => {
  let folder: string;
  let objects: string[];
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "lintel-host-"));
    objects = await compileForChip(folder);
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  const object = (name: string) => objects.find((path) => path.endsWith(`/${name}.o`)) as string;

  test("it takes from elsewhere what vendor-symbols.txt lists, and nothing else", () => {
    const listed = readFileSync(join(NATIVE_FOLDER, "vendor-symbols.txt"), "utf8")
      .split("\n")
      .filter((line) => line !== "" && !line.startsWith("#"))
      .map((line) => line.split(" "));
    expect(undefinedSymbols(objects)).toEqual(listed.map(([name]) => name as string).sort());
  });

  test("its table has an entry for each function of the contract, in order", () => {
    expect(relocated(object("host"), ".rodata.host_table")).toEqual(HOST_FUNCTIONS.map(({ name }) => `host_${name}`));
  });

  test("a contract with more functions gives a longer table; one without an implementation does not link", async () => {
    const variant = mkdtempSync(join(tmpdir(), "lintel-host-"));
    try {
      const functions = [...HOST_FUNCTIONS, new HostFunction("self", "nobody_wrote_this", "", true, "-")];
      const compiled = await compileForChip(variant, (name, text) =>
        name === "contract.h" ? nativeHeader({ functions }) : text,
      );
      const host = compiled.find((path) => path.endsWith("/host.o")) as string;
      expect(relocated(host, ".rodata.host_table").slice(-2)).toEqual([
        `host_${HOST_FUNCTIONS.at(-1)?.name}`,
        "host_nobody_wrote_this",
      ]);
      expect(undefinedSymbols(compiled)).toContain("host_nobody_wrote_this");
    } finally {
      rmSync(variant, { recursive: true });
    }
  });

  test("what an interrupt runs, and what is exact to microseconds, is in IRAM with all that it calls", () => {
    const inIram = new Set(
      objects.flatMap((path) =>
        chipTool("objdump", "-t", path)
          .split("\n")
          .flatMap((line) => / \.iram\.text\s+\S+ (?:\.hidden )?(\S+)$/.exec(line)?.slice(1) ?? []),
      ),
    );
    const reached = ["pins", "edges", "host", "wires"].flatMap((name) => relocated(object(name), ".iram.text"));
    expect(reached.length).toBeGreaterThan(9);
    // The core has these in IRAM (core_esp8266_wiring.cpp, core_esp8266_wiring_digital.cpp), or they are macros; data RAM is always there.
    const core = ["millis", "micros", "delayMicroseconds", "digitalRead", "interrupts", "noInterrupts"];
    const allowed = new Set([...core, ...inIram]);
    const isData = (name: string) => /^\.(bss|data|iram)/.test(name);
    expect(reached.filter((name) => !allowed.has(name) && !isData(name.replace(/\+.*$/, "")))).toEqual([]);
  });

  test("it is small", () => {
    const total = chipTool("size", "-t", ...objects)
      .split("\n")
      .find((line) => line.includes("TOTALS"));
    const [text = Number.NaN, data = Number.NaN, bss = Number.NaN] = (total ?? "").trim().split(/\s+/).map(Number);
    expect(text + data).toBeLessThan(SIZE_MAX_BYTES);
    expect(data + bss).toBeLessThan(RAM_MAX_BYTES);
  });
});
