/** Definitions that refer to each other: each stream is opened once for a question, and what would be read too often is refused. */
import Database from "better-sqlite3";
import { afterEach, beforeEach, expect, test } from "vitest";
import { DERIVED_PARTS_MAX } from "../limits.ts";
import { makeFolder } from "../testing/test-server.ts";
import { DerivedWatch } from "./derived-watch.ts";
import { openDataFolder } from "./open-database.ts";
import { SeriesReader } from "./series-reader.ts";

const MAC = "5ccf7f000001";
const WIDTH = 50;

let folder: ReturnType<typeof makeFolder>;
let db: Database.Database;
let statements = 0;
beforeEach(() => {
  folder = makeFolder();
  const data = openDataFolder(folder.path);
  db = new Database(data.databasePath, { verbose: () => statements++ });
  data.release();
  db.exec(`INSERT INTO devices (id, mac, first_seen_ms, last_seen_ms, project_id, standing) VALUES (1, '${MAC}', 0, 0, 1, 1);
    INSERT INTO streams (device_id, stream, reading_count, first_time_ms, last_time_ms, last_value) VALUES (1, 0x5001, 1, 5, 5, 7)`);
});
afterEach(() => {
  db.close();
  folder.remove();
});

const named = (stream: string) => ({ device: MAC, stream });
const alias = (stream: string, width: number) => ({
  kind: "alias" as const,
  unit: null,
  sections: Array.from({ length: width }, (_, at) => ({
    ...named(stream),
    fromMs: at === 0 ? null : at * 1000,
    toMs: at === width - 1 ? null : (at + 1) * 1000,
  })),
});
const linear = (stream: string) => ({
  kind: "linear" as const,
  unit: null,
  source: named(stream),
  factor: 1,
  offset: 1,
});

function add(stream: string, definition: object): void {
  db.prepare("INSERT INTO derived_streams (device_id, stream, definition, created_ms) VALUES (1, ?, ?, 0)").run(
    Number.parseInt(stream, 16),
    JSON.stringify(definition),
  );
}

/** Three aliases, each of the one before, and as wide as may be. */
function addLevels(): void {
  add("6001", alias("5001", WIDTH));
  add("6002", alias("6001", WIDTH));
  add("6003", alias("6002", WIDTH));
}

const tooMany = expect.objectContaining({ why: "tooMany" });
const missing = expect.objectContaining({ why: "missing" });

test("three levels of aliases open each stream once, and are refused together", () => {
  addLevels();
  const reader = new SeriesReader(db);
  const opened: string[] = [];
  const open = () => reader.open(named("6003"), ({ stream }) => opened.push(stream) > 0);
  expect(open).toThrow(tooMany);
  expect(opened).toEqual(["6002", "6001", "5001"]);
  expect(() => reader.compose(alias("6001", WIDTH))).toThrow(tooMany);
  expect(reader.open(named("6001"))?.span()?.count).toBe(1);
});

test("what is read counts as often as it is named, up to the limit", () => {
  add("6001", alias("5001", 50));
  add("6002", linear("6001"));
  const reader = new SeriesReader(db);
  const width = DERIVED_PARTS_MAX / 50;
  expect(reader.compose(alias("6002", width)).span()?.count).toBe(1);
  expect(() => reader.compose(alias("6002", width + 1))).toThrow(tooMany);
});

test("a circle, and what is too deep by one of several ways", () => {
  for (const [at, stream] of ["6001", "6002", "6003", "6004"].entries())
    add(stream, linear(at === 0 ? "5001" : `600${at}`));
  const reader = new SeriesReader(db);
  expect(reader.open(named("6004"))?.last()).toEqual({ timeMs: 5, value: 11 });
  const [first] = alias("6003", 1).sections;
  const [, second] = alias("6004", 2).sections;
  expect(() => reader.compose({ kind: "alias", unit: null, sections: [first, second] as never })).toThrow(missing);
  // 6003 is opened first from the top, where it is not too deep.
  add("6005", linear("6003"));
  add("6006", { kind: "alias", unit: null, sections: [first, { ...second, stream: "6005" }] });
  expect(() => reader.open(named("6006"))).toThrow(missing);
  add("7001", linear("7002"));
  add("7002", linear("7001"));
  expect(() => reader.open(named("7001"))).toThrow(missing);
});

test("a rule on it has the writer follow each definition once, and finds no value", () => {
  addLevels();
  const watch = new DerivedWatch(db);
  watch.want([{ organisation: 1, stream: 0x6003 }]);
  statements = 0;
  const derived = watch.fedBy(1, 0x5001);
  expect(derived).toEqual([{ deviceId: 1, mac: MAC, stream: 0x6003 }]);
  expect(derived.map((one) => watch.latest(one))).toEqual([null]);
  // 50 × 50 × 50 ways lead there.
  expect(statements).toBeLessThan(10 * WIDTH);
});

test("a rule of one organisation is no reason to look at what others derive", () => {
  db.exec(`INSERT INTO organisations (id, slug, name, created_ms) VALUES (2, 'other', 'Other', 0);
    INSERT INTO projects (id, organisation_id, name, registration, created_ms) VALUES (2, 2, 'P', 0, 0)`);
  for (let at = 2; at < 100; at++) {
    const mac = `5ccf7f0001${at.toString().padStart(2, "0")}`;
    const definition = JSON.stringify({ ...linear("5001"), source: { device: mac, stream: "5001" } });
    db.exec(`INSERT INTO devices (id, mac, first_seen_ms, last_seen_ms, project_id, standing) VALUES (${at}, '${mac}', 0, 0, 2, 1);
      INSERT INTO derived_streams (device_id, stream, definition, created_ms) VALUES (${at}, 0x6001, '${definition}', 0)`);
  }
  add("6001", linear("5001"));
  const watch = new DerivedWatch(db);
  watch.want([{ organisation: 1, stream: 0x6001 }]);
  statements = 0;
  expect(watch.fedBy(2, 0x5001)).toEqual([]);
  expect(watch.fedBy(1, 0x5001)).toEqual([{ deviceId: 1, mac: MAC, stream: 0x6001 }]);
  expect(statements).toBeLessThan(10);
  watch.want([1, 2].map((organisation) => ({ organisation, stream: 0x6001 })));
  expect(watch.fedBy(2, 0x5001)).toMatchObject([{ deviceId: 2 }]);
});
