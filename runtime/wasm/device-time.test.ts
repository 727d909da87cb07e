/** What takes time, and what ends it: deadlines, flash, power cuts, the watchdog, drift of the clock, deep sleep. */
import { describe, expect, test } from "vitest";
import { FLASH_QUEUE_OFFSET, FLASH_SLOT_A_OFFSET } from "../contract/flash-map.ts";
import { LogLevel, ResetReason } from "../contract/host-abi.ts";
import { IDLE, setUpFlashDevice, TELLS_ITSELF } from "./flash-test-device.ts";

describe("the deadline", () => {
  const DEADLINE = `export function start(): void {
    say(resetReason());
    if (resetReason() == 0) { deadlineSet(5000); imageRun(${FLASH_SLOT_A_OFFSET}); }
  }\n${IDLE}`;

  test("outlasts image_run, and resets with its own reason", async () => {
    const { time, device, said, logs } = await setUpFlashDevice({ boot: DEADLINE, a: TELLS_ITSELF });
    device.powerOn();
    await time.run(5199);
    expect(said.at(-1)).toBe(1);
    await time.run(5200);
    expect([said.at(-1), device.figures.deadlineResets]).toEqual([ResetReason.Deadline, 1]);
    expect(logs).toEqual([[LogLevel.Warning, "the deadline of 5000 ms has passed"]]);
    await time.run(60_000);
    expect(device.figures).toMatchObject({ deadlineResets: 1, resets: 1, starts: 2 });
  });

  test.each([
    ["called off", "deadlineSet(0);", 0],
    ["put off", "deadlineSet(20000);", 1],
  ])("can be %s", async (_, call, expected) => {
    const { time, device } = await setUpFlashDevice({
      boot: DEADLINE,
      a: `export function start(): void { ${call} }\n${IDLE}`,
    });
    device.powerOn();
    await time.run(19_000);
    expect(device.figures.deadlineResets).toBe(0);
    await time.run(30_000);
    expect(device.figures.deadlineResets).toBe(expected);
  });

  test.each([
    ["a restart", "restart(1);"],
    ["a crash", "unreachable();"],
    ["a deep sleep", "sleepDeep(60000);"],
  ])("does not outlast %s", async (_, end) => {
    const { time, device } = await setUpFlashDevice({
      boot: DEADLINE,
      a: `export function start(): void { ${end} }\n${IDLE}`,
    });
    device.powerOn();
    await time.run(30_000);
    expect(device.figures).toMatchObject({ deadlineResets: 0, resets: 1 });
  });

  test("does not outlast a power cut", async () => {
    const { time, device } = await setUpFlashDevice({ boot: DEADLINE, a: TELLS_ITSELF });
    device.powerOn();
    await time.run(1000);
    device.powerCut();
    await time.run(30_000);
    expect(device.figures).toMatchObject({ deadlineResets: 0, resets: 0 });
  });
});

describe("what flash takes", () => {
  test("an erase puts off the next poll; a wake does not come in between", async () => {
    const polls: number[] = [];
    const { time, board, device } = await setUpFlashDevice({
      boot: `let polls = 0;
        export function start(): void { pinWatch(4, 3, 0); }
        export function poll(): i32 { say(++polls); if (polls == 1) flashErase(${FLASH_QUEUE_OFFSET}); return 1000; }`,
    });
    Object.assign(board, { log: () => polls.push(time.nowMs()) });
    device.powerOn();
    time.at(120, () => board.pins.setInput(4, 1));
    await time.run(1500);
    expect(polls).toEqual([100, 150, 1150]);
  });

  test("without a wake the delay begins when the erase is done", async () => {
    const polls: number[] = [];
    const { time, board, device } = await setUpFlashDevice({
      boot: `export function start(): void { flashErase(${FLASH_QUEUE_OFFSET}); }
        export function poll(): i32 { say(1); flashErase(${FLASH_QUEUE_OFFSET}); flashErase(${FLASH_QUEUE_OFFSET}); return 10; }`,
    });
    Object.assign(board, { log: () => polls.push(time.nowMs()) });
    device.powerOn();
    await time.run(400);
    expect(polls).toEqual([150, 260, 370]);
  });

  test("it is waited for before the next image begins", async () => {
    const { time, device, said } = await setUpFlashDevice({
      boot: `export function start(): void { flashErase(${FLASH_QUEUE_OFFSET}); imageRun(${FLASH_SLOT_A_OFFSET}); }\n${IDLE}`,
      a: TELLS_ITSELF,
    });
    device.powerOn();
    await time.run(1000);
    expect(said.at(-1)).toBe(51);
  });
});

