/**
 * One program, two engines: the counter as WebAssembly in Node and as machine code on the emulated chip does the same to
 * the byte on the wire, through a simulated day with network cuts.
 */
import { createHash } from "node:crypto";
import type { Duplex } from "node:stream";
import { expect, test } from "vitest";
import type { DeviceProgram } from "../../tools/build/create-device.ts";
import { loadProgram } from "../../tools/build/load-program.ts";
import { VirtualShop } from "../../tools/sim/virtual-shop.ts";

const HOUR_MS = 3_600_000;
/** 2025-03-01T09:17:30Z: neither a full hour nor a full minute. */
const START_UNIX_MS = 1_740_820_650_000;
const CUTS = [
  { atMs: 0.3 * HOUR_MS, forMs: 4000, mode: "silent" },
  { atMs: 1.1 * HOUR_MS, forMs: 600_000, mode: "silent" },
  { atMs: 5 * HOUR_MS, forMs: 90_000, mode: "reset" },
  { atMs: 13.7 * HOUR_MS, forMs: 1_800_000, mode: "silent" },
  { atMs: 20 * HOUR_MS, forMs: 20_000, mode: "reset" },
] as const;

interface Wire {
  /** [virtual ms, direction, bytes in hex], the first of them. */
  first: [number, string, string][];
  chunks: number;
  bytes: number;
  digest: string;
  visitors: number;
}

async function day(program: DeviceProgram, hours: number): Promise<Wire> {
  const hash = createHash("sha256");
  const wire: Wire = { first: [], chunks: 0, bytes: 0, digest: "", visitors: 0 };
  const shop: VirtualShop = await VirtualShop.open({
    program,
    devices: 2,
    seed: 7,
    startUnixMs: START_UNIX_MS,
    periodS: 60,
    meanIntervalMs: 30_000,
    onConnection: (stream: Duplex) => {
      const note = (direction: string, chunk: Uint8Array | null) => {
        if (chunk === null) return;
        const hex = Buffer.from(chunk).toString("hex");
        hash.update(`${shop.time.nowMs()} ${direction} ${hex}\n`);
        wire.chunks++;
        wire.bytes += chunk.length;
        if (wire.first.length < 2000) wire.first.push([shop.time.nowMs(), direction, hex]);
      };
      const push = stream.push.bind(stream);
      stream.push = (chunk, ...rest) => {
        note("from device", chunk);
        return push(chunk, ...rest);
      };
    },
  });
  try {
    for (const { atMs, forMs, mode } of CUTS) {
      shop.time.at(atMs, () => shop.network.cut(mode));
      shop.time.at(atMs + forMs, () => shop.network.restore());
    }
    await shop.run(hours * HOUR_MS);
    wire.visitors = shop.fleet.visitors;
    wire.digest = hash.digest("hex");
    return wire;
  } finally {
    await shop.close();
  }
}

test("a day with network cuts: both engines send the same bytes at the same times", { timeout: 240_000 }, async () => {
  const wasm = await day(await loadProgram("firmware/counter", "wasm"), 24);
  const lx106 = await day(await loadProgram("firmware/counter", "lx106"), 24);
  expect(lx106.first).toEqual(wasm.first);
  expect(lx106).toEqual(wasm);
  expect(wasm.visitors).toBeGreaterThan(4000);
  expect(wasm.bytes).toBeGreaterThan(100_000);
});
