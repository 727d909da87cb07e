/**
 * The host of the real chip, linked: where its linker scripts put things, and that `lintel flash` knows the file again, for the
 * flash that it was linked for and for no other. The judge of the file is tools/flash/host-binary.ts.
 */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { FLASH_REGION_CHIP_OFFSET } from "../../../runtime/contract/flash-map.ts";
import { HOST_ABI_VERSION } from "../../../runtime/contract/host-abi.ts";
import {
  FLASH_MAP_ADDRESS,
  PROGRAM_RAM_ADDRESS,
  PROGRAM_RESERVED_BYTES,
} from "../../../runtime/contract/native-image.ts";
import { arduinoFile } from "../../../runtime/image/testing/host-file.ts";
import { boardNames, readBoard } from "../../../tools/build/board.ts";
import { FLASH_SIZES_MIB } from "../../../tools/contract/native-header.ts";
import { hostFor } from "../../../tools/flash/host-binary.ts";
import type { Segment } from "../../qemu/elf.ts";
import { GXX, hasTools } from "../../qemu/installed.ts";
import { compileForChip, NATIVE_FOLDER } from "./build-host.ts";
import { linkHost, scriptOf } from "./link-host.ts";

const MIB = 0x100000;

describe.skipIf(!hasTools("the host of the real chip by its linker scripts", [GXX]))("linked", () => {
  let folder: string;
  let objects: string[];
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "lintel-host-"));
    objects = await compileForChip(folder);
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  /** What the core's tools make of it: the code first, for it runs where it lies in flash. */
  function binaryOf(flashMiB: number, from = objects): Uint8Array {
    const { segments } = linkHost(folder, from, flashMiB);
    const isInFlash = ({ address }: Segment) => address >= FLASH_MAP_ADDRESS;
    return arduinoFile([...segments.filter(isInFlash), ...segments.filter((segment) => !isInFlash(segment))]);
  }

  const boardWith = (sizeMiB: number) => {
    const board = readBoard("generic");
    return { ...board, flash: { ...board.flash, sizeMiB } };
  };

  test.each(FLASH_SIZES_MIB)("for %i MiB it is a host for boards with as much flash, and for no others", (flashMiB) => {
    const file = binaryOf(flashMiB);
    expect(hostFor(file, "it", boardWith(flashMiB)).length).toBe(file.length);
    for (const other of FLASH_SIZES_MIB) {
      if (other === flashMiB) continue;
      expect(() => hostFor(file, "it", boardWith(other))).toThrow(`built for a flash of ${flashMiB} MiB`);
    }
  });

  test("one of an older contract is told from it", async () => {
    const variant = mkdtempSync(join(tmpdir(), "lintel-host-"));
    try {
      const version = `constexpr uint32_t HOST_ABI_VERSION = `;
      const older = (_: string, text: string) =>
        text.replace(`${version}${HOST_ABI_VERSION};`, `${version}${HOST_ABI_VERSION - 1};`);
      const file = binaryOf(4, await compileForChip(variant, older));
      expect(() => hostFor(file, "it", boardWith(4))).toThrow(`host ABI ${HOST_ABI_VERSION - 1}`);
    } finally {
      rmSync(variant, { recursive: true });
    }
  });

  test.each(FLASH_SIZES_MIB)(
    "the linker script for %i MiB leaves a program its RAM, the note, and the Lintel region",
    (flashMiB) => {
      const { segments } = linkHost(folder, objects, flashMiB);
      const data = segments.filter(({ address }) => address < FLASH_MAP_ADDRESS);
      expect(data.length).toBeGreaterThan(0);
      for (const { address } of data)
        expect(address).toBeGreaterThanOrEqual(PROGRAM_RAM_ADDRESS + PROGRAM_RESERVED_BYTES + 8);
      const [code] = segments.filter(({ address }) => address >= FLASH_MAP_ADDRESS);
      expect(code?.address).toBe(FLASH_MAP_ADDRESS + 0x1010);
      // Worst case: all code, all IRAM (32 KiB) and all data RAM of the host, one behind the other in the file.
      const script = readFileSync(scriptOf(flashMiB), "utf8");
      const end = FLASH_MAP_ADDRESS + flashMiB * MIB - 0x4000;
      expect(script).toContain(`PROVIDE(_FS_end = 0x${end.toString(16)});`);
      const lengths = [...script.matchAll(/(dram0_0|irom0_0)_seg : .*len = (0x[0-9a-f]+)/g)].map((match) =>
        Number(match[2]),
      );
      expect(lengths).toHaveLength(2);
      const worst = 0x1010 + 0x8000 + lengths.reduce((sum, length) => sum + length, 0);
      expect(worst).toBeLessThanOrEqual(FLASH_REGION_CHIP_OFFSET);
    },
  );
});

describe("the PlatformIO project", () => {
  const project = readFileSync(join(NATIVE_FOLDER, "platformio.ini"), "utf8");
  const scripts = new Map(
    [...project.matchAll(/^\[env:(\w+)\]\nboard_build\.ldscript = (.*)$/gm)].map(([, name, script]) => [name, script]),
  );

  test("has an environment for each size of flash that a board may have, and no others", () => {
    expect([...project.matchAll(/^\[env:/gm)]).toHaveLength(scripts.size);
    const wanted = FLASH_SIZES_MIB.map((size) => [`flash${size}m`, `linker/lintel.flash.${size}m.ld`] as const);
    expect(scripts).toEqual(new Map(wanted));
    const sizes = new Set<number>(FLASH_SIZES_MIB);
    for (const name of boardNames()) expect(sizes.has(readBoard(name).flash.sizeMiB), name).toBe(true);
    expect(project).toContain("default_envs = flash4m\n");
  });
});
