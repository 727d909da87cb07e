import { describe, expect, test } from "vitest";
import { AllocationError, type DeviceOptions } from "../board/device-life.ts";
import { MemoryNetwork } from "../board/memory-network.ts";
import { SeededRandom } from "../board/random.ts";
import { VirtualBoard } from "../board/virtual-board.ts";
import { VirtualTime } from "../board/virtual-time.ts";
import { LogLevel, ResetReason } from "../contract/host-abi.ts";
import { POLL_MAX_MS } from "../contract/limits.ts";
import { compileSource } from "./compile-source.ts";
import { WasmDevice } from "./wasm-device.ts";
import { WasmProgram } from "./wasm-program.ts";

/** Programs of these tests tell what happens by `say(n)`: a log line with one number. */
const PRELUDE = `
@external("host", "log") declare function log(level: i32, ptr: i32, len: i32): i32;
@external("host", "restart") declare function restart(reason: i32): void;
@external("host", "sleep_deep") declare function sleepDeep(ms: i32): void;
@external("host", "reset_reason") declare function resetReason(): i32;
@external("host", "clock_ms") declare function clockMs(): i32;
@external("host", "pin_watch") declare function pinWatch(pin: i32, edges: i32, debounce: i32): i32;
@external("host", "pin_edges") declare function pinEdges(pin: i32): i32;
@external("host", "pin_mode") declare function pinMode(pin: i32, mode: i32): i32;
@external("host", "pin_write") declare function pinWrite(pin: i32, level: i32): i32;
const digits = memory.data(16);
function say(value: i32): void {
  let at = 16;
  do { store<u8>(digits + --at, 48 + value % 10); value /= 10; } while (value > 0);
  log(2, <i32>digits + at, 16 - at);
}
`;

async function setUp(source: string, options: DeviceOptions = {}) {
  const program = WasmProgram.compile(await compileSource(PRELUDE + source));
  const time = new VirtualTime();
  const random = new SeededRandom(1);
  const network = new MemoryNetwork({ time, random });
  /** [virtual ms, number said] */
  const said: [number, number][] = [];
  const logs: [LogLevel, string][] = [];
  const board = new VirtualBoard({
    time,
    random,
    network: network.station(),
    mac: new Uint8Array(6),
    log: (level, text) => {
      if (level === LogLevel.Info && /^\d+$/.test(text)) said.push([time.nowMs(), Number(text)]);
      else logs.push([level, text]);
    },
  });
  const device = new WasmDevice(program, board, { bootMs: 100, ...options });
  return { program, time, board, device, said, logs };
}

describe("polling", () => {
  test("start once, poll at once, then after the delay that poll returned", async () => {
    const { time, device, said } = await setUp(`
      let polls = 0;
      export function start(): void { say(1000 + resetReason()); }
      export function poll(): i32 { say(++polls); return polls * 10; }`);
    device.powerOn();
    device.powerOn();
    await time.run(165);
    expect(said).toEqual([
      [100, 1000],
      [100, 1],
      [110, 2],
      [130, 3],
      [160, 4],
    ]);
    expect(device.figures).toMatchObject({ polls: 4, starts: 1, crashes: 0, resets: 0, memoryBytes: 65536 });
    device.stop();
    await time.run(10_000);
    expect(said).toHaveLength(5);
    expect(device.isPowered).toBe(false);
  });

  test("a delay of 0 lets time move on, a long one is cut to the maximum", async () => {
    const { time, device, said } = await setUp(`
      let polls = 0;
      export function start(): void {}
      export function poll(): i32 { say(++polls); return polls < 3 ? 0 : -1; }`);
    device.powerOn();
    await time.run(100 + POLL_MAX_MS + 10);
    expect(said).toEqual([
      [100, 1],
      [101, 2],
      [102, 3],
      [102 + POLL_MAX_MS, 4],
    ]);
  });

  test("wakes at one time give one poll, never from within the event that woke", async () => {
    const { time, board, device, said } = await setUp(`
      export function start(): void { pinWatch(4, 3, 0); }
      export function poll(): i32 { say(pinEdges(4)); return 60000; }`);
    device.powerOn();
    let duringEvent = 0;
    time.at(500, () => {
      board.pins.setInput(4, 1);
      board.pins.setInput(4, 0);
      duringEvent = said.length;
    });
    time.at(500, () => board.pins.setInput(4, 1));
    await time.run(1000);
    expect(duringEvent).toBe(1);
    expect(said).toEqual([
      [100, 0],
      [500, 3],
    ]);
  });

  test("a wake during a poll gives one more poll at the same time", async () => {
    const { time, device, said } = await setUp(`
      let polls = 0;
      export function start(): void { pinMode(4, 2); pinWatch(4, 3, 0); }
      export function poll(): i32 {
        say(++polls);
        if (polls == 1) { pinWrite(4, 1); pinWrite(4, 0); }
        return 1000;
      }`);
    device.powerOn();
    await time.run(1000);
    expect(said).toEqual([
      [100, 1],
      [100, 2],
    ]);
  });
});

