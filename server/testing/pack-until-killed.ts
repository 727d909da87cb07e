/**
 * For tests: a writer that commits readings of days that are over and packs and deletes in between, until it is killed.
 * DATABASE FIRST_SEQUENCE; says after each commit up to where it is durable.
 */
import { BatchBuilder, BatchKind, BlockPool } from "../ingest/batch.ts";
import { Housekeeper } from "../store/housekeeper.ts";
import { openForWriting } from "../store/open-database.ts";
import { KEEP_ALL } from "../store/retention.ts";
import { Writer } from "../store/writer.ts";
import { encodePack, TEST_NOW_MS } from "./test-server.ts";

const [path = "", firstText = "1"] = process.argv.slice(2);
const PACK = 50;
const DAY_MS = 86_400_000;
/** Sequence number n is of the n-th quarter of an hour, over and over through thirty days: most of it is late. */
const SLOTS = 30 * 96;

const db = openForWriting(path);
const writer = new Writer(db);
const keeper = new Housekeeper(db, writer.onSealed, KEEP_ALL);
const pool = new BlockPool();
let next = Number(firstText);
let elapsedMs = 0;

function send(): void {
  const builder = new BatchBuilder(pool);
  const readings = Array.from({ length: PACK }, (_, i) => ({
    stream: "5001",
    value: next + i,
    timeS: (TEST_NOW_MS - 60 * DAY_MS) / 1000 + (((next + i) * 37) % SLOTS) * 900,
  }));
  builder.add(BatchKind.Data, 0x5ccf7f123456, TEST_NOW_MS + elapsedMs, encodePack(1, next, 1, readings));
  writer.commit([builder.take()]);
  next += PACK;
  process.send?.(next - 1);
}

function work(): void {
  send();
  elapsedMs += DAY_MS;
  keeper.tell(TEST_NOW_MS + elapsedMs, elapsedMs);
  for (let i = 0; i < 12 && keeper.step(); i++);
  setImmediate(work);
}
work();
