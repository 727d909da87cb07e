/**
 * The host of the real chip as its own compiler makes it (Debian's gcc for lx106, without the vendor's headers): what it takes
 * from elsewhere, its table of functions, what an interrupt reaches, where linker scripts put things, how large it is.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { HostError } from "../../../runtime/contract/error-codes.ts";
import { FLASH_REGION_CHIP_OFFSET } from "../../../runtime/contract/flash-map.ts";
import { HOST_FUNCTIONS, HostFunction } from "../../../runtime/contract/host-functions.ts";
import {
  FLASH_MAP_ADDRESS,
  PROGRAM_RAM_ADDRESS,
  PROGRAM_RESERVED_BYTES,
} from "../../../runtime/contract/native-image.ts";
import { boardNames, readBoard } from "../../../tools/build/board.ts";
import { nativeHeader } from "../../../tools/contract/native-header.ts";
import { GXX, hasTools } from "../../qemu/installed.ts";
import { chipTool, compileForChip, NATIVE_FOLDER, undefinedSymbols } from "./build-host.ts";

/** Of code and data in flash; the image of the host has room for 688 KiB, most of it the vendor's. */
const SIZE_MAX_BYTES = 16 * 1024;
/** Of RAM, which the host takes from what the SDK leaves. */
const RAM_MAX_BYTES = 4 * 1024;
const SCANS = [
  new HostFunction("network", "net_scan", "", true, "Starts to look for networks."),
  new HostFunction("network", "net_found", "*ptr cap", true, "Takes the next network found."),
];

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
    const hasScan = HOST_FUNCTIONS.some(({ name }) => name === "net_scan");
    const names = listed
      .filter(([, note]) => hasScan || note !== "with-net_scan-in-the-contract")
      .map(([name]) => name as string);
    expect(undefinedSymbols(objects)).toEqual(names.sort());
  });

  test("its table has an entry for each function of the contract, in order", () => {
    expect(relocated(object("host"), ".rodata.host_table")).toEqual(HOST_FUNCTIONS.map(({ name }) => `host_${name}`));
  });

  test("a contract with more functions gives a longer table; one without an implementation does not link", async () => {
    const variant = mkdtempSync(join(tmpdir(), "lintel-host-"));
    try {
      const functions = [
        ...HOST_FUNCTIONS.filter(({ name }) => !name.startsWith("net_scan") && name !== "net_found"),
        ...SCANS,
      ];
      functions.push(new HostFunction("self", "nobody_wrote_this", "", true, "-"));
      const errors = { Busy: -10, ...(HostError as unknown as Record<string, number>) };
      const compiled = await compileForChip(variant, nativeHeader({ functions, errors }));
      const host = compiled.find((path) => path.endsWith("/host.o")) as string;
      expect(relocated(host, ".rodata.host_table").slice(-3)).toEqual([
        "host_net_scan",
        "host_net_found",
        "host_nobody_wrote_this",
      ]);
      const missing = undefinedSymbols(compiled);
      expect(missing).toContain("host_nobody_wrote_this");
      expect(missing).toContain("wifi_station_scan");
      expect(missing).not.toContain("host_net_scan");
    } finally {
      rmSync(variant, { recursive: true });
    }
  });

  test("what an interrupt runs is in IRAM, with all that it calls: flash may be out of reach", () => {
    const inIram = new Set(
      objects.flatMap((path) =>
        chipTool("objdump", "-t", path)
          .split("\n")
          .flatMap((line) => / \.iram\.text\s+\S+ (?:\.hidden )?(\S+)$/.exec(line)?.slice(1) ?? []),
      ),
    );
    const reached = ["pins", "edges", "host"].flatMap((name) => relocated(object(name), ".iram.text"));
    expect(reached.length).toBeGreaterThan(3);
    // The core has these two in IRAM (core_esp8266_wiring.cpp, core_esp8266_wiring_digital.cpp); data RAM is always there.
    const allowed = new Set(["millis", "digitalRead", ...inIram]);
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

  test.each([1, 4])(
    "the linker script for %i MiB leaves a program its RAM, the note, and the Lintel region",
    (flashMiB) => {
      // The core's common script, as far as it matters here: data, then code.
      writeFileSync(
        join(folder, "local.eagle.app.v6.common.ld"),
        "SECTIONS { .data : { *(.data .data.* .rodata .rodata.*) *(.bss .bss.*) } > dram0_0_seg\n" +
          ".irom0.text : { *(.literal .literal.* .text .text.*) } > irom0_0_seg\n .text : { *(.iram.literal .iram.text) } > irom0_0_seg }\n",
      );
      const output = join(folder, `host-${flashMiB}.elf`);
      const script = join(NATIVE_FOLDER, `linker/lintel.flash.${flashMiB}m.ld`);
      chipTool(
        "ld",
        "-L",
        folder,
        "-T",
        script,
        "--unresolved-symbols=ignore-all",
        "--no-warn-rwx-segments",
        "-e",
        "0",
        "-o",
        output,
        ...objects,
      );
      const sections = new Map(
        chipTool("objdump", "-h", output)
          .split("\n")
          .flatMap((line) => {
            const [, name, size, address] = /^ +\d+ (\S+) +([0-9a-f]{8})  ([0-9a-f]{8})/.exec(line) ?? [];
            return name === undefined
              ? []
              : [[name, { size: Number.parseInt(size ?? "", 16), address: Number.parseInt(address ?? "", 16) }]];
          }),
      );
      const data = sections.get(".data");
      const code = sections.get(".irom0.text");
      expect(data?.address).toBeGreaterThanOrEqual(PROGRAM_RAM_ADDRESS + PROGRAM_RESERVED_BYTES + 8);
      expect(code?.address).toBe(FLASH_MAP_ADDRESS + 0x1010);
      // Worst case: all code, all IRAM (32 KiB) and all data RAM of the host, one behind the other in the file.
      const lengths = [...readFileSync(script, "utf8").matchAll(/(dram0_0|irom0_0)_seg : .*len = (0x[0-9a-f]+)/g)].map(
        (match) => Number(match[2]),
      );
      expect(lengths).toHaveLength(2);
      expect(0x1010 + 0x8000 + lengths.reduce((sum, length) => sum + length, 0)).toBeLessThanOrEqual(
        FLASH_REGION_CHIP_OFFSET,
      );
    },
  );
});

describe("the PlatformIO project", () => {
  const sections = readFileSync(join(NATIVE_FOLDER, "platformio.ini"), "utf8")
    .split(/^(?=\[)/m)
    .filter((section) => section.startsWith("[env:"));
  const environments = sections.map((section) => ({
    id: Number(/LINTEL_BOARD_ID=(\d+)/.exec(section)?.[1]),
    sizeMiB: Number(/extends = flash_(\d)m/.exec(section)?.[1]),
    mode: /flash_mode = (\w+)/.exec(section)?.[1],
  }));

  test("has an environment for each board of boards/, with its id, flash size and mode", () => {
    const boards = boardNames()
      .map(readBoard)
      .map(({ id, flash }) => ({ id, sizeMiB: flash.sizeMiB, mode: flash.mode }));
    const byId = (a: { id: number }, b: { id: number }) => a.id - b.id;
    expect(environments.sort(byId)).toEqual(boards.sort(byId));
  });
});
