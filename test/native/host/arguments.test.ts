/** What the host of the real chip answers to arguments, good and bad: as the virtual board does, number by number. */
import { beforeAll, describe, expect, test } from "vitest";
import { readBoardId } from "../../../runtime/board/board-id.ts";
import { Flash } from "../../../runtime/board/flash.ts";
import { SeededRandom } from "../../../runtime/board/random.ts";
import { HostError } from "../../../runtime/contract/error-codes.ts";
import {
  FLASH_BOOT_OFFSET,
  FLASH_FACTORY_OFFSET,
  FLASH_REGION_BYTES,
  FLASH_REGION_CHIP_OFFSET,
  FLASH_SECTOR_BYTES,
} from "../../../runtime/contract/flash-map.ts";
import {
  EDGE_RECORD_BYTES,
  HOST_ABI_VERSION,
  PWM_DUTY_MAX,
  RADIO_CHANNEL_MAX,
  RADIO_RECORD_BYTES,
  TcpFlag,
} from "../../../runtime/contract/host-abi.ts";
import { HOST_FUNCTIONS } from "../../../runtime/contract/host-functions.ts";
import { LOG_MAX_BYTES, RTC_MEMORY_BYTES, TCP_MAX_HANDLES } from "../../../runtime/contract/limits.ts";
import { FLASH_MAP_ADDRESS, NativeImageWord, PROGRAM_RAM_ADDRESS } from "../../../runtime/contract/native-image.ts";
import { encodeFactoryRecord } from "../../../tools/image/flash-board.ts";
import { BoardTwin, MAC } from "./board-twin.ts";
import { buildDriver, canRunHost } from "./build-host.ts";
import { bytesOf, DATA, HostScript, linesOf, RAM_BYTES, RAM_END } from "./host-script.ts";

const { BadArgument, OutOfRange, Unaligned, NotConnected, NoDevice, Unsupported } = HostError;

/** They do not return, or what they answer is nobody's choice. */
const LEFT_OUT = new Set(["restart", "sleep_deep", "image_run", "clock_ms", "clock_unix"]);
/** What is taken depends on the lines of log before it, which the twin does not print: serial.test.ts. */
const DEPENDS_ON_LOG = "serial_write";
/** The fake's answer to an I2C address where nobody is. */
const NOBODY = 2;

const FACTORY_ADDRESS = FLASH_MAP_ADDRESS + FLASH_REGION_CHIP_OFFSET + FLASH_FACTORY_OFFSET;

/** Numbers at every border that the contract has, and pointers inside and around a program's memory. */
const NUMBERS = [
  0,
  1,
  2,
  3,
  4,
  5,
  6,
  13,
  16,
  17,
  31,
  32,
  33,
  63,
  64,
  65,
  128,
  255,
  256,
  257,
  508,
  512,
  513,
  1023,
  1024,
  1883,
  4096,
  65535,
  65536,
  FLASH_REGION_BYTES - 4,
  FLASH_REGION_BYTES,
  -1,
  -4,
  0x7fffffff,
  -0x80000000,
];
const POINTERS = [
  0,
  1,
  4,
  PROGRAM_RAM_ADDRESS,
  DATA - 4,
  DATA - 1,
  DATA,
  DATA + 1,
  DATA + 2,
  DATA + 4,
  DATA + 2048,
  RAM_END - 64,
  RAM_END - 32,
  RAM_END - 4,
  RAM_END - 1,
  RAM_END,
  RAM_END + 1,
  0x3fffc000,
  0x402c0000,
  0x40100000,
  -1,
  -4,
  0x7fffffff,
  -0x80000000,
];

