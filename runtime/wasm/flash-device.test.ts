import { describe, expect, test } from "vitest";
import { writeUnsignedImage } from "../board/unsigned-image.ts";
import { HostError } from "../contract/error-codes.ts";
import {
  FLASH_BOOT_BYTES,
  FLASH_BOOT_OFFSET,
  FLASH_QUEUE_OFFSET,
  FLASH_SLOT_A_OFFSET,
  FLASH_SLOT_B_OFFSET,
  Slot,
} from "../contract/flash-map.ts";
import { HOST_ABI_VERSION, LogLevel, ResetReason } from "../contract/host-abi.ts";
import {
  IMAGE_ABI_OFFSET,
  IMAGE_HEADER_BYTES,
  IMAGE_PAYLOAD_BYTES_OFFSET,
  IMAGE_RAM_BYTES_OFFSET,
  IMAGE_VERSION_OFFSET,
  ImageArch,
} from "../contract/image-header.ts";
import { compileProgram, IDLE, RUNS_A, setUpFlashDevice, TELLS_ITSELF } from "./flash-test-device.ts";

describe("a device that starts out of its flash", () => {
  test("runs the boot image, which hands over within the same start", async () => {
    const { time, board, device, said } = await setUpFlashDevice({ boot: RUNS_A, a: TELLS_ITSELF });
    device.powerOn();
    await time.run(1000);
    expect(said).toEqual([100 + Slot.Boot, 100 + Slot.A, 10 + ResetReason.PowerOn, 1]);
    expect(board.slot).toBe(Slot.A);
    expect(device.figures).toMatchObject({ starts: 1, resets: 0, polls: 1 });
    device.reset();
    await time.run(2000);
    expect(said.slice(4)).toEqual([100 + Slot.Boot, 100 + Slot.A, 10 + ResetReason.External, 1]);
  });

  test("the clock goes on and RTC memory stays; pins, memory and network are as after a reset", async () => {
    const { time, board, device, said } = await setUpFlashDevice({
      boot: `export function start(): void {
          store<u32>(<usize>digits, 77); rtcWrite(0, <i32>digits, 4);
          clockSet(1000000); pinMode(2, 2); pinWrite(2, 1);
        }
        export function poll(): i32 { if (clockMs() >= 2500) imageRun(${FLASH_SLOT_B_OFFSET}); return 2500; }`,
      b: `let polls = 5;
        export function start(): void { say(slot()); say(clockMs()); say(clockUnix()); rtcRead(0, <i32>digits, 4); const kept = load<u32>(<usize>digits); say(kept); say(polls); }
        ${IDLE}`,
    });
    device.powerOn();
    await time.run(1000);
    expect(board.pins.level(2)).toBe(1);
    await time.run(5000);
    expect(said).toEqual([Slot.B, 2501, 1_000_002, 77, 5]);
    expect(board.pins.level(2)).toBe(0);
  });

  test("images that hand over to each other do not stop the time", async () => {
    const { time, device } = await setUpFlashDevice({
      boot: RUNS_A,
      a: `export function start(): void { imageRun(${FLASH_SLOT_B_OFFSET}); }\n${IDLE}`,
      b: `export function start(): void { imageRun(${FLASH_SLOT_A_OFFSET}); }\n${IDLE}`,
    });
    device.powerOn();
    await time.run(1000);
    expect([time.nowMs(), device.figures.starts]).toEqual([1000, 1]);
  });

  test("a trap in the program starts the boot image again, with the reason", async () => {
    const { time, device, said, logs } = await setUpFlashDevice({
      boot: `export function start(): void { say(resetReason()); if (resetReason() == 0) imageRun(${FLASH_SLOT_A_OFFSET}); }\n${IDLE}`,
      a: `export function start(): void { unreachable(); }\n${IDLE}`,
    });
    device.powerOn();
    await time.run(1000);
    expect(said).toEqual([ResetReason.PowerOn, ResetReason.Crash]);
    expect(logs[0]?.[1]).toContain("trapped in start: RuntimeError: unreachable");
    expect(device.figures).toMatchObject({ crashes: 1, starts: 2 });
  });

  test("a fleet shares what is compiled", async () => {
    const bytes = await compileProgram(TELLS_ITSELF);
    const { time, device, said } = await setUpFlashDevice({ boot: RUNS_A, a: TELLS_ITSELF });
    device.powerOn();
    await time.run(1000);
    const { Module } = WebAssembly;
    let compilations = 0;
    WebAssembly.Module = class extends Module {
      constructor(source: Uint8Array) {
        super(source);
        compilations++;
      }
    };
    try {
      const { time: otherTime, flash, device: other, said: otherSaid } = await setUpFlashDevice({ boot: RUNS_A });
      writeUnsignedImage(flash, FLASH_SLOT_A_OFFSET, ImageArch.Wasm32, bytes);
      other.powerOn();
      await otherTime.run(1000);
      expect(otherSaid).toEqual(said);
    } finally {
      WebAssembly.Module = Module;
    }
    expect(compilations).toBe(0);
  });
});

