/** Hours of beacons: the short form of `npm run products`; and each frame, field by field. */
import { expect, test } from "vitest";
import { FLASH_REGION_MAX_BYTES, FLASH_SECTOR_BYTES } from "../../runtime/contract/flash-map.ts";
import { BeaconSetting } from "../../runtime/contract/product-settings.ts";
import { loadProgram } from "../../tools/build/load-program.ts";
import { ProductShop } from "../../tools/sim/product-shop.ts";
import { decodeBeacon } from "./beacon-frame.ts";
import { type BeaconResult, INTERVAL_MS, NAMES, runBeaconShop, VENDOR } from "./beacon-shop.ts";

function checkFrames({ frames, mac }: BeaconResult): void {
  expect(frames.length).toBeGreaterThan(1000);
  let before: { atMs: number; sequence: number } | undefined;
  frames.forEach(({ atMs, bytes }, at) => {
    const beacon = decodeBeacon(bytes);
    const index = at % NAMES.length;
    const first = ((Number.parseInt(mac.slice(0, 2), 16) | 2) ^ (index << 2)).toString(16).padStart(2, "0");
    const sender = [first, ...(mac.slice(2).match(/../g) ?? [])].join(":");
    expect(beacon).toMatchObject({
      version: 0,
      type: 0,
      subtype: 8,
      flags: 0,
      durationUs: 0,
      destination: "ff:ff:ff:ff:ff:ff",
      sender,
      bssid: sender,
      fragment: 0,
      intervalTu: Math.floor((INTERVAL_MS * 1000) / 1024),
      capabilities: 1,
    });
    // Locally administered, of one device (IEEE 802 8.2.2).
    expect(Number.parseInt(sender.slice(0, 2), 16) & 3).toBe(2);
    expect(beacon.elements.map(({ id }) => id)).toEqual([0, 1, 3, 221]);
    expect(Buffer.from(beacon.elements[0]?.bytes ?? []).toString()).toBe(NAMES[index]);
    // 1, 2, 5.5 and 11 Mbit/s in units of 500 kbit/s, each of the basic rates.
    expect([...(beacon.elements[1]?.bytes ?? [])]).toEqual([0x82, 0x84, 0x8b, 0x96]);
    expect([...(beacon.elements[2]?.bytes ?? [])]).toEqual([6]);
    expect(beacon.elements[3]?.bytes).toEqual(VENDOR);
    if (before !== undefined) expect(beacon.sequence).toBe((before.sequence + 1) % 4096);
    expect(beacon.timestampUs % 1000n).toBe(0n);
    before = { atMs, sequence: beacon.sequence };
  });
  // Each name once in an interval.
  const [one, two] = [frames[0], frames[3]];
  expect((two?.atMs ?? 0) - (one?.atMs ?? 0)).toBe(INTERVAL_MS);
}

test.each([
  ["wasm", 27],
  ["lx106", 4.5],
] as const)("%s: frames, schedule, and who was heard", { timeout: 240_000 }, async (engine, hours) => {
  const result = await runBeaconShop({ engine, hours });
  expect(result.found).toEqual(result.expected);
  checkFrames(result);
});

test("a frame that is late does not silence those that follow", { timeout: 60_000 }, async () => {
  // Four names in 23 ms: three steps of 5 ms, and one of 8, which some pages of flash make longer by more than a step of 5.
  const pages = new Uint8Array(9 * 256);
  const shop = await ProductShop.open({ seed: 3, startUnixMs: 0 });
  try {
    const { board, device } = shop.add({
      program: await loadProgram("firmware/beacon", "wasm"),
      settings: new Map<number, number | string[]>([
        [BeaconSetting.Names, ["a", "b", "c", "d"]],
        [BeaconSetting.IntervalMs, 23],
        [BeaconSetting.ScanEveryS, 0],
      ]),
    });
    const sentMs: number[] = [];
    const beacon = board.radio.beacon.bind(board.radio);
    board.radio.beacon = (bytes) => {
      sentMs.push(shop.time.nowMs());
      if (sentMs.length % 4 === 0) board.flash.write(FLASH_REGION_MAX_BYTES - FLASH_SECTOR_BYTES, pages);
      return beacon(bytes);
    };
    device.powerOn();
    await shop.time.run(30_000);
    const gapsMs = sentMs.slice(1).map((atMs, index) => atMs - (sentMs[index] ?? 0));
    expect(Math.max(...gapsMs)).toBeLessThan(20);
    expect(sentMs.length).toBeGreaterThan(4 * 1000);
  } finally {
    await shop.close();
  }
});
