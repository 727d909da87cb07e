/**
 * The life of a program on the host of the real chip: what runtime/board/device-life.ts does with wakes, delays, hand-overs,
 * deadlines and restarts, and the lines on the serial port (runtime/native/src/log-format.h).
 */
import { beforeAll, describe, expect, test } from "vitest";
import { Flash } from "../../../runtime/board/flash.ts";
import { readFlashImage } from "../../../runtime/board/flash-image.ts";
import { writeUnsignedImage } from "../../../runtime/board/unsigned-image.ts";
import { HostError } from "../../../runtime/contract/error-codes.ts";
import {
  FLASH_BOOT_OFFSET,
  FLASH_SLOT_A_OFFSET,
  FLASH_SLOT_B_OFFSET,
  Slot,
} from "../../../runtime/contract/flash-map.ts";
import { HOST_ABI_VERSION, PinEdge, ResetReason } from "../../../runtime/contract/host-abi.ts";
import {
  IMAGE_ABI_OFFSET,
  IMAGE_ARCH_OFFSET,
  IMAGE_HEADER_BYTES,
  IMAGE_PAYLOAD_BYTES_OFFSET,
  IMAGE_RAM_BYTES_OFFSET,
  IMAGE_VERSION_OFFSET,
  ImageArch,
} from "../../../runtime/contract/image-header.ts";
import { POLL_MAX_MS, PROGRAM_DATA_OFFSET } from "../../../runtime/contract/limits.ts";
import {
  HOST_IMAGE_SLOT,
  NativeImageWord,
  PROGRAM_RAM_ADDRESS,
  PROGRAM_RESERVED_BYTES,
} from "../../../runtime/contract/native-image.ts";
import { NativeDevice } from "../../../runtime/esp8266/device/native-device.ts";
import { buildDriver, canRunHost } from "./build-host.ts";
import { bytesOf, HostScript, linesOf, nativePayload } from "./host-script.ts";

/** user_interface.h of the SDK, `enum rst_reason`. */
const SDK_REASONS: [sdk: number, expected: ResetReason][] = [
  [0, ResetReason.PowerOn],
  [1, ResetReason.Watchdog],
  [2, ResetReason.Crash],
  [3, ResetReason.Watchdog],
  [4, ResetReason.Software],
  [5, ResetReason.DeepSleep],
  [6, ResetReason.External],
];
const RESTARTED = 4;
const NOTE_ADDRESS = PROGRAM_RAM_ADDRESS + PROGRAM_RESERVED_BYTES;
const NOTE_BYTES = 8;

/** The program that the virtual board sees in slot A, or why there is none. */
function verdictOf(payloadWords: Partial<Record<NativeImageWord, number>>, headerWords: Record<number, number>) {
  const flash = new Flash();
  writeUnsignedImage(flash, FLASH_SLOT_A_OFFSET, ImageArch.Lx106, nativePayload(payloadWords), headerWords);
  const image = readFlashImage(flash, FLASH_SLOT_A_OFFSET, ImageArch.Lx106);
  return typeof image === "string" ? image : NativeDevice.programAt(image.payload, FLASH_SLOT_A_OFFSET);
}

