import { createHash, createHmac } from "node:crypto";
import { describe, expect, test } from "vitest";
import { HostError } from "../contract/error-codes.ts";
import { FLASH_REGION_BYTES, FLASH_REGION_MAX_BYTES, FLASH_SECTOR_BYTES } from "../contract/flash-map.ts";
import {
  EDGE_RECORD_BYTES,
  HOST_ABI_VERSION,
  LogLevel,
  NET_FOUND_MAX_BYTES,
  NetStatus,
  PinEdge,
  PinMode,
  RADIO_CHANNEL_MAX,
  RADIO_RECORD_BYTES,
  ResetReason,
  TcpFlag,
  TcpStatus,
} from "../contract/host-abi.ts";
import { HOST_FUNCTIONS } from "../contract/host-functions.ts";
import { LOG_MAX_BYTES, RTC_MEMORY_BYTES, SERIAL_SEND_BYTES, TCP_MAX_HANDLES } from "../contract/limits.ts";
import { Flash } from "./flash.ts";
import { hostFunctions } from "./host-functions.ts";
import type { HostImports } from "./host-imports.ts";
import { MemoryNetwork } from "./memory-network.ts";
import { ProgramStop } from "./power.ts";
import { SeededRandom } from "./random.ts";
import { VirtualBoard } from "./virtual-board.ts";
import { VirtualTime } from "./virtual-time.ts";

const MEMORY_BYTES = 4096;
const MAC = Uint8Array.of(0x5c, 0xcf, 0x7f, 1, 2, 3);
/** Where the tests put the text of `put`. */
const TEXT = 100;
/** An address inside memory with less than 32 bytes behind it. */
const NEAR_END = MEMORY_BYTES - 31;

function setUp(clockOffsetMs = 0) {
  const time = new VirtualTime();
  const random = new SeededRandom(1);
  const network = new MemoryNetwork({ time, random, latencyMs: 5, joinMs: 50 });
  const logs: [LogLevel, string][] = [];
  const board = new VirtualBoard({
    time,
    random,
    network: network.station({ rssiDbm: -67 }),
    mac: MAC,
    boardId: 3,
    slot: 1,
    log: (level, text) => logs.push([level, text]),
    clockOffsetMs,
  });
  board.start(ResetReason.PowerOn);
  const memory = new Uint8Array(MEMORY_BYTES);
  const host = hostFunctions(board, () => memory);
  const put = (text: string, at = TEXT) => {
    memory.set(Buffer.from(text), at);
    return Buffer.byteLength(text);
  };
  return { time, network, board, logs, memory, host, put };
}

const RFC_6979_KEY =
  "60fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb6" +
  "7903fe1008b8bc99a41ae9e95628bc64f2f1b20c2d7e9f5177a3c294d4462299";
const RFC_6979_SIGNATURE =
  "efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716" +
  "f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8";

type Context = ReturnType<typeof setUp>;