describe("ends of a run", () => {
  test("a trap is logged with its place, and the program starts again after the boot time", async () => {
    const { time, device, said, logs } = await setUp(`
      export function start(): void { say(resetReason()); }
      export function poll(): i32 { if (clockMs() >= 500) unreachable(); return 500; }`);
    device.powerOn();
    await time.run(1100);
    expect(said).toEqual([
      [100, ResetReason.PowerOn],
      [700, ResetReason.Crash],
    ]);
    expect(logs).toHaveLength(1);
    expect(logs[0]?.[0]).toBe(LogLevel.Error);
    expect(logs[0]?.[1]).toMatch(/trapped in poll: RuntimeError: unreachable[\s\S]*wasm/);
    expect(device.figures).toMatchObject({ crashes: 1, resets: 1, starts: 2 });
  });

  test.each([
    ["start", "export function start(): void { unreachable(); }"],
    [
      "endless recursion in start",
      "function deep(n: i32): i32 { return deep(n + 1) + clockMs(); }\nexport function start(): void { deep(0); }",
    ],
    ["the module's own initialization", "unreachable();\nexport function start(): void {}"],
    ["a host call with a pointer in the initialization", "say(1);\nexport function start(): void {}"],
  ])("a trap in %s is a crash, not an error of the host", async (_, start) => {
    const { time, device } = await setUp(`${start}\nexport function poll(): i32 { return 1000; }`);
    device.powerOn();
    await time.run(350);
    expect(device.figures).toMatchObject({ crashes: 3, starts: 3, polls: 0 });
  });

  test("restart unwinds the program and starts with fresh memory", async () => {
    const { time, device, said } = await setUp(`
      let polls = 0;
      export function start(): void { say(resetReason()); }
      export function poll(): i32 { if (++polls == 2) { restart(7); say(999); } return 50; }`);
    device.powerOn();
    await time.run(400);
    expect(said).toEqual([
      [100, ResetReason.PowerOn],
      [250, ResetReason.Software],
      [400, ResetReason.Software],
    ]);
    expect(device.figures.crashes).toBe(0);
  });

  test("deep sleep ends after its time; a deep sleep of 0 only by the reset pin", async () => {
    const { time, board, device, said } = await setUp(`
      export function start(): void { say(resetReason()); pinWatch(4, 3, 0); }
      export function poll(): i32 { sleepDeep(resetReason() == 0 ? 5000 : 0); return 0; }`);
    device.powerOn();
    time.at(2000, () => board.pins.setInput(4, 1));
    await time.run(100_000);
    expect(said).toEqual([
      [100, ResetReason.PowerOn],
      [5200, ResetReason.DeepSleep],
    ]);
    expect([device.isPowered, device.isRunning]).toEqual([true, false]);
    device.reset();
    await time.run(100_150);
    expect(said.at(-1)).toEqual([100_100, ResetReason.External]);
  });

  test("a power cut ends it at once; power on is a cold start", async () => {
    const { time, device, said } = await setUp(`
      export function start(): void { say(resetReason()); }
      export function poll(): i32 { return 1; }`);
    device.powerOn();
    time.at(500, () => device.powerCut());
    await time.run(1000);
    const { polls } = device.figures;
    expect(polls).toBe(400);
    device.reset();
    await time.run(2000);
    expect(device.figures.polls).toBe(polls);
    device.powerOn();
    await time.run(2100);
    expect(said).toEqual([
      [100, ResetReason.PowerOn],
      [2100, ResetReason.PowerOn],
    ]);
  });

  test("a power cut from within a host call: the run is over when the call into the program returns", async () => {
    const { time, board, device, said } = await setUp(`
      export function start(): void { pinMode(2, 2); pinWrite(2, 1); say(5); }
      export function poll(): i32 { say(6); return 1; }`);
    board.pins.onOutput((_, level) => {
      if (level === 1) device.powerCut();
    });
    device.powerOn();
    await time.run(1000);
    expect(said).toEqual([[100, 5]]);
  });

  test("a mistake of the host is thrown on, not taken for a crash of the program", async () => {
    const { time, board, device } = await setUp(`
      export function start(): void { pinMode(2, 2); pinWrite(2, 1); }
      export function poll(): i32 { return 1; }`);
    board.pins.onOutput((_, level) => {
      if (level === 1) throw new TypeError("a listener is broken");
    });
    device.powerOn();
    await expect(time.run(1000)).rejects.toThrow("a listener is broken");
    expect(device.isPowered).toBe(false);
  });
});

