import { describe, expect, test } from "vitest";
import { AllocationError, type DeviceOptions } from "../../board/device-life.ts";
import { MemoryNetwork } from "../../board/memory-network.ts";
import { SeededRandom } from "../../board/random.ts";
import { VirtualBoard } from "../../board/virtual-board.ts";
import { VirtualTime } from "../../board/virtual-time.ts";
import { LogLevel, ResetReason } from "../../contract/host-abi.ts";
import { NativeDevice } from "./native-device.ts";
import { machineOf, STACK_BYTES } from "./native-machine.ts";
import { NativeProgram } from "./native-program.ts";
import { Case, SAID_RAM_IS_KEPT, TEST_PROGRAM, TRAP_OFFSET } from "./test-program.ts";

const MAC = Uint8Array.from(Buffer.from("lintel"));

function setUp(
  first: Case,
  options: DeviceOptions = {},
  program = NativeProgram.load(TEST_PROGRAM, SYMBOLS),
  printsOnSerial = false,
) {
  const time = new VirtualTime();
  const random = new SeededRandom(1);
  const network = new MemoryNetwork({ time, random });
  /** [virtual ms, digit said] */
  const said: [number, number][] = [];
  const logs: [LogLevel, string][] = [];
  const board = new VirtualBoard({
    time,
    random,
    network: network.station(),
    mac: MAC,
    printsOnSerial,
    log: (level, text) => {
      if (level === LogLevel.Info && text.length === 1) said.push([time.nowMs(), text.charCodeAt(0) - 48]);
      else logs.push([level, text]);
    },
  });
  board.pins.setAdc(first);
  const device = new NativeDevice(program, board, { bootMs: 100, ...options });
  return { program, time, board, device, said, logs };
}

const SYMBOLS = {
  functions: [
    { name: "case_ill", offset: 0x15c, sizeBytes: 6 },
    { name: "case_loop", offset: 0x164, sizeBytes: 3 },
  ],
  trapSites: [{ offset: TRAP_OFFSET, trap: "unreachable" }],
};

describe("polling", () => {
  test("init, start once, poll at once, then after the delay that poll returned", async () => {
    const { time, device, said } = setUp(Case.Count);
    device.powerOn();
    await time.run(165);
    expect(said).toEqual([
      [100, ResetReason.PowerOn],
      [100, 1],
      [110, 2],
      [130, 3],
      [160, 4],
    ]);
    expect(device.figures).toMatchObject({ polls: 4, starts: 1, crashes: 0, resets: 0, memoryBytes: 0x200 });
    expect(device.figures).toMatchObject({ heapUsedBytes: 64, heapLimitBytes: 1024 });
    device.stop();
    await time.run(10_000);
    expect([said.length, device.isPowered, device.isRunning]).toEqual([5, false, false]);
  });

  test("an edge wakes it: the host function reached the pins", async () => {
    const { time, board, device, said } = setUp(Case.Count);
    device.powerOn();
    time.at(105, () => board.pins.setInput(4, 1));
    await time.run(107);
    expect(said.map(([ms]) => ms)).toEqual([100, 100, 105]);
  });

  test("instructions, cycles and the stack are counted", async () => {
    const { time, device } = setUp(Case.Count);
    device.powerOn();
    await time.run(100);
    const first = device.figures;
    await time.run(110);
    const second = device.figures;
    // poll 13 up to the case and 4 after it, the case 12, say 9, and two host calls that count as one each
    expect(second.instructions - first.instructions).toBe(40);
    expect(second.cycles - first.cycles).toBeGreaterThan(40 + 2 * 100);
    expect(second.longestCallCycles).toBeLessThan(80_000);
    expect(second.stackBytes).toBe(32);
  });
});

describe("pointers", () => {
  test("outside of the program's RAM are out of range, as with WebAssembly; the null pointer may point to nothing", async () => {
    const { time, device, said } = setUp(Case.Pointers);
    device.powerOn();
    await time.run(200);
    // behind RAM; in the host's table; null; null and nothing; far away; a negative length
    expect(said.slice(1).map(([, digit]) => digit)).toEqual([2, 2, 2, 0, 2, 1]);
  });

  test("into RAM are where the host writes and reads", async () => {
    const { time, device, logs } = setUp(Case.Mac);
    device.powerOn();
    await time.run(200);
    expect(logs).toEqual([[LogLevel.Info, "lintel"]]);
  });
});

