import { expect, test } from "vitest";
import { readSettings } from "../../runtime/board/config-image.ts";
import { Flash } from "../../runtime/board/flash.ts";
import { MemoryNetwork } from "../../runtime/board/memory-network.ts";
import { SeededRandom } from "../../runtime/board/random.ts";
import { VirtualTime } from "../../runtime/board/virtual-time.ts";
import { CounterFleet, type FleetOptions } from "./counter-fleet.ts";

function fleetOf(options: Pick<FleetOptions, "periodS" | "devices" | "flashOf" | "first" | "isOther">): CounterFleet {
  const time = new VirtualTime();
  const random = new SeededRandom(1);
  const network = new MemoryNetwork({ time, random });
  const program = { engine: "wasm", boot: new Uint8Array(4), image: new Uint8Array(4), product: "counter" } as const;
  return new CounterFleet({
    ...{ time, random, network: () => network.station(), server: { host: "server", port: 1883 }, meanIntervalMs: 1000 },
    program: { ...program, publicKeys: [new Uint8Array(64)] },
    ...options,
  });
}

test("boards that were kept keep their period, and the last counts are waited for accordingly", () => {
  const kept = new Map<string, Flash>();
  const keep = (mac: string, makeNew: () => Flash) => {
    const flash = kept.get(mac) ?? makeNew();
    kept.set(mac, flash);
    return flash;
  };
  expect(fleetOf({ periodS: 300, devices: 1, flashOf: keep }).longestPeriodS).toBe(300);
  expect(fleetOf({ periodS: 10, devices: 2, flashOf: keep }).longestPeriodS).toBe(300);
  expect(fleetOf({ periodS: 10, devices: 2 }).longestPeriodS).toBe(10);
});

test("boards are numbered from the first one; another product is told nothing of barriers and periods", () => {
  const others = fleetOf({ periodS: 10, devices: 2, first: 256, isOther: true });
  expect(others.members.map(({ mac }) => mac)).toEqual(["024c4e540100", "024c4e540101"]);
  expect(others.members.map(({ flash }) => readSettings(flash).map(({ size }) => size))).toEqual([[0], [0]]);
  expect(others.longestPeriodS).toBe(10);
});