describe("allocation after start", () => {
  const GROWS_HEAP = `
    let used = 64;
    export function heap_used(): i32 { return used; }
    export function heap_limit(): i32 { return 1024; }
    export function start(): void { used = 128; }
    export function poll(): i32 { if (clockMs() >= 30) used += 16; return 10; }`;

  test("is logged and counted", async () => {
    const { time, device, logs } = await setUp(GROWS_HEAP, { onAllocation: "log" });
    device.powerOn();
    await time.run(145);
    expect(logs.map(([, text]) => text)).toEqual([
      "the program allocates after start: heap 128 to 144 bytes, memory 65536 to 65536 bytes",
      "the program allocates after start: heap 144 to 160 bytes, memory 65536 to 65536 bytes",
    ]);
    expect(device.figures).toMatchObject({ allocationsAfterStart: 2, heapUsedBytes: 160, heapLimitBytes: 1024 });
  });

  test("is an error of the run when asked for", async () => {
    const { time, device } = await setUp(GROWS_HEAP, { onAllocation: "error" });
    device.powerOn();
    await expect(time.run(1000)).rejects.toThrow(
      new AllocationError("the program allocates after start: heap 128 to 144 bytes, memory 65536 to 65536 bytes"),
    );
    expect(device.isPowered).toBe(false);
  });

  test("a memory that grows is found without the program's help", async () => {
    const { time, device } = await setUp(
      `export function start(): void { memory.grow(1); }
      export function poll(): i32 { if (clockMs() > 0) memory.grow(1); return 10; }`,
      { onAllocation: "error" },
    );
    device.powerOn();
    await expect(time.run(1000)).rejects.toThrow("memory 131072 to 196608");
  });
});

describe("a fleet", () => {
  test("shares one program; each device has its own memory", async () => {
    const { program, time } = await setUp(`
      let polls = 0;
      export function start(): void {}
      export function poll(): i32 { polls++; return 1000; }
      export function heap_used(): i32 { return 0; }`);
    const random = new SeededRandom(2);
    const network = new MemoryNetwork({ time, random });
    const devices = Array.from({ length: 500 }, (_, index) => {
      const board = new VirtualBoard({
        time,
        random: random.fork(index),
        network: network.station(),
        mac: new Uint8Array(6),
      });
      return new WasmDevice(program, board, { bootMs: index });
    });
    for (const device of devices) device.powerOn();
    await time.run(10_000);
    expect(devices.every(({ figures }) => figures.polls === 10 || figures.polls === 11)).toBe(true);
    for (const device of devices) device.stop();
  });
});
