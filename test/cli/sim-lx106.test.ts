/** `lintel sim --engine lx106`: what the emulated chip tells beside the readings. */
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { runLintel } from "./run-lintel.ts";

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "lintel-sim-"));
});

afterAll(() => rm(folder, { recursive: true, force: true }));

test("figures, a profile by function, a trace", { timeout: 120_000 }, async () => {
  const trace = join(folder, "trace.txt");
  const { code, stdout } = await runLintel(
    ...[
      "sim",
      "--engine",
      "lx106",
      "--virtual-hours",
      "0.1",
      "--devices",
      "2",
      "--json",
      "--profile",
      "--trace",
      trace,
    ],
  );
  expect(code).toBe(0);
  const { chip, profile, visitorsSimulated, visitorsCounted } = JSON.parse(stdout);
  expect(visitorsCounted).toBe(visitorsSimulated);
  expect(chip.cycles).toBeGreaterThan(chip.instructions);
  expect(chip.stackBytes).toBeGreaterThan(0);
  // What `lintel build` calls the worst case holds, and no call keeps the chip for long.
  expect(chip.stackBytes).toBeLessThan(1536);
  expect(chip.longestCallMs).toBeLessThan(100);
  expect(profile.map(({ name }: { name: string }) => name)).toContain("firmware/counter/main/poll");
  const counted = profile.reduce((sum: number, { instructions }: { instructions: number }) => sum + instructions, 0);
  expect(counted).toBeLessThanOrEqual(chip.instructions);
  expect(counted).toBeGreaterThan(chip.instructions / 2);

  const lines = (await readFile(trace, "utf8")).trim().split("\n");
  expect(lines).toHaveLength(200_000);
  expect(lines[0]).toMatch(/^402[cd][0-9a-f]{4} {2}\S.* \(init \+ 0x0\)$/);
  expect(lines.some((line) => /call0 0x402[cd].*firmware\/counter\/main\/poll \+ 0x/.test(line))).toBe(true);
});