describe("arguments", () => {
  const { BadArgument, OutOfRange, Unaligned, NotConnected, NoDevice, Unsupported } = HostError;
  const cases: [call: string, run: (host: HostImports, context: Context) => number, expected: number][] = [
    ["random_fill, negative length", (host) => host.random_fill(0, -1), BadArgument],
    ["random_fill, over the end", (host) => host.random_fill(MEMORY_BYTES - 1, 2), OutOfRange],
    ["random_fill, address above 2^31", (host) => host.random_fill(-1, 1), OutOfRange],
    ["random_fill, nothing at the end", (host) => host.random_fill(MEMORY_BYTES, 0), 0],
    ["rtc_read, all", (host) => host.rtc_read(0, 0, RTC_MEMORY_BYTES), 0],
    ["rtc_read, over the end", (host) => host.rtc_read(RTC_MEMORY_BYTES - 3, 0, 4), OutOfRange],
    ["rtc_read, negative offset", (host) => host.rtc_read(-1, 0, 1), OutOfRange],
    ["rtc_read, bad pointer", (host) => host.rtc_read(0, NEAR_END, 32), OutOfRange],
    ["rtc_write, negative length", (host) => host.rtc_write(0, 0, -4), BadArgument],
    ["rtc_write, over the end", (host) => host.rtc_write(RTC_MEMORY_BYTES, 0, 1), OutOfRange],
    ["pin_mode, no such mode", (host) => host.pin_mode(4, 3), BadArgument],
    ["pin_mode, flash pin", (host) => host.pin_mode(6, PinMode.Input), BadArgument],
    ["pin_read, no such pin", (host) => host.pin_read(17), BadArgument],
    ["pin_write, no level", (host) => host.pin_write(4, 2), BadArgument],
    ["pin_watch, no such edges", (host) => host.pin_watch(4, 4, 0), BadArgument],
    ["pin_watch, negative debounce", (host) => host.pin_watch(4, PinEdge.Both, -1), BadArgument],
    ["pin_edges, negative pin", (host) => host.pin_edges(-1), BadArgument],
    ["edge_read, too little room", (host) => host.edge_read(0, EDGE_RECORD_BYTES - 1), BadArgument],
    ["edge_read, bad pointer", (host) => host.edge_read(MEMORY_BYTES - 4, EDGE_RECORD_BYTES), OutOfRange],
    ["flash_read, over the end", (host) => host.flash_read(FLASH_REGION_BYTES - 1, 0, 2), OutOfRange],
    ["flash_read, any alignment", (host) => host.flash_read(1, 1, 3), 0],
    ["flash_write, odd offset", (host) => host.flash_write(2, 0, 4), Unaligned],
    ["flash_write, odd length", (host) => host.flash_write(0, 0, 2), Unaligned],
    ["flash_write, odd pointer", (host) => host.flash_write(0, 2, 4), Unaligned],
    ["flash_write, offset below zero", (host) => host.flash_write(-4, 0, 4), OutOfRange],
    ["flash_erase, inside a sector", (host) => host.flash_erase(4), Unaligned],
    ["flash_erase, behind the region", (host) => host.flash_erase(FLASH_REGION_BYTES), OutOfRange],
    ["net_join, empty name", (host) => host.net_join(0, 0, 0, 0), BadArgument],
    ["net_join, long name", (host) => host.net_join(0, 33, 0, 0), BadArgument],
    ["net_join, long passphrase", (host) => host.net_join(0, 1, 0, 65), BadArgument],
    ["net_join, bad pointer", (host) => host.net_join(NEAR_END, 32, 0, 0), OutOfRange],
    ["tcp_open, empty host", (host) => host.tcp_open(0, 0, 1, 0), BadArgument],
    ["tcp_open, host with a zero byte", (host) => host.tcp_open(0, 3, 1, 0), BadArgument],
    ["tcp_open, port 0", (host, { put }) => host.tcp_open(TEXT, put("hub"), 0, 0), BadArgument],
    ["tcp_open, port 65536", (host, { put }) => host.tcp_open(TEXT, put("hub"), 65536, 0), BadArgument],
    ["tcp_open, unknown flag", (host, { put }) => host.tcp_open(TEXT, put("hub"), 1883, 2), BadArgument],
    ["tcp_open, bad pointer", (host) => host.tcp_open(NEAR_END, 40, 1883, 0), OutOfRange],
    ["tcp_open, not joined", (host, { put }) => host.tcp_open(TEXT, put("hub"), 1883, 0), NotConnected],
    ["tcp_open, TLS", (host, { put }) => host.tcp_open(TEXT, put("hub"), 1883, TcpFlag.Tls), Unsupported],
    ["tcp_status, no handle", (host) => host.tcp_status(0), NotConnected],
    ["tcp_write, no handle", (host) => host.tcp_write(-1, 0, 1), NotConnected],
    ["tcp_write, bad pointer", (host) => host.tcp_write(0, NEAR_END, 32), OutOfRange],
    ["tcp_read, negative room", (host) => host.tcp_read(0, 0, -1), BadArgument],
    ["tcp_close, no such handle", (host) => host.tcp_close(TCP_MAX_HANDLES), NotConnected],
    ["sha256, bad result pointer", (host) => host.sha256(0, 1, NEAR_END), OutOfRange],
    ["sha256_flash, over the end", (host) => host.sha256_flash(FLASH_REGION_BYTES, 1, 0), OutOfRange],
    ["sha256_flash, negative length", (host) => host.sha256_flash(0, -1, 0), BadArgument],
    ["sha256_flash, bad result pointer", (host) => host.sha256_flash(0, 1, NEAR_END), OutOfRange],
    ["hmac_sha256, bad key pointer", (host) => host.hmac_sha256(NEAR_END, 32, 0, 0, 0), OutOfRange],
    ["hmac_sha256, negative length", (host) => host.hmac_sha256(0, 0, 0, -1, 0), BadArgument],
    ["hmac_sha256, bad result pointer", (host) => host.hmac_sha256(0, 0, 0, 0, NEAR_END), OutOfRange],
    ["verify_p256, negative length", (host) => host.verify_p256(0, -1, 0, 0), BadArgument],
    ["verify_p256, bad signature pointer", (host) => host.verify_p256(0, 1, MEMORY_BYTES - 63, 0), OutOfRange],
    ["verify_p256, bad key pointer", (host) => host.verify_p256(0, 1, 0, MEMORY_BYTES - 63), OutOfRange],
    ["verify_p256, a key of zeros", (host) => host.verify_p256(0, 1, 0, 0), 0],
    ["image_run, outside of an engine", (host) => host.image_run(0), Unsupported],
    ["chip_mac, bad pointer", (host) => host.chip_mac(MEMORY_BYTES - 5), OutOfRange],
    ["log, no such level", (host) => host.log(4, 0, 1), BadArgument],
    ["log, too long", (host) => host.log(LogLevel.Info, 0, LOG_MAX_BYTES + 1), BadArgument],
    ["log, bad pointer", (host) => host.log(LogLevel.Info, -1, 1), OutOfRange],
    ["pwm_write, not an output", (host) => host.pwm_write(4, 512), BadArgument],
    ["pwm_write, too much", (host) => host.pwm_write(4, 1024), BadArgument],
    ["pwm_write, no such pin", (host) => host.pwm_write(17, 0), BadArgument],
    ["pwm_write, the RTC's pin", (host) => host.pwm_write(16, 0), Unsupported],
    ["i2c_transfer, nobody there", (host) => host.i2c_transfer(0x40, 0, 0, 0, 0), NoDevice],
    ["i2c_transfer, no such address", (host) => host.i2c_transfer(128, 0, 0, 0, 0), BadArgument],
    ["i2c_transfer, bad write pointer", (host) => host.i2c_transfer(0x40, NEAR_END, 32, 0, 0), OutOfRange],
    ["i2c_transfer, bad read pointer", (host) => host.i2c_transfer(0x40, 0, 0, NEAR_END, 32), OutOfRange],
    ["i2c_transfer, too long together", (host) => host.i2c_transfer(0x40, 0, 60, 0, 41), BadArgument],
    ["radio_sniff, no such channel", (host) => host.radio_sniff(RADIO_CHANNEL_MAX + 1), BadArgument],
    ["radio_sniff, negative channel", (host) => host.radio_sniff(-1), BadArgument],
    ["radio_read, too little room", (host) => host.radio_read(0, RADIO_RECORD_BYTES - 1), BadArgument],
    ["radio_read, bad pointer", (host) => host.radio_read(NEAR_END, 32), OutOfRange],
    ["radio_beacon, no beacon", (host) => host.radio_beacon(0, 36), BadArgument],
    ["radio_beacon, bad pointer", (host) => host.radio_beacon(NEAR_END, 36), OutOfRange],
    ["serial_read, nothing has come", (host) => host.serial_read(0, 1), 0],
    ["serial_read, negative room", (host) => host.serial_read(0, -1), BadArgument],
    ["serial_read, bad pointer", (host) => host.serial_read(NEAR_END, 32), OutOfRange],
    ["serial_write, nothing", (host) => host.serial_write(0, 0), 0],
    ["serial_write, more than fits", (host) => host.serial_write(0, SERIAL_SEND_BYTES + 1), SERIAL_SEND_BYTES],
    ["serial_write, negative length", (host) => host.serial_write(0, -1), BadArgument],
    ["serial_write, bad pointer", (host) => host.serial_write(-1, 1), OutOfRange],
    ["net_found, before any scan", (host) => host.net_found(0, NET_FOUND_MAX_BYTES), 0],
    ["net_found, too little room for any", (host) => host.net_found(0, 1), BadArgument],
    ["net_found, bad pointer", (host) => host.net_found(NEAR_END, 32), OutOfRange],
  ];

  test.each(cases)("%s", (_, run, expected) => {
    const context = setUp();
    expect(run(context.host, context)).toBe(expected);
  });

  test("no function throws, whatever the numbers are; every one of the table is there", () => {
    const { host } = setUp();
    const values = [0, 1, -1, 4, 255, 4096, 0x7fffffff, -0x80000000];
    const random = new SeededRandom(2);
    for (const { name, params } of HOST_FUNCTIONS) {
      if (name === "restart" || name === "sleep_deep") continue;
      const call = host[name as keyof HostImports] as (...args: number[]) => number | undefined;
      const count = params === "" ? 0 : params.split(" ").length;
      for (let round = 0; round < 200; round++) {
        const args = Array.from({ length: count }, () => values[random.integer(0, values.length - 1)] ?? 0);
        expect(() => call(...args), `${name}(${args.join(", ")})`).not.toThrow();
      }
    }
  });

  test("what is missing is logged once each", () => {
    const { host, logs, put } = setUp();
    const open = () => host.tcp_open(TEXT, put("hub"), 1883, TcpFlag.Tls);
    expect([open(), open(), host.image_run(0)]).toEqual(new Array(3).fill(HostError.Unsupported));
    expect(logs).toEqual([
      [LogLevel.Warning, "host call tcp_open with TLS is not offered by the virtual board"],
      [LogLevel.Warning, "host call image_run is not offered by the virtual board"],
    ]);
  });
});