describe("ends of a run", () => {
  test.each([
    ["a trap", Case.IllegalInstruction, "unreachable at 0x402cc21f (case_ill + 0x3)"],
    ["a null pointer", Case.NullPointer, "exception 28 (LoadProhibited) for 0x00000008 at 0x402cc2"],
    ["a byte from flash", Case.ByteFromFlash, "exception 3 (LoadStoreError) for 0x402cc0c1 at 0x402cc2"],
    ["endless recursion", Case.EndlessRecursion, "below the stack of 4096 bytes"],
    ["a wild write", Case.WildWrite, "a write to 0x3ffe8240, below the stack"],
    ["code that is not there", Case.UnknownRom, "The core reached 0x40001000 in the mask ROM"],
  ])("%s is a crash, told with its place; the program starts again", async (_, which, text) => {
    const { time, board, device, said, logs } = setUp(which);
    device.powerOn();
    await time.run(150);
    expect(logs).toHaveLength(1);
    expect(logs[0]?.[0]).toBe(LogLevel.Error);
    expect(logs[0]?.[1]).toContain("the program trapped in poll: ");
    expect(logs[0]?.[1]).toContain(text);
    board.pins.setAdc(Case.Count);
    await time.run(200);
    expect(said.at(-2)).toEqual([200, ResetReason.Crash]);
    expect(said.at(-1)).toEqual([200, 1]);
    expect(device.figures).toMatchObject({ crashes: 1, watchdogResets: 0, resets: 1, starts: 2 });
  });

  test("the watchdog bites after three seconds of the chip in one call", async () => {
    const { time, board, device, said, logs } = setUp(Case.EndlessLoop);
    device.powerOn();
    await time.run(150);
    expect(logs).toEqual([
      [
        LogLevel.Error,
        "the watchdog resets the chip in poll: a call ran for more than 3000 ms, at 0x402cc224 (case_loop + 0x0)",
      ],
      [LogLevel.Warning, "poll took 3000 ms; over 3000 ms the watchdog resets the chip"],
    ]);
    expect(device.figures.longestCallCycles).toBeGreaterThanOrEqual(240_000_000);
    expect(device.figures.longestCallCycles).toBeLessThan(240_000_010);
    board.pins.setAdc(Case.Count);
    await time.run(200);
    expect(said.slice(-2)).toEqual([
      [200, ResetReason.Watchdog],
      [200, 1],
    ]);
    expect(device.figures).toMatchObject({ crashes: 0, watchdogResets: 1, resets: 1 });
  });

  test("a poll of 1.5 seconds of the chip is logged; the board's time stands still", async () => {
    const { time, device, logs } = setUp(Case.SlowPoll);
    device.powerOn();
    await time.run(100);
    expect(logs).toEqual([[LogLevel.Warning, "poll took 1500 ms; over 3000 ms the watchdog resets the chip"]]);
    expect([time.nowMs(), device.figures.slowPolls]).toEqual([100, 1]);
  });

  test("restart unwinds the program; RAM keeps what init does not set", async () => {
    const { time, device, said, logs } = setUp(Case.Restart);
    device.powerOn();
    await time.run(250);
    expect(said).toEqual([
      [100, ResetReason.PowerOn],
      [200, SAID_RAM_IS_KEPT],
      [200, ResetReason.Software],
    ]);
    expect(logs[0]).toEqual([LogLevel.Info, "the program restarts, reason 7"]);
    device.powerCut();
    device.powerOn();
    await time.run(350);
    expect(said.at(-1)).toEqual([350, ResetReason.PowerOn]);
    expect(said.filter(([, digit]) => digit === SAID_RAM_IS_KEPT)).toHaveLength(1);
  });

  test("deep sleep ends after its time", async () => {
    const { time, device, said } = setUp(Case.SleepFiveSeconds);
    device.powerOn();
    await time.run(5200);
    expect(said).toEqual([
      [100, ResetReason.PowerOn],
      [5200, SAID_RAM_IS_KEPT],
      [5200, ResetReason.DeepSleep],
    ]);
  });

  test("a power cut from within a host call: the run is over when the call into the program returns", async () => {
    const { time, board, device, said } = setUp(Case.Count);
    const { log } = board;
    Object.assign(board, {
      log: (level: LogLevel, text: string) => {
        log(level, text);
        device.powerCut();
      },
    });
    device.powerOn();
    await time.run(1000);
    expect(said).toEqual([[100, ResetReason.PowerOn]]);
    expect(device.isPowered).toBe(false);
  });

  test("a mistake of the host is thrown on, not taken for a crash of the program", async () => {
    const { time, board, device } = setUp(Case.Count);
    Object.assign(board, {
      log: () => {
        throw new TypeError("a listener is broken");
      },
    });
    device.powerOn();
    await expect(time.run(1000)).rejects.toThrow("a listener is broken");
    expect(device.isPowered).toBe(false);
  });

  test("allocation after start is found", async () => {
    const { time, device } = setUp(Case.HeapGrows, { onAllocation: "error" });
    device.powerOn();
    await expect(time.run(10_000)).rejects.toThrow(
      new AllocationError("the program allocates after start: heap 64 to 80 bytes, memory 512 to 512 bytes"),
    );
  });
});

test("a crash is printed on the serial line with what the core says of it", async () => {
  const { program, time, board, device } = setUp(Case.NullPointer, {}, undefined, true);
  let printed = "";
  board.serial.onBytes = (bytes) => {
    printed += Buffer.from(bytes).toString();
  };
  device.powerOn();
  await time.run(400);
  const [started, , crash, trapped, again] = printed.split("\r\n");
  expect([started, again]).toEqual(["reset: PowerOn", "reset: Crash"]);
  const at = /exception (\d+) \(\w+\) for (\w+) at (\w+)/.exec(trapped ?? "");
  expect(crash).toBe(`crash: cause ${at?.[1]} at ${at?.[3]} address ${at?.[2]} image 0xc000`);
  expect(Number(at?.[3])).toBeGreaterThanOrEqual(program.address);
});

describe("a fleet", () => {
  test("shares one chip; each device has its own RAM and figures", async () => {
    const program = NativeProgram.load(TEST_PROGRAM);
    const members = [0, 1, 2].map(() => setUp(Case.Count, {}, program));
    for (const [index, { device, time }] of members.entries()) {
      device.powerOn();
      await time.run(100 + 100 * index);
    }
    // Now in turns.
    for (let ms = 300; ms <= 400; ms += 10) for (const { time } of members) await time.run(ms);
    const counts = members.map(({ said }) => said.map(([, digit]) => digit));
    expect(counts).toEqual([counts[0], counts[0], counts[0]]);
    expect(counts[0]).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8]);
    const instructions = members.map(({ device }) => device.figures.instructions);
    expect(new Set(instructions).size).toBe(1);
    expect(machineOf(program).chip.instructions).toBeGreaterThan(3 * (instructions[0] ?? 0));
    expect(STACK_BYTES).toBe(4096);
  });
});
