/** The short form of `npm run flash:sim`: the board with most on it, whose cable is pulled the first time. */

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { OPEN_HOUSE } from "../../server/access/open-house.ts";
import { startServer } from "../../server/app.ts";
import { silentLogger } from "../../server/logger.ts";
import { readBoard } from "../../tools/build/board.ts";
import { pull } from "./disturbance.ts";
import { flashOne } from "./flash-one.ts";

test("a blank board, a cable that is pulled, again: flashed, online, everybody counted", async () => {
  const dataDir = await mkdtemp(join(tmpdir(), "lintel-flash-sim-"));
  const server = await startServer({
    ...OPEN_HOUSE,
    dataDir,
    host: "127.0.0.1",
    mqttPort: 0,
    httpPort: 0,
    logger: silentLogger,
  });
  try {
    const board = readBoard("retail");
    const options = { board, index: 1, baudRate: 460_800, useStub: true, disturbance: pull(20_000) };
    const row = await flashOne(server, options);
    expect(row).toMatchObject({ board: "retail", verified: true, online: true });
    expect(row.error).toMatch(/^(writing|erasing|reading) .* failed: .*Check the cable, then run the same again/);
    expect(row.visitorsSimulated).toBeGreaterThan(0);
    expect(row.visitorsCounted).toBe(row.visitorsSimulated);
  } finally {
    await server.stop();
    await rm(dataDir, { recursive: true, force: true });
  }
}, 180_000);
