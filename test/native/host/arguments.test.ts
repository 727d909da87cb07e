/** What the host of the real chip answers to arguments, good and bad: as the virtual board does, number by number. */
import { beforeAll, describe, expect, test } from "vitest";
import { SeededRandom } from "../../../runtime/board/random.ts";
import { HostError } from "../../../runtime/contract/error-codes.ts";
import { FLASH_REGION_BYTES, FLASH_SECTOR_BYTES } from "../../../runtime/contract/flash-map.ts";
import { EDGE_RECORD_BYTES, HOST_ABI_VERSION, TcpFlag } from "../../../runtime/contract/host-abi.ts";
import { HOST_FUNCTIONS } from "../../../runtime/contract/host-functions.ts";
import { LOG_MAX_BYTES, RTC_MEMORY_BYTES, TCP_MAX_HANDLES } from "../../../runtime/contract/limits.ts";
import { PROGRAM_RAM_ADDRESS } from "../../../runtime/contract/native-image.ts";
import { BoardTwin, MAC } from "./board-twin.ts";
import { buildDriver, canRunHost } from "./build-host.ts";
import { bytesOf, DATA, HostScript, linesOf, RAM_END } from "./host-script.ts";

const { BadArgument, OutOfRange, Unaligned, NotConnected, Unsupported } = HostError;

/** They do not return, or what they answer is nobody's choice. */
const LEFT_OUT = new Set(["restart", "sleep_deep", "image_run", "clock_ms", "clock_unix"]);
/** What a virtual board may answer with Unsupported where this host does the thing. */
const MORE_THAN_THE_BOARD = new Set(
  HOST_FUNCTIONS.filter(({ group }) => group === "radio" || group === "serial").map(({ name }) => name),
)
  .add("pwm_write")
  .add("i2c_transfer");

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
    ["log", [4, DATA, 1], BadArgument],
    ["log", [2, DATA, LOG_MAX_BYTES + 1], BadArgument],
    ["abi_version", [], HOST_ABI_VERSION],
    ["slot", [], 2],
    ["board_id", [], 0],
  ];

  test("chosen ones: the board and the host agree with what the contract says", () => {
    const script = HostScript.running();
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
    const functions = HOST_FUNCTIONS.filter(({ name }) => !LEFT_OUT.has(name));
    for (let round = 0; round < 4000; round++) {
      const fn = functions[random.integer(0, functions.length - 1)];
      if (fn === undefined) continue;
      const params = fn.params.split(" ").filter((param) => param !== "");
      const args = params.map((param) => pick(param.startsWith("*") ? POINTERS : NUMBERS));
      const answer = twin.call(fn.name, ...args);
      if (answer === Unsupported && MORE_THAN_THE_BOARD.has(fn.name)) continue;
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

  test("no call ends the host, whatever the numbers are, also of what the board does not offer", () => {
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
