/** What stays of changes: by number of each organisation alone, and by age; and who reads on from before is told. */
import type Database from "better-sqlite3";
import { afterEach, beforeEach, expect, test } from "vitest";
import { CHANGES_KEPT_MAX, CHANGES_KEPT_MS, CHANGES_TRIM_STEP } from "../limits.ts";
import { makeFolder, TEST_NOW_MS } from "../testing/test-server.ts";
import { ChangeReader } from "./change-reader.ts";
import { ChangeTrim } from "./change-trim.ts";
import { Housekeeper } from "./housekeeper.ts";
import { openDataFolder, openForWriting } from "./open-database.ts";
import { Outbox } from "./outbox.ts";

let folder: ReturnType<typeof makeFolder>;
let db: Database.Database;
let reader: ChangeReader;

beforeEach(() => {
  folder = makeFolder();
  const data = openDataFolder(folder.path);
  db = openForWriting(data.databasePath);
  data.release();
  db.exec("INSERT INTO organisations (id, slug, name, created_ms) VALUES (2, 'busy', 'Busy', 0)");
  reader = new ChangeReader(db);
});
afterEach(() => {
  db.close();
  folder.remove();
});

function tell(organisation: number, count: number, atMs = TEST_NOW_MS): void {
  const outbox = new Outbox(db);
  db.transaction(() => {
    for (let n = 0; n < count; n++) outbox.tell({ kind: "rollout.state", atMs, organisation, detail: { n } });
  })();
}

const count = (organisation: number) =>
  db.prepare<[number], number>("SELECT count(*) FROM changes WHERE organisation_id = ?").pluck().get(organisation) ?? 0;
const idsOf = (organisation: number, after: number | null = null) => {
  const page = reader.page(organisation, after, 1000);
  return typeof page === "string" ? page : page.items.map(({ id }) => id);
};

test("one that changes much loses its own oldest, and nobody else's", () => {
  tell(1, 3);
  tell(2, CHANGES_KEPT_MAX + 3 * CHANGES_TRIM_STEP + 5);
  expect(count(1)).toBe(3);
  expect(count(2)).toBeGreaterThanOrEqual(CHANGES_KEPT_MAX);
  expect(count(2)).toBeLessThanOrEqual(CHANGES_KEPT_MAX + CHANGES_TRIM_STEP);
  expect(idsOf(1, 0)).toEqual([1, 2, 3]);
  expect(idsOf(2, 10)).toBe("trimmed");
  const oldest = (idsOf(2) as number[])[0] ?? 0;
  expect(idsOf(2, oldest - 1)).toHaveLength(1000);
  expect(idsOf(2, oldest - 2)).toBe("trimmed");
});

test("what is old goes, step by step, and no earlier because the clock has jumped", () => {
  tell(1, 250, TEST_NOW_MS - CHANGES_KEPT_MS - 1);
  tell(2, 1, TEST_NOW_MS - CHANGES_KEPT_MS - 1);
  tell(1, 5);
  const keeper = new Housekeeper(db, () => {});
  const sweep = (nowMs: number, elapsedMs: number) => {
    keeper.tell(nowMs, elapsedMs);
    let steps = 0;
    while (keeper.step()) steps++;
    return steps;
  };
  expect(sweep(TEST_NOW_MS, 0)).toBe(3);
  expect([count(1), count(2)]).toEqual([5, 0]);
  expect(idsOf(1, 249)).toBe("trimmed");
  expect(idsOf(1, 250)).toEqual([252, 253, 254, 255, 256]);
  expect(idsOf(2, 1)).toBe("trimmed");
  sweep(TEST_NOW_MS + 2 * CHANGES_KEPT_MS, 3_600_000);
  expect(count(1)).toBe(5);
});

test("times that are not in order: an old one takes no young one along, and times to come hold nothing back", () => {
  const oldMs = TEST_NOW_MS - CHANGES_KEPT_MS - 1;
  const trim = new ChangeTrim(db);
  // In front, from a clock that was ahead.
  tell(1, 120, TEST_NOW_MS + 365 * 86_400_000);
  tell(1, 3, oldMs);
  tell(2, 2, oldMs);
  tell(1, 50);
  // From one that had not been set.
  tell(1, 1, 0);
  tell(2, 1, 0);
  expect(trim.byAge(TEST_NOW_MS)).toBe(true);
  expect([count(1), count(2)]).toEqual([51, 0]);
  expect(idsOf(1, 122)).toBe("trimmed");
  expect(idsOf(1, 123)).toHaveLength(51);
  expect(trim.byAge(TEST_NOW_MS)).toBe(false);
  expect(trim.byAge(TEST_NOW_MS + CHANGES_KEPT_MS + 1)).toBe(true);
  expect(count(1)).toBe(0);
});

test("a cursor of ids that were never given out is told", () => {
  tell(1, 3);
  expect(idsOf(1, 3)).toEqual([]);
  expect(reader.page(1, 4, 10)).toBe("ahead");
});
