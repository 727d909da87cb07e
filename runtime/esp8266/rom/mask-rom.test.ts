import { createHash } from "node:crypto";
import { describe, expect, test } from "vitest";
import { EmulatorError } from "../emulator-error.ts";
import { FakeRoutineContext, FAKE_RAM_ADDRESS as RAM } from "./fake-routine-context.ts";
import { maskRom } from "./mask-rom.ts";

const FLASH_BYTES = 0x40000;

function setUp(poisonsScratch = false) {
  const flash = new Uint8Array(FLASH_BYTES).fill(0xff);
  const cache: (string | number)[][] = [];
  const sent: number[][] = [[], []];
  const port = (index: number) => ({
    hasRoom: true,
    divider: 0,
    resets: 0,
    transmit: (byte: number) => void sent[index]?.push(byte),
    setClockDivider(divider: number) {
      this.divider = divider;
    },
    resetFifos() {
      this.resets++;
    },
  });
  const ports = [port(0), port(1)] as const;
  const rom = maskRom({
    poisonsScratch,
    flash: {
      chip: {
        sizeBytes: FLASH_BYTES,
        read: (offset, into) => into.set(flash.subarray(offset, offset + into.length)),
        write: (offset, bytes) => {
          for (const [index, byte] of bytes.entries()) flash[offset + index] = (flash[offset + index] ?? 0) & byte;
        },
        eraseSector: (offset) => void flash.fill(0xff, offset, offset + 0x1000),
      },
      cache: {
        enable: (megabyte, cacheBytes) => cache.push(["on", megabyte, cacheBytes]),
        disable: () => cache.push(["off"]),
      },
    },
    serial: ports,
  });
  const core = new FakeRoutineContext();
  const run = (address: number, ...args: number[]) => {
    const routine = rom.get(address);
    if (routine === undefined) throw new Error("no routine there");
    return core.run({ address, run: routine.run }, ...args)[0];
  };
  return { rom, core, run, flash, cache, sent, ports };
}

describe("blocks of memory", () => {
  test("memcpy and memmove return the destination; memmove bears overlap", () => {
    const { core, run } = setUp();
    core.ram.set([1, 2, 3, 4, 5, 6]);
    expect(run(0x4000df48, RAM + 0x100, RAM, 6)).toBe(RAM + 0x100);
    expect([...core.ram.subarray(0x100, 0x107)]).toEqual([1, 2, 3, 4, 5, 6, 0]);
    expect(run(0x4000e04c, RAM + 2, RAM, 4)).toBe(RAM + 2);
    expect([...core.ram.subarray(0, 7)]).toEqual([1, 2, 1, 2, 3, 4, 0]);
  });

  test("memset takes the low byte, bzero clears, memcmp gives the difference", () => {
    const { core, run } = setUp();
    expect(run(0x4000e190, RAM + 1, 0x1ab, 3)).toBe(RAM + 1);
    expect([...core.ram.subarray(0, 5)]).toEqual([0, 0xab, 0xab, 0xab, 0]);
    run(0x4000de84, RAM + 2, 1);
    expect([...core.ram.subarray(0, 5)]).toEqual([0, 0xab, 0, 0xab, 0]);
    expect(run(0x4000dea8, RAM + 1, RAM + 3, 1)).toBe(0);
    expect(run(0x4000dea8, RAM + 2, RAM + 3, 1) | 0).toBe(-0xab);
  });

  test("nothing is touched for no bytes; a block outside of memory is told with its place", () => {
    const { run } = setUp();
    expect(run(0x4000df48, 0, 0, 0)).toBe(0);
    expect(() => run(0x4000df48, RAM, 0x20000000, 4)).toThrow(
      "A block routine in ROM: there is no memory of 4 bytes at 0x20000000; it was to return to 0x40201234.",
    );
    expect(() => run(0x4000e190, RAM, 0, 0xffffffff)).toThrow("a block of 4294967295 bytes is too large");
  });
});

describe("flash", () => {
  test("SPIWrite clears bits, SPIRead reads them, the erases set them", () => {
    const { core, run, flash } = setUp();
    core.ram.set([0xf0, 0x0f, 0x55, 0xaa]);
    expect(run(0x40004a4c, 0x1ffc, RAM, 4)).toBe(0);
    core.ram.fill(0x3c, 0, 4);
    run(0x40004a4c, 0x1ffc, RAM, 4);
    expect(run(0x40004b1c, 0x1ff8, RAM + 0x100, 8)).toBe(0);
    expect([...core.ram.subarray(0x100, 0x108)]).toEqual([255, 255, 255, 255, 0x30, 0x0c, 0x14, 0x28]);
    flash.fill(0);
    expect(run(0x40004a00, 2)).toBe(0);
    expect([flash[0x1fff], flash[0x2000], flash[0x2fff], flash[0x3000]]).toEqual([0, 255, 255, 0]);
    expect(run(0x400049b4, 1)).toBe(0);
    expect([flash[0xffff], flash[0x10000], flash[0x1ffff], flash[0x20000]]).toEqual([0, 255, 255, 0]);
  });

  test.each([
    ["a read beyond the end", 0x40004b1c, [FLASH_BYTES - 4, RAM, 8]],
    ["an unaligned write", 0x40004a4c, [2, RAM, 4]],
    ["half a word", 0x40004a4c, [4, RAM, 2]],
    ["a sector that is not there", 0x40004a00, [FLASH_BYTES / 0x1000]],
    ["a block far away", 0x400049b4, [0xffffffff]],
  ])("%s is refused", (_, address, args) => {
    const { run, flash } = setUp();
    expect(run(address, ...args)).toBe(1);
    expect(flash.every((byte) => byte === 0xff)).toBe(true);
  });

  test("SPIParamCfg takes the geometry that every flash has, and no other; SPIUnlock has nothing to do", () => {
    const { run } = setUp();
    expect(run(0x40004c2c, 0, 0x1000000, 0x10000, 0x1000, 0x100, 0xffff)).toBe(0);
    expect(() => run(0x40004c2c, 0, 0x1000000, 0x8000, 0x1000, 0x100, 0xffff)).toThrow("SPIParamCfg");
    expect(run(0x40004878)).toBe(0);
  });

  test("an erase takes the time that the data sheet gives, and interrupts come in between", () => {
    const { core, rom, run } = setUp(true);
    expect(run(0x40004a00, 0)).toBe(0);
    let longest = core.spent;
    while (core.jumpedTo !== undefined) {
      core.pc = core.jumpedTo;
      core.jumpedTo = undefined;
      const before = core.spent;
      rom.get(core.pc)?.run(core);
      longest = Math.max(longest, core.spent - before);
    }
    expect(core.get(2)).toBe(0);
    expect(core.spent / 80_000).toBeCloseTo(45, 0);
    // The FIFO of UART0 has 128 bytes, and one comes each 11 microseconds at 921,600 baud.
    expect(longest / 80).toBeLessThan(128 * 10);
  });

  test("the cache is switched", () => {
    const { run, cache } = setUp();
    run(0x40004678, 1, 2, 1);
    run(0x400047f0);
    expect(cache).toEqual([["on", 5, 0x8000], ["off"]]);
    expect(() => run(0x40004678, 2, 0, 0)).toThrow("Cache_Read_Enable");
  });
});

