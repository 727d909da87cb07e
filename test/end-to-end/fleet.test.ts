/** A fleet that is stopped before it was up stays down: nothing that was planned happens afterwards. */
import { expect, test } from "vitest";
import { MemoryNetwork } from "../../runtime/board/memory-network.ts";
import { SeededRandom } from "../../runtime/board/random.ts";
import { VirtualTime } from "../../runtime/board/virtual-time.ts";
import { CounterFleet } from "../../tools/sim/counter-fleet.ts";
import { counterProgram } from "./counter-program.ts";

async function startFleet() {
  const time = new VirtualTime();
  const random = new SeededRandom(1);
  const network = new MemoryNetwork({ time, random: random.fork(1) });
  const fleet = new CounterFleet({
    time,
    random,
    program: await counterProgram(),
    devices: 4,
    network: () => network.station(),
    server: { host: "nowhere", port: 1883 },
    periodS: 60,
    meanIntervalMs: 1000,
  });
  fleet.start();
  return { time, fleet };
}

test("stopped at once: no board is switched on, no door opens", async () => {
  const { time, fleet } = await startFleet();
  fleet.stop();
  await time.runFor(60_000);
  expect(fleet.members.some(({ device }) => device.isPowered)).toBe(false);
  expect(fleet.visitors).toBe(0);
});

test("doors closed before they opened: boards run, nobody comes", async () => {
  const { time, fleet } = await startFleet();
  fleet.closeDoors();
  await time.runFor(60_000);
  expect(fleet.members.every(({ device }) => device.isRunning)).toBe(true);
  expect(fleet.visitors).toBe(0);
  fleet.stop();
});
