/** Flash, RTC memory and cryptography on the host of the real chip, beside the virtual board and published vectors. */
import { createHash, createHmac } from "node:crypto";
import { beforeAll, describe, expect, test } from "vitest";
import { SeededRandom } from "../../../runtime/board/random.ts";
import { FLASH_REGION_BYTES, FLASH_REGION_MAX_BYTES, FLASH_SECTOR_BYTES } from "../../../runtime/contract/flash-map.ts";
import { RTC_MEMORY_BYTES } from "../../../runtime/contract/limits.ts";
import { BoardTwin } from "./board-twin.ts";
import { buildDriver, canRunHost } from "./build-host.ts";
import { bytesOf, DATA, HostScript, linesOf, PUYA, WINBOND } from "./host-script.ts";

/** Behind the boot image of these tests. */
const FREE_SECTOR = 0x2e000;
const CHIP_OFFSET = 0xc0000;

/** RFC 6979 A.2.5, P-256 with SHA-256, message "sample". */
const RFC_6979_KEY =
  "60fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb6" +
  "7903fe1008b8bc99a41ae9e95628bc64f2f1b20c2d7e9f5177a3c294d4462299";
const RFC_6979_SIGNATURE =
  "efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716" +
  "f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8";

describe.skipIf(!canRunHost("storage on the host of the real chip"))("storage", () => {
  let driver: string;
  beforeAll(async () => {
    driver = await buildDriver();
  });

  test.each([
    [1, FLASH_REGION_BYTES],
    [4, FLASH_REGION_MAX_BYTES],
  ])("on a chip of %i MiB the region ends before the SDK's sectors", (flashMiB, regionBytes) => {
    const script = HostScript.running({ flashMiB }).call("flash_size");
    script.call("flash_erase", regionBytes - FLASH_SECTOR_BYTES).call("flash_read", regionBytes - 3, DATA, 4);
    const outcome = script.run(driver);
    expect(outcome.results).toEqual([regionBytes, 0, -2]);
    expect(outcome.lines).toContain(`sdk flash erase ${flashMiB * 0x100000 - 0x5000}`);
  });

  test.each([
    ["a usual chip", WINBOND],
    ["a chip that takes bits as they are", PUYA],
  ])("%s: reads, writes and erases leave what they leave on the board", (_, chipId) => {
    const random = new SeededRandom(5);
    const script = HostScript.running({ chipId });
    const twin = new BoardTwin();
    const both = (name: string, ...args: number[]) => {
      script.call(name, ...args);
      return twin.call(name, ...args);
    };
    const expected: number[] = [];
    const bytes = Uint8Array.from({ length: 2048 }, () => random.integer(0, 255));
    script.put(DATA, bytes);
    twin.put(DATA, bytes);
    for (let round = 0; round < 60; round++) {
      const sizeBytes = 4 * random.integer(0, 200);
      const offset = FREE_SECTOR + 4 * random.integer(0, 1800);
      expected.push(both("flash_write", offset, DATA + 4 * random.integer(0, 300), sizeBytes));
      if (round % 20 === 19) expected.push(both("flash_erase", FREE_SECTOR));
      // Any address, any length.
      const from = FREE_SECTOR + random.integer(0, 8000);
      const into = DATA + 4096 + random.integer(0, 7);
      const length = random.integer(0, 700);
      expected.push(both("flash_read", from, into, length));
      script.get(into, length);
    }
    both("flash_read", FREE_SECTOR, DATA, 8192);
    script.get(DATA, 8192);
    const outcome = script.run(driver);
    expect(outcome.results).toEqual([...expected, 0]);
    expect(bytesOf(outcome).at(-1)).toEqual(twin.get(DATA, 8192));
    const writes = linesOf(outcome, "sdk").filter((line) => line.startsWith("flash write "));
    expect(writes.every((line) => Number(line.split(" ")[2]) >= CHIP_OFFSET + FREE_SECTOR)).toBe(true);
    expect(writes.length).toBeGreaterThan(60);
  });

  test("RTC memory takes any offset and length, and nothing beside them changes", () => {
    const random = new SeededRandom(6);
    const script = HostScript.running();
    const twin = new BoardTwin();
    const all = Uint8Array.from({ length: RTC_MEMORY_BYTES }, () => random.integer(0, 255));
    for (const one of [script, twin]) {
      one.put(DATA, all);
      one.call("rtc_write", 0, DATA, RTC_MEMORY_BYTES);
    }
    for (let round = 0; round < 40; round++) {
      const offset = random.integer(0, RTC_MEMORY_BYTES);
      const length = random.integer(0, RTC_MEMORY_BYTES - offset);
      const from = DATA + random.integer(0, 100);
      script.call("rtc_write", offset, from, length);
      twin.call("rtc_write", offset, from, length);
    }
    for (const one of [script, twin]) one.call("rtc_read", 0, DATA + 1025, RTC_MEMORY_BYTES);
    const outcome = script.get(DATA + 1025, RTC_MEMORY_BYTES).run(driver);
    expect(outcome.results.every((result) => result === 0)).toBe(true);
    expect(bytesOf(outcome)[0]).toEqual(twin.get(DATA + 1025, RTC_MEMORY_BYTES));
  });

  test("digests of memory and of flash, an HMAC with a key longer than a block", () => {
    const text = Buffer.from(Array.from({ length: 1500 }, (_, index) => index & 0xff));
    const script = HostScript.running().put(DATA, text).call("flash_write", FREE_SECTOR, DATA, 1500);
    script.call("sha256", DATA, 1500, DATA + 2000).call("sha256_flash", FREE_SECTOR + 1, 1300, DATA + 2032);
    script.call("hmac_sha256", DATA, 100, DATA + 100, 700, DATA + 2064).call("sha256", 0, 0, DATA + 2096);
    const outcome = script.get(DATA + 2000, 128).run(driver);
    const sha256 = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest();
    expect(bytesOf(outcome)[0]).toEqual(
      Buffer.concat([
        sha256(text),
        sha256(text.subarray(1, 1301)),
        createHmac("sha256", text.subarray(0, 100)).update(text.subarray(100, 800)).digest(),
        sha256(Buffer.alloc(0)),
      ]),
    );
  });

  test("a signature of RFC 6979, and the same with a bit changed in message, signature and key", () => {
    const script = HostScript.running();
    const verify = (message: string, signature: string, key: string) =>
      script
        .put(DATA, message)
        .put(DATA + 100, Buffer.from(signature, "hex"))
        .put(DATA + 200, Buffer.from(key, "hex"))
        .call("verify_p256", DATA, message.length, DATA + 100, DATA + 200);
    verify("sample", RFC_6979_SIGNATURE, RFC_6979_KEY);
    verify("sampld", RFC_6979_SIGNATURE, RFC_6979_KEY);
    verify("sample", `e${RFC_6979_SIGNATURE.slice(1, -1)}9`, RFC_6979_KEY);
    verify("sample", RFC_6979_SIGNATURE, `70${RFC_6979_KEY.slice(2)}`);
    expect(script.run(driver).results).toEqual([1, 0, 0, 0]);
  });

  test("unix time goes on over the wrap of the clock of milliseconds", () => {
    const script = new HostScript()
      .image(0)
      .order("clock", 2 ** 32 - 10)
      .order("on", 0)
      .order("run", 3);
    script
      .call("clock_set", 4_102_444_800 | 0)
      .order("run", 2500)
      .call("clock_ms")
      .call("clock_unix");
    const [, ms = 0, unix = 0] = script.run(driver).results;
    expect([ms, unix >>> 0]).toEqual([2493, 4_102_444_802]);
  });
});