describe("clock", () => {
  test("milliseconds wrap at 2^32", async () => {
    const { time, host } = setUp(2 ** 32 - 10);
    expect(host.clock_ms()).toBe(2 ** 32 - 10);
    await time.run(15);
    expect(host.clock_ms()).toBe(5);
  });

  test("Unix time is unknown until it is set, unsigned, and lost by a start", async () => {
    const { time, host, board } = setUp();
    await time.run(5000);
    expect(host.clock_unix()).toBe(0);
    host.clock_set(4_102_444_800 | 0);
    await time.runFor(2500);
    expect(host.clock_unix()).toBe(4_102_444_802);
    board.start(ResetReason.Software);
    expect([host.clock_unix(), host.clock_ms()]).toEqual([0, 0]);
  });
});

describe("chance and self", () => {
  test("random bytes come from the board's source and stay in their range", () => {
    const { host, memory } = setUp();
    expect(host.random_fill(10, 20)).toBe(0);
    expect(memory.subarray(0, 10).every((byte) => byte === 0)).toBe(true);
    expect(memory.subarray(30).every((byte) => byte === 0)).toBe(true);
    expect(new Set(memory.subarray(10, 30)).size).toBeGreaterThan(10);
  });

  test("who the board is, and what it logs", () => {
    const { host, memory, logs, put } = setUp();
    expect(host.chip_mac(8)).toBe(0);
    expect([...memory.subarray(8, 14)]).toEqual([...MAC]);
    expect([host.board_id(), host.slot(), host.abi_version()]).toEqual([3, 1, HOST_ABI_VERSION]);
    expect(host.log(LogLevel.Info, TEXT, put("Grüße"))).toBe(0);
    expect(logs).toEqual([[LogLevel.Info, "Grüße"]]);
  });
});

