/**
 * A store as it is after a year: streams with a reading a minute, packed by what the sealer packs with, day by day. The readings
 * do not pass through the table before (the sealer reads them from there, and nothing else is different); those of the last
 * day stay in it, as they do. Runs in a process of its own: DATA_DIR READINGS STREAMS rows|packed.
 */
import { join } from "node:path";
import type Database from "better-sqlite3";
import { DAY_MS, HOUR_MS, MINUTE_MS, MINUTES_A_DAY } from "../../server/store/day.ts";
import { openDataFolder, openForWriting } from "../../server/store/open-database.ts";
import { ReadingInserter } from "../../server/store/reading-inserter.ts";
import { RollupLedger } from "../../server/store/rollup-ledger.ts";
import { emptyColumns, type ReadingColumns } from "../../server/store/segment-format.ts";
import { SegmentShelf } from "../../server/store/segment-shelf.ts";
import { QUERY_FIRST_DAY, QUERY_STREAM, queryMac } from "./query-names.ts";

const [dataDir = "", daysText = "", streamsText = "", form = "packed"] = process.argv.slice(2);
const days = Number(daysText);
const streams = Number(streamsText);

/** Not while the bench runs. */
const SEAL_LATER_MS = 12 * HOUR_MS;

/** A multiplicative generator (Park and Miller, 1988): the same readings every time. */
let state = 20_260_101;
function random(): number {
  state = (state * 48_271) % 0x7fffffff;
  return state / 0x7fffffff;
}

/** Visitors on even streams, in opening hours; on odd ones a temperature of two places that wanders. */
const temperatures = new Float64Array(streams).fill(2150);
function valueAt(stream: number, minute: number): number {
  if (stream % 2 === 0) return minute < 540 || minute > 1200 ? 0 : Math.floor(random() * random() * 12);
  temperatures[stream] = (temperatures[stream] as number) + Math.round((random() - 0.5) * 20);
  return (temperatures[stream] as number) / 100;
}

function dayOfStream(stream: number, day: number): ReadingColumns {
  const columns = emptyColumns(MINUTES_A_DAY);
  for (let minute = 0; minute < MINUTES_A_DAY; minute++) {
    // Devices send whole seconds, and are some late.
    columns.timesMs[minute] = (QUERY_FIRST_DAY + day) * DAY_MS + minute * MINUTE_MS + Math.floor(random() * 3) * 1000;
    columns.epochIds[minute] = stream + 1;
    columns.sequences[minute] = day * MINUTES_A_DAY + minute + 1;
    columns.values[minute] = valueAt(stream, minute);
    columns.errorsS[minute] = -1;
  }
  return columns;
}

function addNames(db: Database.Database): void {
  const device = db.prepare("INSERT INTO devices (id, mac, first_seen_ms, last_seen_ms) VALUES (?, ?, 0, 0)");
  const epoch = db.prepare("INSERT INTO epochs VALUES (?, ?, 1, ?, 0)");
  const stream = db.prepare("INSERT INTO streams VALUES (?, ?, ?, ?, ?, ?, 1)");
  const firstMs = QUERY_FIRST_DAY * DAY_MS;
  for (let i = 0; i < streams; i++) {
    device.run(i + 1, queryMac(i));
    epoch.run(i + 1, i + 1, days * MINUTES_A_DAY);
    stream.run(i + 1, i + 1, QUERY_STREAM, days * MINUTES_A_DAY, firstMs, firstMs + days * DAY_MS - MINUTE_MS);
  }
}

openDataFolder(dataDir).release();
const db = openForWriting(join(dataDir, "lintel.db"));
const segments = new SegmentShelf(db);
const rollups = new RollupLedger(db);
const inserter = new ReadingInserter(db);
const note = db.prepare("INSERT INTO unsealed VALUES (?, ?, ?)");
const startMs = performance.now();
db.transaction(() => addNames(db)).immediate();
for (let day = 0; day < days; day++) {
  db.transaction(() => {
    inserter.begin();
    for (let stream = 0; stream < streams; stream++) {
      const columns = dayOfStream(stream, day);
      const at = QUERY_FIRST_DAY + day;
      if (form === "packed" && day < days - 1) {
        rollups.add(stream + 1, at, columns, () => [], true);
        segments.add(stream + 1, at, columns);
        continue;
      }
      if (form === "packed") note.run(stream + 1, at, Date.now() + SEAL_LATER_MS);
      for (let i = 0; i < MINUTES_A_DAY; i++) {
        const { timesMs, sequences, values } = columns;
        const [timeMs, sequence, value] = [timesMs[i], sequences[i], values[i]] as [number, number, number];
        inserter.add(stream + 1, timeMs, stream + 1, sequence, value, 0, null);
      }
    }
    inserter.flush();
  }).immediate();
}
const seconds = (performance.now() - startMs) / 1000;
db.pragma("wal_checkpoint(TRUNCATE)");
const bytes = Number(db.pragma("page_count", { simple: true })) * Number(db.pragma("page_size", { simple: true }));
db.close();
process.send?.({ seconds, bytes, readings: days * streams * MINUTES_A_DAY }, () => process.exit(0));
