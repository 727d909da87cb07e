/** A share of the fleet, in a process of its own: light devices over loopback, told by the parent what to do. */
import { FleetDevice } from "./fleet-device.ts";
import { macOf } from "./ingest-packs.ts";

export interface FleetShare {
  port: number;
  first: number;
  devices: number;
  periodMs: number;
  packReadings: number;
  product: string;
  /** Connections a second while the fleet comes up. */
  connectPerS: number;
}

export interface FleetFigures {
  answersMs: number[];
  /** Longest time from the making of a pack to its acknowledgement. */
  delayMaxMs: number;
  welcome: number;
  confirmed: number;
  madePacks: number;
  openPacks: number;
  cpuMs: number;
}

export type ToFleet = "figures" | "reset" | "quiet" | "stop";

const PING_EVERY_MS = 25_000;

const share = JSON.parse(process.argv[2] ?? "{}") as FleetShare;
let answersMs: number[] = [];
let delayMaxMs = 0;
let confirmed = 0;
let isQuiet = false;

const devices = Array.from(
  { length: share.devices },
  (_, index) =>
    new FleetDevice({
      mac: macOf(share.first + index),
      port: share.port,
      product: share.product,
      epoch: 1,
      packReadings: share.packReadings,
      onAck: (answerMs, delayMs) => {
        answersMs.push(answerMs);
        delayMaxMs = Math.max(delayMaxMs, delayMs);
      },
      onConfirmed: () => confirmed++,
    }),
);

for (const [index, device] of devices.entries()) {
  setTimeout(() => device.connect(), (index * 1000) / share.connectPerS);
  // Spread over the period, as boards that were switched on at their own times.
  setTimeout(
    () => {
      setInterval(() => {
        if (!isQuiet) device.make(performance.now());
      }, share.periodMs);
      setInterval(() => device.ping(), PING_EVERY_MS);
    },
    (index * share.periodMs) / share.devices,
  );
}

process.on("message", (message: ToFleet) => {
  if (message === "reset") {
    answersMs = [];
    delayMaxMs = 0;
  } else if (message === "quiet") isQuiet = true;
  else if (message === "stop") {
    for (const device of devices) device.stop();
    process.exit(0);
  }
  const { user, system } = process.cpuUsage();
  process.send?.({
    answersMs,
    delayMaxMs,
    welcome: devices.filter(({ isWelcome }) => isWelcome).length,
    confirmed,
    madePacks: devices.reduce((sum, { made }) => sum + made, 0),
    openPacks: devices.reduce((sum, { made, acknowledged }) => sum + made - acknowledged, 0),
    cpuMs: (user + system) / 1000,
  } satisfies FleetFigures);
});
process.on("disconnect", () => process.exit(0));