describe.skipIf(!canRunHost("the host of the real chip on a PC"))("arguments", () => {
  let driver: string;
  beforeAll(async () => {
    driver = await buildDriver();
  });

  const cases: [call: string, args: number[], expected: number][] = [
    ["random_fill", [DATA, -1], BadArgument],
    ["random_fill", [RAM_END - 1, 2], OutOfRange],
    ["random_fill", [DATA - 1, 1], OutOfRange],
    ["random_fill", [0, 0], 0],
    ["rtc_read", [0, DATA, RTC_MEMORY_BYTES], 0],
    ["rtc_read", [RTC_MEMORY_BYTES - 3, DATA, 4], OutOfRange],
    ["rtc_write", [-1, DATA, 1], OutOfRange],
    ["pin_mode", [6, 0], BadArgument],
    ["pin_mode", [16, 1], Unsupported],
    ["pin_watch", [16, 3, 0], Unsupported],
    ["pin_watch", [4, 4, 0], BadArgument],
    ["pin_write", [4, 2], BadArgument],
    ["edge_read", [DATA, EDGE_RECORD_BYTES - 1], BadArgument],
    ["flash_write", [2, DATA, 4], Unaligned],
    ["flash_write", [0, DATA + 2, 4], Unaligned],
    ["flash_write", [-4, DATA, 4], OutOfRange],
    ["flash_erase", [FLASH_REGION_BYTES], OutOfRange],
    ["flash_erase", [FLASH_SECTOR_BYTES - 4], Unaligned],
    ["net_join", [DATA, 33, DATA, 0], BadArgument],
    ["net_join", [DATA, 32, DATA, 65], BadArgument],
    ["tcp_open", [DATA, 3, 1883, TcpFlag.Tls], BadArgument],
    ["tcp_close", [TCP_MAX_HANDLES], NotConnected],
    ["tcp_read", [0, DATA, 1], NotConnected],
    ["sha256_flash", [FLASH_REGION_BYTES, 1, DATA], OutOfRange],
    ["verify_p256", [DATA, 4, DATA, DATA], 0],
    ["pwm_write", [4, 512], BadArgument],
    ["pwm_write", [16, 512], Unsupported],
    ["pwm_write", [6, 512], BadArgument],
    ["pin_mode", [2, 2], 0],
    ["pwm_write", [2, PWM_DUTY_MAX], 0],
    ["pwm_write", [2, PWM_DUTY_MAX + 1], BadArgument],
    ["i2c_transfer", [0x80, 0, 0, 0, 0], BadArgument],
    ["i2c_transfer", [0x40, DATA, 60, DATA, 41], BadArgument],
    ["i2c_transfer", [0x40, DATA, 60, DATA, 40], NoDevice],
    ["i2c_transfer", [0x40, DATA, 101, DATA + 1, -1], BadArgument],
    ["radio_sniff", [RADIO_CHANNEL_MAX + 1], BadArgument],
    ["radio_read", [DATA, RADIO_RECORD_BYTES - 1], BadArgument],
    ["radio_beacon", [DATA, 0], BadArgument],
    ["net_found", [DATA, 1], BadArgument],
    ["net_found", [DATA, 2], 0],
    ["serial_read", [DATA, -1], BadArgument],
    ["serial_write", [RAM_END, 1], OutOfRange],
    ["log", [4, DATA, 1], BadArgument],
    ["log", [2, DATA, LOG_MAX_BYTES + 1], BadArgument],
    ["abi_version", [], HOST_ABI_VERSION],
    ["slot", [], 2],
    ["board_id", [], 0],
  ];

  test("chosen ones: the board and the host agree with what the contract says", () => {
    const script = HostScript.running().order("i2c", NOBODY);
    const twin = new BoardTwin();
    for (const [name, args] of cases) script.call(name, ...args);
    expect(cases.map(([name, args]) => [name, args, twin.call(name, ...args)])).toEqual(cases);
    expect(script.run(driver).results).toEqual(cases.map(([, , expected]) => expected));
  });

  test.each([1, 2, 3, 4])("thousands of calls with numbers at the borders, in any order, seed %i", (seed) => {
    const random = new SeededRandom(seed);
    const pick = (values: readonly number[]) => values[random.integer(0, values.length - 1)] ?? 0;
    const script = HostScript.running();
    const twin = new BoardTwin();
    const calls: string[] = [];
    const expected: number[] = [];
    const functions = HOST_FUNCTIONS.filter(({ name }) => !LEFT_OUT.has(name) && name !== DEPENDS_ON_LOG);
    script.order("i2c", NOBODY);
    for (let round = 0; round < 4000; round++) {
      const fn = functions[random.integer(0, functions.length - 1)];
      if (fn === undefined) continue;
      const params = fn.params.split(" ").filter((param) => param !== "");
      const args = params.map((param) => pick(param.startsWith("*") ? POINTERS : NUMBERS));
      const answer = twin.call(fn.name, ...args);
      script.call(fn.name, ...args);
      calls.push(`${fn.name}(${args.join(", ")})`);
      // Nothing is done with what a void function answers; the driver reads a register.
      expected.push(fn.returns ? answer : Number.NaN);
    }
    const { results } = script.run(driver);
    const told = results.map((result, index) => (Number.isNaN(expected[index]) ? Number.NaN : result));
    expect(told.map((result, index) => `${calls[index]} = ${result}`)).toEqual(
      expected.map((result, index) => `${calls[index]} = ${result}`),
    );
    expect(new Set(expected).size, "errors of many kinds").toBeGreaterThan(6);
  });

  test("no call ends the host, whatever the numbers are, whatever came before", () => {
    const random = new SeededRandom(9);
    const script = HostScript.running();
    const calls = HOST_FUNCTIONS.filter(({ name }) => !LEFT_OUT.has(name)).flatMap((fn) =>
      Array.from({ length: 60 }, () => {
        const params = fn.params.split(" ").filter((param) => param !== "");
        return [
          fn.name,
          ...params.map((param) => {
            const values = param.startsWith("*") ? POINTERS : NUMBERS;
            return values[random.integer(0, values.length - 1)] ?? 0;
          }),
        ] as [string, ...number[]];
      }),
    );
    for (const [name, ...args] of calls) script.call(name, ...args);
    expect(script.run(driver).results).toHaveLength(calls.length);
  });

  test("the globals of a program, behind its memory, are no place for a host", () => {
    const globals = 0x400;
    const script = new HostScript().image(FLASH_BOOT_OFFSET, { [NativeImageWord.RamBytes]: RAM_BYTES + globals });
    script
      .order("on", 0)
      .order("run", 3)
      .call("random_fill", RAM_END - 4, 4)
      .call("random_fill", RAM_END, 4);
    script.call("random_fill", RAM_END - 4, 8).call("random_fill", RAM_END + globals - 4, 4);
    expect(script.run(driver).results).toEqual([0, OutOfRange, OutOfRange, OutOfRange]);
  });

  test("which board it is stands in the factory record; one that is not whole is a generic one", () => {
    const record = encodeFactoryRecord("counter", [new Uint8Array(64).fill(7)], 42);
    const idOf = (bytes: Uint8Array) =>
      HostScript.running().put(FACTORY_ADDRESS, bytes).call("board_id").run(driver).results[0];
    const changed = (offset: number) => record.map((byte, index) => (index === offset ? byte ^ 1 : byte));
    expect(idOf(record)).toBe(42);
    expect([0, 4, 28, 156, 160].map((offset) => idOf(changed(offset)))).toEqual([0, 0, 0, 0, 0]);
    const flash = new Flash();
    flash.write(FLASH_FACTORY_OFFSET, record);
    expect(readBoardId(flash)).toBe(42);
  });

  test("who the chip is, and what it says: TLS is refused once, loudly", () => {
    const text = "Grüße\n\x7f";
    const script = HostScript.running()
      .call("chip_mac", DATA)
      .get(DATA, 6)
      .put(DATA, text)
      .call("log", 2, DATA, Buffer.byteLength(text))
      .put(DATA, "hub")
      .call("tcp_open", DATA, 3, 8883, TcpFlag.Tls)
      .call("tcp_open", DATA, 3, 8883, TcpFlag.Tls)
      .order("run", 3);
    const outcome = script.run(driver);
    expect(outcome.results).toEqual([0, 0, Unsupported, Unsupported]);
    expect(bytesOf(outcome)).toEqual([Buffer.from(MAC)]);
    expect(linesOf(outcome, "log")).toEqual([
      "reset: PowerOn",
      "0.003 info Grüße??",
      "0.003 warning host call tcp_open with TLS is not offered by this host",
    ]);
  });
});