describe("power", () => {
  test("restart and deep sleep do not return", () => {
    const { host } = setUp();
    expect(() => host.restart(9)).toThrow(ProgramStop);
    try {
      host.sleep_deep(-1);
      expect.unreachable();
    } catch (stop) {
      expect(stop instanceof ProgramStop && stop.request).toEqual({ kind: "sleep", sleepMs: 2 ** 32 - 1 });
    }
  });

  test("RTC memory survives restarts and deep sleep, and is noise after a power-on", () => {
    const { host, board, memory, put } = setUp();
    const size = put("remember");
    host.rtc_write(504, TEXT, size);
    for (const reason of [ResetReason.Software, ResetReason.Crash, ResetReason.DeepSleep]) {
      board.start(reason);
      expect(host.reset_reason()).toBe(reason);
      host.rtc_read(504, 0, size);
      expect(Buffer.from(memory.subarray(0, size)).toString()).toBe("remember");
    }
    board.start(ResetReason.PowerOn);
    host.rtc_read(504, 0, size);
    expect(Buffer.from(memory.subarray(0, size)).toString("latin1")).not.toBe("remember");
  });
});

describe("pins", () => {
  test("edges are counted, logged and read out whole", async () => {
    const { time, host, board, memory } = setUp();
    expect(host.pin_mode(5, PinMode.InputPullup)).toBe(0);
    expect(host.pin_read(5)).toBe(1);
    expect(host.pin_watch(5, PinEdge.Falling, 10)).toBe(0);
    await time.run(1000);
    board.pins.setInput(5, 0);
    expect(host.pin_edges(5)).toBe(1);
    expect(host.edge_read(0, 2 * EDGE_RECORD_BYTES + 1)).toBe(EDGE_RECORD_BYTES);
    expect([...memory.subarray(0, EDGE_RECORD_BYTES)]).toEqual([0xe8, 0x03, 0, 0, 5, 0, 0, 0]);
    expect(host.edge_read(0, EDGE_RECORD_BYTES)).toBe(0);
  });

  test("outputs and the analogue input", () => {
    const { host, board } = setUp();
    host.pin_mode(2, PinMode.Output);
    expect(host.pin_write(2, 1)).toBe(0);
    expect([host.pin_read(2), board.pins.level(2)]).toEqual([1, 1]);
    board.pins.setAdc(5000);
    expect(host.adc_read()).toBe(1023);
  });
});

