/** The demo as a user runs it, with everything that can go wrong on the way, in a few seconds of real time. */
import { expect, test } from "vitest";
import { runLintel } from "./run-lintel.ts";

test("server stopped, network cut, server killed: every visitor is counted once", async () => {
  const { code, stdout, stderr } = await runLintel(
    ...["demo", "--seconds", "9", "--devices", "4", "--json"],
    ...["--restart-server-at", "2", "--cut-network-at", "4", "--for", "1", "--kill-server-at", "6"],
  );
  const lines = stdout.trim().split("\n");
  expect(lines).toHaveLength(1);
  const result = JSON.parse(lines[0] ?? "");
  expect(Object.keys(result)).toEqual([
    "devices",
    "visitorsSimulated",
    "visitorsCounted",
    "readingsStored",
    "duplicates",
    "lost",
  ]);
  expect(result).toMatchObject({ devices: 4, duplicates: 0, lost: 0, visitorsCounted: result.visitorsSimulated });
  expect(result.visitorsSimulated).toBeGreaterThan(5);
  expect(stderr).toMatch(/Server killed/);
  expect(code).toBe(0);
}, 120_000);

test("on emulated chips: the same proof", async () => {
  const { code, stdout, stderr } = await runLintel(
    ...[
      "demo",
      "--engine",
      "lx106",
      "--seconds",
      "5",
      "--devices",
      "3",
      "--json",
      "--cut-network-at",
      "2",
      "--for",
      "1",
    ],
  );
  const result = JSON.parse(stdout);
  expect(result).toMatchObject({ devices: 3, duplicates: 0, lost: 0, visitorsCounted: result.visitorsSimulated });
  expect(result.visitorsSimulated).toBeGreaterThan(2);
  expect(stderr).toContain("3 virtual counters (lx106)");
  expect(code).toBe(0);
}, 120_000);
