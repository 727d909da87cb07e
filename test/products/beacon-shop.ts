/**
 * Two beacons in a shop with opening hours, for some days: each hears the other and the networks around. Every frame that leaves a
 * board is kept as the air has it; what the server has is compared with that.
 */
import type { SettingInput } from "../../runtime/board/config-image.ts";
import { ShopSetting } from "../../runtime/contract/config-record.ts";
import { BeaconSetting } from "../../runtime/contract/product-settings.ts";
import {
  STREAM_BEACONS_REFUSED,
  STREAM_BEACONS_SENT,
  STREAM_NETWORKS_HEARD,
  STREAM_WATCHED_DBM,
} from "../../runtime/contract/stream-ids.ts";
import type { Engine } from "../../tools/build/compile-program.ts";
import { loadProgram } from "../../tools/build/load-program.ts";
import { ProductShop, type ShopBoard } from "../../tools/sim/product-shop.ts";

/** A Monday, 06:00 UTC. */
const START_UNIX_MS = Date.UTC(2025, 4, 5, 6);
const MINUTE_MS = 60_000;
const SCAN_EVERY_S = 300;
export const INTERVAL_MS = 200;
export const VENDOR = Uint8Array.of(0xac, 0xde, 0x48, 1, 2, 3, 4, 5, 0xff);
/** The first with its 32 bytes, the second not of ASCII. */
export const NAMES = ["A name as long as a name can be.", "Café ☕", "x"];
const NEIGHBOUR = { ssid: "bakery", passphrase: "secret", rssiDbm: -77 };
/** Every day from 8:00 to 10:00 UTC, but not on Tuesdays. */
const HOURS = [8001000, 0, 8001000, 8001000, 8001000, 8001000, 8001000];

export interface SentFrame {
  atMs: number;
  mac: string;
  bytes: Uint8Array;
}

export interface BeaconResult {
  found: Record<string, unknown>;
  expected: Record<string, unknown>;
  /** Of the first board, the first ones. */
  frames: SentFrame[];
  mac: string;
}

const FRAMES_KEPT = 5000;

function isOpenAt(minute: number): boolean {
  const date = new Date(START_UNIX_MS + minute * MINUTE_MS);
  return date.getUTCDay() !== 2 && date.getUTCHours() >= 8 && date.getUTCHours() < 10;
}

export async function runBeaconShop({ engine, hours }: { engine: Engine; hours: number }): Promise<BeaconResult> {
  const shop = await ProductShop.open({ seed: 3, startUnixMs: START_UNIX_MS, neighbours: [NEIGHBOUR] });
  try {
    const program = await loadProgram("firmware/beacon", engine);
    const add = (names: string[], watch: string[]) =>
      shop.add({
        program,
        settings: new Map<number, SettingInput>([
          [BeaconSetting.Names, names],
          [BeaconSetting.Vendor, VENDOR],
          [BeaconSetting.IntervalMs, INTERVAL_MS],
          [BeaconSetting.Channel, 6],
          [BeaconSetting.ScanEveryS, SCAN_EVERY_S],
          [BeaconSetting.Watch, watch],
          [ShopSetting.Hours, HOURS],
        ]),
      });
    const one = add(NAMES, ["nobody", "other", NEIGHBOUR.ssid]);
    const two = add(["other"], [...NAMES]);
    const sent = new Map<string, number[]>();
    const frames: SentFrame[] = [];
    for (const { mac, board } of [one, two]) {
      const beacon = board.radio.beacon.bind(board.radio);
      board.radio.beacon = (bytes) => {
        const result = beacon(bytes);
        if (result < 0) return result;
        const minute = Math.floor(shop.time.nowMs() / MINUTE_MS);
        const minutes = sent.get(mac) ?? [];
        minutes[minute] = (minutes[minute] ?? 0) + 1;
        sent.set(mac, minutes);
        if (mac === one.mac && frames.length < FRAMES_KEPT) {
          frames.push({ atMs: shop.time.nowMs(), mac, bytes: bytes.slice() });
        }
        return result;
      };
    }
    one.device.powerOn();
    two.device.powerOn();
    await shop.time.run(hours * 60 * MINUTE_MS);
    await shop.time.runFor(30_000);
    const sums = async (board: ShopBoard) => (await shop.values(board, STREAM_BEACONS_SENT)).reduce((a, b) => a + b, 0);
    const truth = ({ mac }: ShopBoard) => (sent.get(mac) ?? []).reduce((a, b) => a + b, 0);
    const minutesOpen = Array.from({ length: hours * 60 }, (_, minute) => minute).filter(isOpenAt).length;
    const scans = (hours * 3600) / SCAN_EVERY_S;
    const watched = await Promise.all([0, 1, 2, 3].map((index) => shop.values(one, STREAM_WATCHED_DBM + index)));
    const heard = await shop.values(one, STREAM_NETWORKS_HEARD);
    const perSecond = (1000 / INTERVAL_MS) * NAMES.length;
    return {
      frames,
      mac: one.mac,
      found: {
        sent: [await sums(one), await sums(two)],
        refused: [
          ...(await shop.values(one, STREAM_BEACONS_REFUSED)),
          ...(await shop.values(two, STREAM_BEACONS_REFUSED)),
        ],
        // A scan takes 1.56 s in each five minutes, in which nothing is sent.
        isOnSchedule: Math.abs(truth(one) / (minutesOpen * 60 * perSecond) - 1) < 0.01,
        hasScanned: Math.abs(heard.length - scans) <= 1,
        networks: [...new Set(heard)].sort(),
        nobody: watched[0],
        otherIsHeard: (watched[1]?.length ?? 0) > 0 && (watched[1]?.length ?? 0) < scans,
        otherDbm: [...new Set(watched[1])],
        neighbour: watched[2]?.length,
        neighbourDbm: [...new Set(watched[2])],
        figures: [one, two].map(({ device }) => [device.figures.starts, device.figures.allocationsAfterStart]),
      },
      expected: {
        sent: [truth(one), truth(two)],
        refused: [],
        isOnSchedule: true,
        hasScanned: true,
        // The shop's own network and the neighbour's; in opening hours the other beacon, of one channel.
        networks: [2, 3],
        nobody: [],
        otherIsHeard: true,
        otherDbm: [-60],
        neighbour: heard.length,
        neighbourDbm: [NEIGHBOUR.rssiDbm],
        figures: [
          [1, 0],
          [1, 0],
        ],
      },
    };
  } finally {
    await shop.close();
  }
}
