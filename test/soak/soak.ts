/** The whole run: simulates, then compares the server's database with what the sensors gave. */
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type ClockFigures, clockFiguresOf } from "./clock-figures.ts";
import { type Delivery, deliveryOf, type Placed } from "./delivery.ts";
import type { Faults } from "./faults.ts";
import { type SoakOptions, type SoakRun, simulate } from "./simulate.ts";
import { openStored } from "./stored-readings.ts";

/** A process that is killed loses nothing that it wrote to a disk in RAM, and each commit waits for less. */
const RAM_DISK = "/dev/shm";
/** In the server's data folder. */
const DATABASE_FILE = "lintel.db";

export interface SoakFigures extends Faults, Delivery, ClockFigures {
  devices: number;
  days: number;
  readings: number;
}

export interface SoakResult {
  figures: SoakFigures;
  /** What is wrong, for people. */
  findings: string[];
}

export async function soak(options: Omit<SoakOptions, "workDir">): Promise<SoakResult> {
  const workDir = mkdtempSync(join(existsSync(RAM_DISK) ? RAM_DISK : tmpdir(), "lintel-soak-"));
  try {
    return judge(options, await simulate({ ...options, workDir }));
  } finally {
    rmSync(workDir, { recursive: true, force: true });
  }
}

function judge({ devices, days }: Pick<SoakOptions, "devices" | "days">, run: SoakRun): SoakResult {
  const stored = openStored(join(run.dataDir, DATABASE_FILE));
  const deliveries: Delivery[] = [];
  const placed: Placed[] = [];
  const findings: string[] = [];
  for (const { mac, given, mayDrop } of run.boards) {
    const { delivery, placed: ofBoard } = deliveryOf(given, stored.device(mac));
    if (!mayDrop) {
      // Its queue had room for everything.
      delivery.lost += delivery.dropped;
      delivery.dropped = 0;
    }
    deliveries.push(delivery);
    placed.push(...ofBoard);
    if (isWrong(delivery)) findings.push(`${mac}: ${JSON.stringify(delivery)}`);
    findings.push(...wrongTimes(mac, ofBoard));
  }
  stored.close();
  const delivery = deliveries.reduce(sum);
  return {
    figures: { devices, days, readings: delivery.stored, ...run.faults, ...delivery, ...clockFiguresOf(placed) },
    findings,
  };
}

function isWrong(delivery: Delivery): boolean {
  const { lost, duplicated, outOfOrder, invented, droppedMisreported, misnumbered, rejected } = delivery;
  return lost + duplicated + outOfOrder + invented + droppedMisreported + misnumbered + rejected > 0;
}

function wrongTimes(mac: string, placed: readonly Placed[]): string[] {
  return placed.flatMap(({ reading, given }) => {
    const errorS = (reading.timeMs - given.unixMs) / 1000;
    if (reading.errorS === null || Math.abs(errorS) <= reading.errorS) return [];
    const taken = new Date(given.unixMs).toISOString();
    return [`${mac}: reading ${reading.sequence} of ${taken} is ${errorS} s off, and says ${reading.errorS} s`];
  });
}

function sum(a: Delivery, b: Delivery): Delivery {
  const keys = Object.keys(a) as (keyof Delivery)[];
  return Object.fromEntries(keys.map((key) => [key, a[key] + b[key]])) as unknown as Delivery;
}