describe("an image that does not run", () => {
  const SAYS_RESULT = `export function start(): void { say(-imageRun(${FLASH_SLOT_A_OFFSET})); say(slot()); }\n${IDLE}`;
  const AREA_BYTES = 0x10000 - IMAGE_HEADER_BYTES;

  const faults: [what: string, words: Record<number, number>, reason: string][] = [
    ["no magic", { 0: 0 }, "no image begins there"],
    ["another header", { [IMAGE_VERSION_OFFSET]: 2 }, "its header has version 2, not 1"],
    [
      "a newer ABI",
      { [IMAGE_ABI_OFFSET]: HOST_ABI_VERSION + 1 },
      `it needs host ABI ${HOST_ABI_VERSION + 1}, this host has ${HOST_ABI_VERSION}`,
    ],
    ["too much RAM", { [IMAGE_RAM_BYTES_OFFSET]: 0x5001 }, "it needs 20481 bytes of RAM, this host reserves 20480"],
    ["no payload", { [IMAGE_PAYLOAD_BYTES_OFFSET]: 0 }, `its 0 bytes do not fit the ${AREA_BYTES} there`],
    ["too large", { [IMAGE_PAYLOAD_BYTES_OFFSET]: AREA_BYTES + 1 }, `its ${AREA_BYTES + 1} bytes do not fit`],
    ["cut off", { [IMAGE_PAYLOAD_BYTES_OFFSET]: 20 }, "This is not a device program"],
  ];

  test.each(faults)("%s: image_run returns, the reason is logged", async (_, words, reason) => {
    const { time, flash, device, said, logs } = await setUpFlashDevice({ boot: SAYS_RESULT });
    writeUnsignedImage(flash, FLASH_SLOT_A_OFFSET, ImageArch.Wasm32, await compileProgram(TELLS_ITSELF), words);
    device.powerOn();
    await time.run(1000);
    expect(said).toEqual([-HostError.BadArgument, Slot.Boot]);
    expect(logs).toHaveLength(1);
    expect(logs[0]?.[0]).toBe(LogLevel.Warning);
    expect(logs[0]?.[1]).toContain(`the image at 0x0c000 does not run: ${reason}`);
  });

  test("an image of the other engine", async () => {
    const { time, flash, device, said, logs } = await setUpFlashDevice({ boot: SAYS_RESULT });
    writeUnsignedImage(flash, FLASH_SLOT_A_OFFSET, ImageArch.Lx106, await compileProgram(TELLS_ITSELF));
    device.powerOn();
    await time.run(1000);
    expect(said[0]).toBe(-HostError.BadArgument);
    expect(logs[0]?.[1]).toContain("it is for Lx106, not Wasm32");
  });

  test.each([1, 4, FLASH_SLOT_A_OFFSET + 4, FLASH_QUEUE_OFFSET, 0x3c000, -1])(
    "offset %i holds none",
    async (offset) => {
      const { time, device, said, logs } = await setUpFlashDevice({
        boot: `export function start(): void { say(-imageRun(${offset})); }\n${IDLE}`,
      });
      device.powerOn();
      await time.run(1000);
      expect(said).toEqual([-HostError.BadArgument]);
      expect(logs[0]?.[1]).toContain("no image can stand there");
    },
  );

  test("without a boot image the chip is dead until somebody writes one and resets it", async () => {
    const { time, flash, device, said, logs } = await setUpFlashDevice({ a: TELLS_ITSELF });
    device.powerOn();
    await time.run(100_000);
    expect([device.isPowered, device.isRunning, device.figures.starts]).toEqual([true, false, 1]);
    expect(logs).toEqual([[LogLevel.Error, "the image at 0x00000 does not run: no image begins there"]]);
    writeUnsignedImage(flash, FLASH_BOOT_OFFSET, ImageArch.Wasm32, await compileProgram(RUNS_A));
    device.reset();
    await time.run(101_000);
    expect(said.slice(0, 2)).toEqual([100 + Slot.Boot, 100 + Slot.A]);
  });

  test("a boot image must fit its area", async () => {
    const { time, flash, device, logs } = await setUpFlashDevice({});
    const words = { [IMAGE_PAYLOAD_BYTES_OFFSET]: FLASH_BOOT_BYTES - IMAGE_HEADER_BYTES + 1 };
    writeUnsignedImage(flash, FLASH_BOOT_OFFSET, ImageArch.Wasm32, await compileProgram(RUNS_A), words);
    device.powerOn();
    await time.run(1000);
    expect(logs[0]?.[1]).toContain("its 28481 bytes do not fit the 28480 there");
  });
});