describe("what a wire takes", () => {
  test("shows on the clock in the same call, and puts off the next poll", async () => {
    const { time, board, device, said } = await setUpFlashDevice({
      boot: `let polls = 0;
        export function start(): void { pinWatch(4, 3, 0); }
        export function poll(): i32 {
          if (++polls == 1) { pulseRead(5, 6000, 2500, 1024, 8); say(clockMs()); pulseRead(5, 9000, 500, 1024, 8); }
          say(clockMs());
          return 100;
        }`,
    });
    device.powerOn();
    // Within the first poll, whose transfers take 18 ms.
    time.at(105, () => board.pins.setInput(4, 1));
    await time.run(230);
    expect(said).toEqual([8, 18, 18, 118]);
  });
});

describe("a power cut in a flash operation", () => {
  test("ends the run at once; the composer is told when all is still, and may power the board again", async () => {
    const seen: unknown[] = [];
    const context = await setUpFlashDevice(
      {
        boot: `export function start(): void { say(resetReason()); deadlineSet(1000); pinMode(2, 2); pinWrite(2, 1); }
          export function poll(): i32 { flashWrite(${FLASH_QUEUE_OFFSET}, <i32>digits & ~3, 4); say(9); return 60000; }`,
      },
      {
        onPowerCut: () => {
          const { device, board, time } = context;
          seen.push(device.isPowered, device.isRunning, board.pins.level(2));
          time.at(500, () => device.powerOn());
        },
      },
    );
    const { time, flash, device, said, logs } = context;
    flash.onOperation = ({ index }) => (index === flashOperations ? { at: "before" } : undefined);
    const flashOperations = flash.operations;
    device.powerOn();
    await time.run(1500);
    expect(seen).toEqual([false, false, 0]);
    expect(said).toEqual([ResetReason.PowerOn, ResetReason.PowerOn, 9]);
    expect(logs).toEqual([]);
    expect(device.figures).toMatchObject({ starts: 2, resets: 0, crashes: 0, deadlineResets: 0 });
  });

  test("without anybody to tell, the board stays off", async () => {
    const { time, flash, device } = await setUpFlashDevice({
      boot: `export function start(): void { flashErase(${FLASH_QUEUE_OFFSET}); }\n${IDLE}`,
    });
    flash.onOperation = () => ({ at: "after" });
    device.powerOn();
    await time.run(10_000);
    expect([device.isPowered, device.figures.starts]).toEqual([false, 1]);
  });
});