describe("serial and delays", () => {
  test("uart_tx_one_char sends to the selected UART and waits for room", () => {
    const { core, run, sent, ports } = setUp();
    run(0x40003b30, 0x141);
    run(0x400038a4, 1);
    expect(run(0x40003b30, 0x42)).toBe(0);
    expect(sent).toEqual([[0x41], [0x42]]);
    ports[1].hasRoom = false;
    expect([run(0x40003b30, 0x43), core.jumpedTo]).toEqual([0x43, 0x40003b30]);
    expect(sent[1]).toEqual([0x42]);
  });

  test("uart_div_modify sets the divider and empties the FIFOs", () => {
    const { run, ports } = setUp();
    run(0x400039d8, 1, 694);
    expect([ports[1].divider, ports[1].resets, ports[0].resets]).toEqual([694, 1, 0]);
    expect(() => run(0x400039d8, 2, 694)).toThrow("there is no UART 2");
  });

  test.each([
    [80, 1000],
    [160, 7],
    [80, 0],
  ])("ets_delay_us at %i MHz for %i microseconds", (mhz, us) => {
    const { core, rom, run } = setUp(true);
    run(0x40002f04, mhz);
    expect(run(0x40002f0c)).toBe(mhz);
    core.spent = 0;
    core.registers[2] = us;
    core.pc = 0x40002ecc;
    let entries = 0;
    do {
      core.jumpedTo = undefined;
      rom.get(0x40002ecc)?.run(core);
      entries++;
    } while (core.jumpedTo !== undefined);
    // The core charges three cycles for each entry; of the last one they are the call itself.
    expect(core.spent + 3 * (entries - 1)).toBe(us * mhz);
  });
});

describe("MD5", () => {
  test("in pieces, two at a time", () => {
    const { core, run } = setUp();
    const [first, second, out] = [RAM + 0x200, RAM + 0x300, RAM + 0x400];
    core.ram.set(Buffer.from("message digest"));
    run(0x40009818, first);
    run(0x40009834, first, RAM, 7);
    run(0x40009818, second);
    run(0x40009834, first, RAM + 7, 7);
    run(0x40009900, out, second);
    // RFC 1321, A.5
    expect(Buffer.from(core.ram.subarray(0x400, 0x410)).toString("hex")).toBe("d41d8cd98f00b204e9800998ecf8427e");
    run(0x40009900, out, first);
    expect(Buffer.from(core.ram.subarray(0x400, 0x410)).toString("hex")).toBe("f96b697d7cb7938d525a2f31aaf161d0");
    expect(() => run(0x40009900, out, first)).toThrow(EmulatorError);
  });

  test("contexts that are never finished do not pile up", () => {
    const { core, run } = setUp();
    for (let index = 0; index < 20; index++) run(0x40009818, RAM + index * 88);
    expect(() => run(0x40009834, RAM, RAM, 0)).toThrow("was not begun");
    run(0x40009900, RAM + 0x800, RAM + 19 * 88);
    expect(Buffer.from(core.ram.subarray(0x800, 0x810))).toEqual(createHash("md5").digest());
  });
});

describe("scratch registers", () => {
  test("are spoiled beyond the result, a0, a1 and a12 to a15 are not", () => {
    const { core, run } = setUp(true);
    for (let register = 1; register < 16; register++) core.registers[register] = register;
    const before = core.registers.slice();
    expect(run(0x4000e21c, 100, 7)).toBe(14);
    expect(core.registers.map((value, register) => (value === before[register] ? 1 : 0))).toEqual(
      Uint32Array.of(1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1),
    );
  });

  test("stay when a routine is to be entered again", () => {
    const { core, run } = setUp(true);
    core.registers[5] = 99;
    run(0x40002ecc, 1000);
    expect([core.registers[2], core.registers[5]]).toEqual([990, 99]);
  });
});

test("what has no port is not offered", () => {
  expect(maskRom().has(0x40004b1c)).toBe(false);
  expect(maskRom().get(0x4000c180)?.name).toBe("__addsf3");
});