describe.skipIf(!canRunHost("the life of a program on the host of the real chip"))("life", () => {
  let driver: string;
  beforeAll(async () => {
    driver = await buildDriver();
  });

  const begun = () => new HostScript().image(FLASH_BOOT_OFFSET);
  const pollsOf = (script: HostScript) => linesOf(script.run(driver), "poll").map(Number);

  test("init, start, a first poll at once; the table is filled, with the image's address", () => {
    const outcome = begun()
      .order("on", 0)
      .order("run", 2)
      .get(PROGRAM_RAM_ADDRESS + 4 * HOST_IMAGE_SLOT, 4)
      .run(driver);
    const order = outcome.lines.filter((line) => /^(init|start|poll) /.test(line)).map((line) => line.split(" ")[0]);
    expect(order).toEqual(["init", "start", "poll"]);
    expect(bytesOf(outcome)[0]?.readUInt32LE()).toBe(0x402c0000 + IMAGE_HEADER_BYTES);
  });

  test("a poll follows the delay that was asked for: at least a millisecond, at most POLL_MAX_MS", () => {
    const script = begun();
    for (const delayMs of [5, 0, 100, -1]) script.order("plan", "poll", "return", delayMs);
    const polls = pollsOf(script.order("on", 0).order("run", POLL_MAX_MS + 200));
    expect(polls.slice(1).map((ms, index) => ms - (polls[index] ?? 0))).toEqual([5, 1, 100, POLL_MAX_MS]);
  });

  test("wakes are coalesced before a poll, and one during a poll gives one more", () => {
    const script = HostScript.running().call("pin_watch", 4, PinEdge.Both, 0).order("run", 7);
    for (const level of [1, 0, 1, 0]) script.order("level", 4, level);
    script.order("plan", "poll", "level", 4, 1, 60000).order("run", 20);
    // Running ends at 3 ms with its first poll behind it.
    expect(pollsOf(script).slice(1)).toEqual([10, 11]);
  });

  test("a long poll is told, as the virtual board tells it", () => {
    const script = begun().order("plan", "poll", "busy", 1500, 10).order("on", 0).order("run", 1600);
    expect(linesOf(script.run(driver), "log").at(-1)).toMatch(
      /^1\.50\d warning poll took 1500 ms; over 3000 ms the watchdog resets the chip$/,
    );
  });

  test("the watchdog is fed before each call and not within", () => {
    const { lines } = begun().order("on", 0).order("run", 3).run(driver);
    const seen = lines.filter((line) => /^(init|start|poll|sdk feed)/.test(line)).map((line) => line.split(" ")[0]);
    expect(seen).toEqual(["sdk", "init", "sdk", "start", "sdk", "poll"]);
  });

  test("image_run: the other image begins within the same start, the first does not return, the clock goes on", () => {
    const script = HostScript.running()
      .image(FLASH_SLOT_B_OFFSET)
      .call("slot")
      .call("clock_set", 1_800_000_000)
      .order("run", 500)
      .order("plan", "poll", "call", "image_run", FLASH_SLOT_B_OFFSET)
      .call("pin_watch", 4, PinEdge.Both, 0)
      .order("level", 4, 1)
      .order("run", 600)
      .call("slot")
      .call("clock_unix");
    const outcome = script.run(driver);
    expect([outcome.results[0], ...outcome.results.slice(3)]).toEqual([Slot.Boot, Slot.B, 1_800_000_001]);
    expect(linesOf(outcome, "init").map(Number)).toEqual([0, 504]);
  });

  test("image_run of a place without an image returns, and the program goes on", () => {
    const outcome = HostScript.running()
      .call("image_run", FLASH_SLOT_A_OFFSET)
      .call("image_run", 0x1000)
      .call("slot")
      .order("run", 3)
      .run(driver);
    expect(outcome.results).toEqual([HostError.BadArgument, HostError.BadArgument, Slot.Boot]);
    expect(linesOf(outcome, "log").slice(1)).toEqual([
      "0.003 warning the image at 0x0000c000 does not run: no image begins there",
      "0.003 warning the image at 0x00001000 does not run: no image can stand there",
    ]);
  });

  test("a restart is the chip's own, and nothing runs until it comes", () => {
    const outcome = begun().order("plan", "poll", "call", "restart", 7).order("on", 0).order("run", 100).run(driver);
    expect(outcome.lines.filter((line) => line === "sdk restart")).toHaveLength(1);
    expect(linesOf(outcome, "poll")).toHaveLength(1);
    expect(linesOf(outcome, "log").at(-1)).toMatch(/info the program restarts, reason 7$/);
  });

  test.each([
    [10_000, 10_000_000n],
    [0, 0n],
  ])("sleep of %i ms", (ms, us) => {
    const outcome = begun()
      .order("plan", "start", "call", "sleep_deep", ms)
      .order("on", 0)
      .order("run", 100)
      .run(driver);
    expect(linesOf(outcome, "sdk").filter((line) => line.startsWith("sleep"))).toEqual([`sleep ${us}`]);
    expect(linesOf(outcome, "poll")).toEqual([]);
  });

  test("a sleep longer than the RTC can count ends early, and says so", () => {
    const outcome = begun().order("plan", "start", "call", "sleep_deep", -1).order("on", 0).order("run", 9).run(driver);
    const sleptUs = Number(
      linesOf(outcome, "sdk")
        .find((line) => line.startsWith("sleep"))
        ?.split(" ")[1],
    );
    // The fake's RTC ticks every 6.5 us and counts 31 bits: 3 h 52 min.
    expect(sleptUs / 3_600_000_000).toBeCloseTo((6.5 * 2 ** 31) / 3.6e9, 3);
    expect(linesOf(outcome, "log").at(-1)).toMatch(
      /warning the chip cannot sleep that long, it wakes after 13958\d+ ms$/,
    );
  });

  test.each(SDK_REASONS)("the SDK's reason %i is %i", (sdk, expected) => {
    const outcome = begun().order("on", sdk).order("run", 3).call("reset_reason").run(driver);
    expect(outcome.results).toEqual([expected]);
    expect(linesOf(outcome, "log")[0]).toBe(`reset: ${ResetReason[expected]}`);
  });

  test("a deadline restarts the chip, outlasts image_run, and is the reason that the next start sees, once", () => {
    const first = begun()
      .order("plan", "start", "call", "deadline_set", 500)
      .order("plan", "poll", "call", "image_run", FLASH_BOOT_OFFSET)
      .order("on", 0)
      .order("run", 1000)
      .get(NOTE_ADDRESS, NOTE_BYTES)
      .run(driver);
    expect(linesOf(first, "log").at(-1)).toMatch(/^0\.50\d warning the deadline of 500 ms has passed$/);
    expect(first.lines.filter((line) => line === "sdk restart")).toHaveLength(1);
    const note = bytesOf(first)[0] as Buffer;
    const half = Buffer.concat([note.subarray(0, 4), Buffer.alloc(4)]);
    const starts = [note, half, Buffer.alloc(NOTE_BYTES)].map((bytes) =>
      begun()
        .put(NOTE_ADDRESS, bytes)
        .order("on", RESTARTED)
        .order("run", 3)
        .call("reset_reason")
        .get(NOTE_ADDRESS, NOTE_BYTES)
        .run(driver),
    );
    expect(starts.map(({ results }) => results[0])).toEqual([
      ResetReason.Deadline,
      ResetReason.Software,
      ResetReason.Software,
    ]);
    expect(bytesOf(starts[0] as (typeof starts)[0])[0]).toEqual(Buffer.alloc(NOTE_BYTES));
  });

  test("a deadline that is set again begins anew, and 0 ends it", () => {
    const script = HostScript.running()
      .call("deadline_set", 100)
      .order("run", 80)
      .call("deadline_set", 100)
      .order("run", 80);
    expect(script.call("deadline_set", 0).order("run", 500).run(driver).lines).not.toContain("sdk restart");
  });

  test("a crash tells cause, place, address and image; so does a watchdog that bites; other restarts do not", () => {
    const script = HostScript.running()
      .order("crash", 2, 29, 0x402c00d4, 0x12)
      .order("crash", 3, 4, 0x402c00e0, 0)
      .order("crash", 4);
    const outcome = script.run(driver);
    expect(linesOf(outcome, "rom").filter((line) => /^(crash|watchdog)/.test(line))).toEqual([
      "crash: cause 29 at 0x402c00d4 address 0x00000012 image 0x00000000",
      "watchdog: at 0x402c00e0 image 0x00000000",
    ]);
  });

  test("without an image to run the host says why and does nothing", () => {
    const outcome = new HostScript().order("on", 0).order("run", 50).run(driver);
    expect(linesOf(outcome, "log")).toEqual([
      "reset: PowerOn",
      "0.000 error the image at 0x00000000 does not run: no image begins there",
    ]);
    expect(outcome.lines.filter((line) => /^(init|start|poll|sdk restart)/.test(line))).toEqual([]);
  });

  const payloads: [what: string, words: Partial<Record<NativeImageWord, number>>][] = [
    ["nothing changed", {}],
    ["another magic", { [NativeImageWord.Magic]: 1 }],
    ["a size that is not its own", { [NativeImageWord.ImageBytes]: 92 }],
    ["RAM below the table", { [NativeImageWord.RamBytes]: PROGRAM_DATA_OFFSET - 4 }],
    ["all RAM there is", { [NativeImageWord.RamBytes]: PROGRAM_RESERVED_BYTES }],
    ["more RAM than there is", { [NativeImageWord.RamBytes]: PROGRAM_RESERVED_BYTES + 4 }],
    ["RAM in halves of words", { [NativeImageWord.RamBytes]: 0x4002 }],
    ["no poll", { [NativeImageWord.Poll]: 0 }],
    ["start in the header", { [NativeImageWord.Start]: 28 }],
    ["init behind the end", { [NativeImageWord.Init]: 96 }],
    ["heap_used behind the end", { [NativeImageWord.HeapUsed]: 96 }],
    ["heap_limit within", { [NativeImageWord.HeapLimit]: 92 }],
  ];
  const headers: [what: string, words: Record<number, number>][] = [
    ["another magic", { 0: 5 }],
    ["a newer header", { [IMAGE_VERSION_OFFSET]: 2 }],
    ["WebAssembly", { [IMAGE_ARCH_OFFSET]: ImageArch.Wasm32 }],
    ["a newer host", { [IMAGE_ABI_OFFSET]: HOST_ABI_VERSION + 1 }],
    ["more RAM", { [IMAGE_RAM_BYTES_OFFSET]: PROGRAM_RESERVED_BYTES + 1 }],
    ["no payload", { [IMAGE_PAYLOAD_BYTES_OFFSET]: 0 }],
    ["a payload that the slot has no room for", { [IMAGE_PAYLOAD_BYTES_OFFSET]: 0x10000 - IMAGE_HEADER_BYTES + 1 }],
    ["a payload of another size", { [IMAGE_PAYLOAD_BYTES_OFFSET]: 92 }],
  ];
  const images = [
    ...payloads.map(([what, words]) => [`payload, ${what}`, words, {}] as const),
    ...headers.map(([what, words]) => [`header, ${what}`, {}, words] as const),
  ];

  test.each(images)("an image with %s runs where the virtual board runs it", (_, payloadWords, headerWords) => {
    const program = verdictOf(payloadWords, { ...headerWords });
    const isRunnable = typeof program !== "string";
    const outcome = begun()
      .image(FLASH_SLOT_A_OFFSET, payloadWords, { ...headerWords }, isRunnable)
      .order("plan", "poll", "call", "image_run", FLASH_SLOT_A_OFFSET)
      .order("on", 0)
      .order("run", 5)
      .call("slot")
      .run(driver);
    expect(outcome.results).toEqual(isRunnable ? [Slot.A] : [HostError.BadArgument, Slot.Boot]);
  });

  test("of these images some run and most do not", () => {
    const verdicts = images.map(([, payloadWords, headerWords]) => typeof verdictOf(payloadWords, { ...headerWords }));
    expect(verdicts.filter((kind) => kind === "object")).toHaveLength(3);
  });
});