describe("pulses", () => {
  test("show on the pin until it is written or its mode is set", () => {
    const { host, board } = setUp();
    const levels: number[] = [];
    host.pin_mode(2, PinMode.Output);
    board.pins.onOutput((_, level) => levels.push(level));
    expect([host.pwm_write(2, 1023), host.pwm_write(2, 300), board.pins.duty(2)]).toEqual([0, 0, 300]);
    expect([host.pwm_write(2, 0), board.pins.duty(2), host.pin_read(2)]).toEqual([0, 0, 0]);
    host.pwm_write(2, 700);
    host.pin_write(2, 0);
    expect([board.pins.duty(2), levels]).toEqual([undefined, [1, 0, 1, 0]]);
    host.pwm_write(2, 700);
    host.pin_mode(2, PinMode.Input);
    expect(board.pins.duty(2)).toBeUndefined();
    host.pin_mode(2, PinMode.Output);
    host.pwm_write(2, 700);
    board.start(ResetReason.External);
    expect([board.pins.duty(2), host.pin_read(2)]).toEqual([undefined, 0]);
  });
});

describe("flash and crypto", () => {
  test("flash is written, read and hashed across sectors", () => {
    const { host, memory } = setUp();
    memory.fill(0x5a, 0, 8);
    expect(host.flash_write(FLASH_SECTOR_BYTES - 4, 0, 8)).toBe(0);
    expect(host.flash_read(FLASH_SECTOR_BYTES - 5, 16, 10)).toBe(0);
    expect([...memory.subarray(16, 26)]).toEqual([0xff, ...new Array<number>(8).fill(0x5a), 0xff]);
    expect(host.sha256_flash(0, 2 * FLASH_SECTOR_BYTES, 64)).toBe(0);
    const expected = Buffer.alloc(2 * FLASH_SECTOR_BYTES, 0xff).fill(
      0x5a,
      FLASH_SECTOR_BYTES - 4,
      FLASH_SECTOR_BYTES + 4,
    );
    expect(Buffer.from(memory.subarray(64, 96))).toEqual(createHash("sha256").update(expected).digest());
    expect(host.flash_erase(FLASH_SECTOR_BYTES)).toBe(0);
  });

  test("SHA-256 of `abc` (FIPS 180-4 example) and an HMAC (RFC 4231, test case 2)", () => {
    const { host, memory, put } = setUp();
    host.sha256(TEXT, put("abc"), 0);
    expect(Buffer.from(memory.subarray(0, 32)).toString("hex")).toBe(
      "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
    );
    const keyBytes = put("Jefe", 200);
    host.hmac_sha256(200, keyBytes, TEXT, put("what do ya want for nothing?"), 0);
    expect(Buffer.from(memory.subarray(0, 32)).toString("hex")).toBe(
      "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
    );
    expect(createHmac("sha256", "Jefe").update("what do ya want for nothing?").digest()).toHaveLength(32);
  });

  test("the size of the region is that of the board", () => {
    const { host } = setUp();
    expect(host.flash_size()).toBe(FLASH_REGION_BYTES);
    const { board } = setUp();
    const large = new VirtualBoard({ ...board, flash: new Flash({ regionBytes: FLASH_REGION_MAX_BYTES }) });
    const largeHost = hostFunctions(large, () => new Uint8Array(MEMORY_BYTES));
    expect(largeHost.flash_size()).toBe(0x33c000);
    expect(largeHost.flash_read(0x33bffc, 0, 4)).toBe(0);
    expect(largeHost.sha256_flash(0x33bff0, 16, 0)).toBe(0);
    expect(largeHost.sha256_flash(0x33bff0, 17, 0)).toBe(HostError.OutOfRange);
  });

  test("a signature of RFC 6979 A.2.5 (P-256, SHA-256, `sample`)", () => {
    const { host, memory, put } = setUp();
    const sizeBytes = put("sample");
    memory.set(Buffer.from(RFC_6979_SIGNATURE, "hex"), 256);
    memory.set(Buffer.from(RFC_6979_KEY, "hex"), 320);
    expect(host.verify_p256(TEXT, sizeBytes, 256, 320)).toBe(1);
    expect(host.verify_p256(TEXT, sizeBytes - 1, 256, 320)).toBe(0);
    expect(host.verify_p256(TEXT, sizeBytes, 320, 256)).toBe(0);
  });
});

