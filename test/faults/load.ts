/** Devices that send without a pause, in this process, and what the server has stored of them. */
import Database from "better-sqlite3";
import { FleetDevice } from "../bench/fleet-device.ts";
import { macOf } from "../bench/ingest-packs.ts";

const PACK_READINGS = 10;
const EPOCH = 1;

export class Load {
  readonly #devices: FleetDevice[];
  readonly #timers: NodeJS.Timeout[];

  /** Each device makes a pack every `everyMs`. */
  constructor(port: number, devices: number, everyMs: number) {
    this.#devices = Array.from(
      { length: devices },
      (_, index) =>
        new FleetDevice({
          mac: macOf(index),
          port,
          product: "counter",
          epoch: EPOCH,
          packReadings: PACK_READINGS,
          onAck: () => {},
          onConfirmed: () => {},
        }),
    );
    for (const device of this.#devices) device.connect();
    this.#timers = this.#devices.map((device) => setInterval(() => device.make(performance.now()), everyMs));
  }

  get acknowledged(): number {
    return PACK_READINGS * this.#devices.reduce((sum, device) => sum + device.acknowledged, 0);
  }

  get made(): number {
    return PACK_READINGS * this.#devices.reduce((sum, device) => sum + device.made, 0);
  }

  /** Nothing more is made; what was is still sent. */
  quiet(): void {
    for (const timer of this.#timers) clearInterval(timer);
  }

  get isSettled(): boolean {
    return this.#devices.every(({ made, acknowledged }) => made === acknowledged);
  }

  stop(): void {
    this.quiet();
    for (const device of this.#devices) device.stop();
  }

  /** What was acknowledged and is not stored, and what is stored twice. */
  judge(databasePath: string): { lost: number; duplicated: number } {
    const db = new Database(databasePath, { readonly: true });
    try {
      const rows = db
        .prepare<[], { mac: string; stored: number; distinct: number }>(
          `SELECT d.mac, count(*) AS stored, count(DISTINCT r.sequence) AS "distinct"
           FROM readings r JOIN epochs e ON e.id = r.epoch_id JOIN devices d ON d.id = e.device_id GROUP BY d.id`,
        )
        .all();
      const storedOf = new Map(rows.map((row) => [row.mac, row]));
      let lost = 0;
      let duplicated = 0;
      for (const [index, device] of this.#devices.entries()) {
        const { stored = 0, distinct = 0 } = storedOf.get(macOf(index)) ?? {};
        lost += Math.max(0, device.acknowledged * PACK_READINGS - distinct);
        duplicated += stored - distinct;
      }
      return { lost, duplicated };
    } finally {
      db.close();
    }
  }
}
