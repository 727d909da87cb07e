/** IOTile reports at the writer: checked, placed in time, stored once. */
import type Database from "better-sqlite3";
import { afterEach, beforeEach, expect, test } from "vitest";
import { Standing } from "../access/registration.ts";
import type { DeviceCredential } from "../access/registration-requests.ts";
import { IOTILE_REPORT_MAX_BYTES } from "../limits.ts";
import { hashAgain, IOTILE_KEY, IOTILE_TEXT_KEY, REPORTS } from "../testing/iotile-reports.ts";
import { makeRandom, mutate } from "../testing/mutate.ts";
import { makeFolder, TEST_NOW_MS } from "../testing/test-server.ts";
import type { StoreAnswer } from "../updates/store-requests.ts";
import { openDataFolder, openForWriting } from "./open-database.ts";
import { Writer } from "./writer.ts";

const MAC = 0x42;

let folder: ReturnType<typeof makeFolder>;
let db: Database.Database;
let writer: Writer;

beforeEach(() => {
  folder = makeFolder();
  const data = openDataFolder(folder.path);
  db = openForWriting(data.databasePath);
  data.release();
  writer = new Writer(db);
  register({ kind: "secret", secret: IOTILE_KEY });
});

afterEach(() => {
  db.close();
  folder.remove();
});

function register(credential: DeviceCredential): void {
  const device = { mac: MAC, project: 1, credential, isKept: false };
  writer.answer({ kind: "putDevice", device, atMs: TEST_NOW_MS });
}

const add = (bytes: Uint8Array, atMs = TEST_NOW_MS) => writer.answer({ kind: "addReport", mac: MAC, bytes, atMs });
const refusal = (bytes: Uint8Array) => add(bytes).refusal;
const count = (table: string) => db.prepare(`SELECT count(*) FROM ${table}`).pluck().get();
const readings = () =>
  db
    .prepare(
      `SELECT s.stream, r.time_ms - ${TEST_NOW_MS} AS ms, e.epoch, r.sequence, r.value, r.clock
       FROM readings r JOIN streams s ON s.id = r.stream_id JOIN epochs e ON e.id = r.epoch_id
       ORDER BY r.sequence, e.epoch`,
    )
    .raw()
    .all();
const taken = ({ outcome, report }: StoreAnswer) => [
  outcome,
  report?.stored,
  report?.duplicates,
  report?.rejected,
  report?.acknowledged,
];

/** Of `hashed`: stream, ms before the arrival, epoch, sequence, value, clock of the arrival. */
const HASHED = [
  [0x5001, -120_000, 0, 7, 41, 1],
  [0x5001, -60_000, 0, 8, 42, 1],
  [0x5002, -20_000, 0, 11, 0xffffffff, 1],
];

test("a list is stored with its watermark; the same again, and what overlaps, is a duplicate", () => {
  expect(taken(add(REPORTS.hashed))).toEqual(["done", 3, 0, 0, 11]);
  expect(taken(add(REPORTS.hashed, TEST_NOW_MS + 5000))).toEqual(["done", 0, 3, 0, 11]);
  expect(readings()).toEqual(HASHED);
  expect(taken(add(REPORTS.later))).toEqual(["done", 1, 1, 0, 12]);
  expect(taken(add(REPORTS.empty))).toEqual(["done", 0, 0, 0, 12]);
  expect(db.prepare("SELECT stream, reading_count, last_value FROM streams ORDER BY stream").raw().all()).toEqual([
    [0x5001, 3, 43],
    [0x5002, 1, 0xffffffff],
  ]);
});

test("what was stored is known again by a writer that has just started", () => {
  add(REPORTS.hashed);
  writer = new Writer(db);
  expect(taken(add(REPORTS.later))).toEqual(["done", 1, 1, 0, 12]);
});

test("another streamer of the device has ids of its own: its selection of one sequence", () => {
  add(REPORTS.hashed);
  expect(taken(add(REPORTS.derived))).toEqual(["done", 3, 0, 0, 11]);
  expect(readings().length).toBe(6);
});

test("UTC is the device's clock; an uptime beside a sender that knows UTC is of no time and is kept as it came", () => {
  expect(taken(add(REPORTS.utc))).toEqual(["done", 1, 0, 1, 13]);
  expect(readings()).toEqual([[0x5001, -100_000, 0, 12, 1, 0]]);
  expect(db.prepare("SELECT sequence, reason, hex(record) FROM rejected").raw().all()).toEqual([
    [13, "time", "015000000D0000008403000002000000"],
  ]);
  expect(taken(add(REPORTS.utc))).toEqual(["done", 0, 2, 0, 13]);
  expect(count("rejected")).toBe(1);
});

test("a reading alone is known again by stream, time and value", () => {
  expect(taken(add(REPORTS.individual))).toEqual(["done", 1, 0, 0, null]);
  expect(taken(add(REPORTS.individualUtc))).toEqual(["done", 1, 0, 0, null]);
  expect(taken(add(REPORTS.individualUtc))).toEqual(["done", 0, 1, 0, null]);
  const other = Buffer.from(REPORTS.individualUtc);
  other.writeUInt32LE(79, 16);
  expect(taken(add(other))).toEqual(["done", 1, 0, 0, null]);
  expect(readings()).toEqual([
    [0x5001, -20_000, 256, 1, 77, 1],
    [0x5001, 0, 256, 2, 78, 0],
    [0x5001, 0, 256, 3, 79, 0],
  ]);
  const uptimeAhead = Buffer.from(REPORTS.individual);
  uptimeAhead.writeUInt32LE(1121, 12);
  expect(refusal(uptimeAhead)).toBe("time");
});