describe("network", () => {
  async function joined(context: Context): Promise<void> {
    const { host, put, time } = context;
    expect(host.net_join(TEXT, put("shop"), 200, put("secret", 200))).toBe(0);
    expect(host.net_status()).toBe(NetStatus.Joining);
    await time.runFor(50);
    expect([host.net_status(), host.net_rssi()]).toEqual([NetStatus.Up, 67]);
  }

  test("joins, connects, writes, reads and closes", async () => {
    const context = setUp();
    const { host, network, time, memory, put } = context;
    network.listen("hub", 1883, (stream) => stream.pipe(stream));
    expect(host.net_rssi()).toBe(0);
    await joined(context);
    const handle = host.tcp_open(TEXT, put("hub"), 1883, 0);
    expect(host.tcp_status(handle)).toBe(TcpStatus.Connecting);
    await time.runFor(10);
    expect(host.tcp_status(handle)).toBe(TcpStatus.Open);
    expect(host.tcp_write(handle, TEXT, put("hello"))).toBe(5);
    await time.runFor(10);
    expect(host.tcp_read(handle, 0, 100)).toBe(5);
    expect(Buffer.from(memory.subarray(0, 5)).toString()).toBe("hello");
    expect(host.tcp_close(handle)).toBe(0);
    expect(host.tcp_read(handle, 0, 100)).toBe(HostError.NotConnected);
  });

  test("handles run out, are given out again, and end with a reset", async () => {
    const context = setUp();
    const { host, network, put, board } = context;
    network.listen("hub", 1883, () => {});
    await joined(context);
    const open = () => host.tcp_open(TEXT, put("hub"), 1883, 0);
    expect(Array.from({ length: TCP_MAX_HANDLES }, open)).toEqual([0, 1, 2, 3]);
    expect(open()).toBe(HostError.NoHandle);
    host.tcp_close(1);
    expect(open()).toBe(1);
    board.start(ResetReason.External);
    expect(host.tcp_status(0)).toBe(HostError.NotConnected);
    expect(host.net_status()).toBe(NetStatus.Down);
  });
});