describe("a program that does not come back", () => {
  test.each([
    ["start", `export function start(): void { while (clockMs() < 60000) {} }\n${IDLE}`],
    [
      "poll",
      "export function start(): void {}\nexport function poll(): i32 { while (clockMs() < 60000) {} return 1; }",
    ],
    ["start", `while (clockMs() < 60000) {}\nexport function start(): void {}\n${IDLE}`],
  ])("from %s, while it calls its host, meets the watchdog", async (name, source) => {
    const { time, device, logs } = await setUpFlashDevice({ boot: source });
    device.powerOn();
    await time.run(150);
    expect(logs[0]).toEqual([
      LogLevel.Error,
      `the watchdog resets the chip in ${name}: a call made more than 1000000 host calls and had not returned`,
    ]);
    expect(device.figures).toMatchObject({ watchdogResets: 1, crashes: 0, resets: 1 });
  });

  test.each([
    ["start", `export function start(): void { while (true) {} }\n${IDLE}`],
    ["poll", "export function start(): void {}\nexport function poll(): i32 { for (;;) {} return 1; }"],
    [
      "poll",
      `let n = 0;
       export function start(): void {}
       export function poll(): i32 { do { for (let i = 0; i < 10; i++) n += i; } while (n >= 0 || n < 5); return n; }`,
    ],
  ])("from %s, without a call of its host, meets it too", async (name, source) => {
    const { time, device, logs } = await setUpFlashDevice({ boot: source });
    device.powerOn();
    await time.run(150);
    expect(logs[0]).toEqual([
      LogLevel.Error,
      `the watchdog resets the chip in ${name}: the loops of a call had turned 20000000 times`,
    ]);
    expect(device.figures).toMatchObject({ watchdogResets: 1, crashes: 0, resets: 1 });
  });

  test("many turns in many polls are none", async () => {
    const { time, device } = await setUpFlashDevice({
      boot: `let sum = 0;
        export function start(): void {}
        export function poll(): i32 { for (let n = 0; n < 15000000; n++) sum += n ^ sum; return 100; }`,
    });
    device.powerOn();
    await time.run(500);
    expect(device.figures).toMatchObject({ watchdogResets: 0, crashes: 0, polls: 5 });
  });

  test("many host calls in many polls are none", async () => {
    const { time, device } = await setUpFlashDevice({
      boot: `export function start(): void {}
        export function poll(): i32 { for (let n = 0; n < 300000; n++) clockMs(); return 100; }`,
    });
    device.powerOn();
    await time.run(1000);
    expect(device.figures).toMatchObject({ watchdogResets: 0, polls: 10 });
  });
});

describe("the board's own clock", () => {
  const EVERY_MINUTE =
    "export function start(): void { clockSet(1000); }\nexport function poll(): i32 { say(clockMs()); say(clockUnix()); return 60000; }";

  test.each([
    [0, 0],
    [40, 144],
    [-40, -144],
  ])("off by %i ppm is off by %i ms after an hour, and its delays with it", async (clockPpm, offMs) => {
    const { time, board, device, said } = await setUpFlashDevice({ boot: EVERY_MINUTE }, {}, { clockPpm });
    device.powerOn();
    await time.run(100 + 3_600_000);
    expect(board.clock.ms()).toBe(3_600_000 + offMs);
    const minutes = said.filter((_, index) => index % 2 === 0);
    expect(minutes.every((ms, index) => ms - index * 60_000 >= 0 && ms - index * 60_000 < 100)).toBe(true);
    expect(board.clock.unixS()).toBe(1000 + Math.floor((3_600_000 + offMs) / 1000));
  });
});

describe("deep sleep", () => {
  test("keeps RTC memory, lets the pins go, and wakes by itself with its reason", async () => {
    const { time, board, device, said } = await setUpFlashDevice({
      boot: `export function start(): void {
          say(resetReason()); rtcRead(508, <i32>digits, 4); say(load<u8>(<usize>digits)); say(clockMs()); say(clockUnix());
          if (resetReason() == 5) return;
          store<u8>(<usize>digits, 99); rtcWrite(508, <i32>digits, 4);
          clockSet(5000); pinMode(2, 2); pinWrite(2, 1);
        }
        export function poll(): i32 { if (resetReason() != 5 && clockMs() >= 1000) sleepDeep(10000); return 1000; }`,
    });
    const levels: [number, number][] = [];
    device.powerOn();
    for (const ms of [500, 1200, 11_199]) time.at(ms, () => levels.push([ms, board.pins.level(2) ?? -1]));
    await time.run(11_199);
    expect([device.isPowered, device.isRunning, said.length]).toEqual([true, false, 4]);
    await time.run(11_200);
    expect(said.slice(4)).toEqual([ResetReason.DeepSleep, 99, 0, 0]);
    expect(levels).toEqual([
      [500, 1],
      [1200, 0],
      [11_199, 0],
    ]);
  });
});