test("a signature is by the secret as 32 bytes, by the key for one report that comes of it, or by its text", () => {
  expect(taken(add(REPORTS.keyed))).toEqual(["done", 3, 0, 0, 11]);
  expect(taken(add(REPORTS.derived))).toEqual(["done", 3, 0, 0, 11]);
  const verdicts = db.prepare("SELECT from_sequence, to_sequence, verdict FROM signatures").raw();
  expect(verdicts.all()).toEqual([
    [7, 11, 1],
    [7, 11, 1],
  ]);
  expect(refusal(REPORTS.text)).toBe("signature");
  register({ kind: "secret", secret: IOTILE_TEXT_KEY });
  expect(refusal(REPORTS.keyed)).toBe("signature");
  expect(taken(add(REPORTS.text))).toEqual(["done", 0, 3, 0, 11]);
  register({ kind: "claim", digest: Buffer.alloc(32), untilMs: null });
  expect(refusal(REPORTS.keyed)).toBe("noSecret");
  expect(taken(add(REPORTS.hashed))[0]).toBe("done");
});

test("each way to be wrong has its name", () => {
  expect(refusal(REPORTS.unsorted)).toBe("ids");
  expect(refusal(REPORTS.unknownKind)).toBe("signatureKind");
  const edit = (at: number, value: number) => {
    const bytes = Buffer.from(REPORTS.hashed);
    bytes[at] = value;
    return hashAgain(bytes);
  };
  expect(refusal(edit(0, 2))).toBe("format");
  expect(refusal(edit(1, 0x5b))).toBe("length");
  expect(refusal(edit(22, 1))).toBe("reserved");
  expect(refusal(edit(68, 6))).toBe("ids");
  expect(refusal(edit(72, 12))).toBe("ids");
  expect(refusal(Buffer.concat([REPORTS.individual, Buffer.alloc(1)]))).toBe("length");
  const reserved = Buffer.from(REPORTS.individual);
  reserved[1] = 1;
  expect(refusal(reserved)).toBe("reserved");
  expect(refusal(Buffer.alloc(IOTILE_REPORT_MAX_BYTES + 1, 1))).toBe("tooLong");
  expect(count("readings")).toBe(0);
});

test("truncated after every byte, and with every bit turned, a list is refused and nothing is stored", () => {
  for (const report of [REPORTS.hashed, REPORTS.keyed, REPORTS.derived]) {
    for (let end = 0; end < report.length; end++) {
      expect(refusal(report.subarray(0, end)), `cut at ${end}`).toMatch(end < 44 ? /^tooShort$/ : /^length$/);
    }
    for (let bit = 0; bit < report.length * 8; bit++) {
      const bytes = Buffer.from(report);
      bytes[bit >> 3] = (bytes[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      expect(add(bytes).outcome, `bit ${bit}`).toBe("reportRefused");
    }
  }
  expect(count("readings")).toBe(0);
  expect(count("epochs")).toBe(0);
});

test("10,000 mutations, half of them with a hash that fits: stored whole or refused whole, and never twice", () => {
  const random = makeRandom(20);
  const sources = Object.values(REPORTS);
  let stored = 0;
  let refused = 0;
  for (let i = 0; i < 10_000; i++) {
    const damaged = mutate(sources[i % sources.length] as Buffer, random);
    const { outcome, report } = add(i % 2 === 0 ? damaged : hashAgain(damaged));
    expect(["done", "reportRefused"]).toContain(outcome);
    if (report === undefined) refused++;
    else stored += report.stored;
  }
  expect(refused).toBeGreaterThan(5000);
  expect(stored).toBeGreaterThan(10);
  expect(count("readings")).toBe(stored);
  expect(db.prepare("SELECT sum(reading_count) FROM streams").pluck().get()).toBe(stored);
  expect(db.prepare("SELECT count(*) FROM readings GROUP BY epoch_id, sequence HAVING count(*) > 1").all()).toEqual([]);
}, 60_000);

test("a device that is not there, or not in use, sends none", () => {
  expect(writer.answer({ kind: "addReport", mac: 0x43, bytes: REPORTS.hashed, atMs: 0 }).outcome).toBe("deviceUnknown");
  writer.answer({ kind: "setStanding", mac: MAC, standing: Standing.Revoked, atMs: 0 });
  expect(add(REPORTS.hashed).outcome).toBe("deviceNotActive");
  expect(count("readings")).toBe(0);
});

test("a failure on the way leaves nothing, and what is sent again is stored", () => {
  db.exec("CREATE TRIGGER broken BEFORE UPDATE OF watermark ON epochs BEGIN SELECT raise(ABORT, 'no room'); END");
  expect(() => add(REPORTS.hashed)).toThrow("no room");
  expect(count("readings")).toBe(0);
  db.exec("DROP TRIGGER broken");
  expect(taken(add(REPORTS.hashed))).toEqual(["done", 3, 0, 0, 11]);
});
