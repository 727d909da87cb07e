/** An organisation from one server to another: every answer of the API is the same there, or nothing has changed. */
import { copyFileSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import Database from "better-sqlite3";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { Level } from "../../access/level.ts";
import { digestOf, makeSecret } from "../../access/secrets.ts";
import { HEALTH_TICK_MS } from "../../limits.ts";
import { DERIVED_STREAM, FILE, STREAM } from "../../testing/access-things.ts";
import { AccessWorld, bearer } from "../../testing/access-world.ts";
import { LAMP } from "../../testing/test-orders.ts";
import { makeFolder, startTestServer } from "../../testing/test-server.ts";
import { fillTransferRows } from "../../testing/transfer-rows.ts";
import { Housekeeper } from "../housekeeper.ts";
import { openDataFolder, openForWriting } from "../open-database.ts";
import { MIGRATIONS } from "../schema.ts";
import { exportOrganisation } from "./export-organisation.ts";
import { importOrganisation } from "./import-organisation.ts";
import { CONTENT_IDS, EXPORTED, LEFT_OUT, REFERENCES } from "./tables.ts";
import { TransferError } from "./transfer-error.ts";
import { VALUES } from "./values.ts";

const PRODUCTS = [{ ...LAMP, name: "counter" }];
const TOKEN = makeSecret("token");
const world = new AccessWorld();
const files = makeFolder();
const file = join(files.path, "other.lintel");
const source = () => join(world.dataDir, "lintel.db");

beforeAll(async () => {
  await world.start({ registration: "closed", products: PRODUCTS });
  world.addToken(null, world.things.other.organisation, Level.Own, false, TOKEN);
  const answer = await fetch(`${world.server.url}/api/v1/devices/${world.things.other.mac}/replace`, {
    method: "POST",
    headers: { ...bearer(TOKEN), "content-type": "application/json" },
    body: JSON.stringify({ by: world.things.other.newcomer }),
  });
  expect(answer.status).toBe(200);
  // The day of the readings is over, and is packed.
  world.nowMs += 10 * 86_400_000;
  const db = openForWriting(source());
  const keeper = new Housekeeper(db, () => {});
  keeper.tell(world.nowMs, 0);
  while (keeper.step());
  expect(keeper.figures().packed).toBe(2);
  fillTransferRows(db, world.things.other, world.nowMs);
  db.close();
  exportOrganisation({ databasePath: source(), slug: "other", out: file, nowMs: world.nowMs });
}, 90_000);

afterAll(async () => {
  await world.stop();
  files.remove();
});

test("every table that goes along has a row in the organisation that is tried here", () => {
  const db = new Database(file, { readonly: true });
  const isEmpty = (table: string) => db.prepare(`SELECT 1 FROM "${table}" LIMIT 1`).get() === undefined;
  expect(EXPORTED.filter(isEmpty)).toEqual([]);
  db.close();
});

function fresh(): ReturnType<typeof makeFolder> {
  const folder = makeFolder();
  openDataFolder(folder.path).release();
  return folder;
}

const take = (dataDir: string, more: object = {}) =>
  importOrganisation({ file, dataDir, slug: null, name: null, ...more });

function refusal(act: () => unknown): string {
  try {
    act();
  } catch (error) {
    if (error instanceof TransferError) return `${error.code}: ${error.message}`;
    throw error;
  }
  return "it was done";
}

/** All rows of all tables. */
function contents(path: string): string {
  const db = new Database(path, { readonly: true });
  const tables = db.prepare<[], string>("SELECT name FROM sqlite_schema WHERE type = 'table'").pluck().all();
  const rows = tables.map((table) => [table, db.prepare(`SELECT * FROM "${table}"`).raw().all()]);
  db.close();
  return JSON.stringify(rows);
}

test("every table of the schema goes along or is left out on purpose, and every reference has its table", () => {
  const db = new Database(source(), { readonly: true });
  const tables = db
    .prepare<[], string>(
      "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name",
    )
    .pluck()
    .all();
  expect(
    [...EXPORTED, ...Object.keys(LEFT_OUT)].sort(),
    "say in server/store/transfer/tables.ts what becomes of it",
  ).toEqual(tables);
  for (const table of EXPORTED) {
    const columns = db.prepare<[string], string>("SELECT name FROM pragma_table_info(?)").pluck().all(table);
    for (const column of columns.filter((name) => name.endsWith("_id"))) {
      expect([...Object.keys(REFERENCES), ...CONTENT_IDS], `${table}.${column}`).toContain(column);
    }
    const named = Object.keys(VALUES).filter((name) => name.startsWith(`${table}.`));
    expect(columns.map((column) => `${table}.${column}`)).toEqual(expect.arrayContaining(named));
    const keys = db.prepare<[string], { from: string; table: string }>(
      `SELECT "from", "table" FROM pragma_foreign_key_list(?) WHERE "to" IS NULL OR "to" <> 'version'`,
    );
    for (const { from, table: to } of keys.all(table)) {
      if (!CONTENT_IDS.includes(from) && to !== "template_versions")
        expect(REFERENCES[from], `${table}.${from}`).toBe(to);
    }
  }
  db.close();
});

/** Of people and programs that stay, of the server, or without an end. */
const NOT_COMPARED =
  /token|session|invitation|backup|live|\/log$|openapi|flash|strangers|\/me|users|members|audit|healthz/;
const NUMBERS = new Set([
  "id",
  "project",
  "event",
  "note",
  "release",
  "rollout",
  "template",
  "fleet",
  "channel",
  "rule",
  "alert",
  "next",
  "cursor",
  "user",
]);

function normal(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(normal);
  if (typeof value === "string")
    return value.replace(/\bg--[0-9a-f-]+/g, "g--#").replace(/\b([ps])--[0-9a-f]{4}-[0-9a-f]{4}/g, "$1--#");
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).map(([key, inner]) => {
    if (key === "channels" && Array.isArray(inner)) return [key, inner.length];
    if (NUMBERS.has(key) && (typeof inner === "number" || typeof inner === "string")) return [key, "#"];
    return [key, normal(inner)];
  });
  return Object.fromEntries(entries);
}

test("imported into a fresh server, the organisation gives every answer that it gave", async () => {
  const target = fresh();
  const { newUsers, ...done } = take(target.path);
  expect(done).toEqual({ slug: "other", devices: 3, readings: 2 });
  expect(newUsers).toContain("viewer-mark-of-other@example.org");
  const db = new Database(join(target.path, "lintel.db"));
  expect(db.pragma("integrity_check", { simple: true })).toBe("ok");
  expect(db.pragma("foreign_key_check")).toEqual([]);
  const one = (sql: string) => db.prepare<[], number>(sql).pluck().get() ?? 0;
  expect(one("SELECT count(*) FROM segments JOIN streams ON streams.id = stream_id")).toBe(1);
  expect(one("SELECT count(*) FROM day_rollups JOIN streams ON streams.id = stream_id")).toBe(1);
  const organisation = one("SELECT id FROM organisations WHERE slug = 'other'");
  db.prepare(
    "INSERT INTO tokens (digest, name, organisation_id, level, is_operator, created_ms) VALUES (?, 'token', ?, ?, 0, 0)",
  ).run(digestOf(TOKEN), organisation, Level.Own);
  const there = {
    project: one("SELECT id FROM projects WHERE organisation_id <> 1"),
    release: one("SELECT id FROM releases"),
    rollout: one("SELECT id FROM rollouts"),
    event: one("SELECT id FROM events"),
    note: one("SELECT id FROM notes"),
    template: one("SELECT id FROM templates"),
    fleet: one("SELECT id FROM fleets"),
    channel: one("SELECT id FROM channels"),
    rule: one("SELECT id FROM alert_rules"),
    alert: one("SELECT id FROM alerts"),
  };
  db.close();
  const { other } = world.things;
  expect(there.project).not.toBe(other.project);
  const server = await startTestServer(target.path, {
    login: "required",
    nowMs: () => world.nowMs,
    products: PRODUCTS,
  });
  const pathOf = (url: string, numbers: typeof there) => {
    const words: Record<string, unknown> = {
      ...other,
      ...numbers,
      stream: url.includes("derived") ? DERIVED_STREAM : STREAM,
      id: url.includes("commands") ? other.command : other.image,
      name: FILE,
      version: 1,
      board: "none",
    };
    return url.replace(/:(\w+)/g, (_, word: string) => String(words[word]));
  };
  const ask = async (base: string, path: string) => {
    const response = await fetch(base + path, { headers: bearer(TOKEN) });
    const isJson = response.headers.get("content-type")?.includes("json");
    const body = isJson ? normal(await response.json()) : Buffer.from(await response.arrayBuffer()).toString("hex");
    return { status: response.status, body };
  };
  const routes = world.routes.filter(
    ({ method, url }) => method === "GET" && url.startsWith("/api/v1") && !NOT_COMPARED.test(url),
  );
  let answered = 0;
  for (const { url } of routes) {
    const here = () => ask(world.server.url, pathOf(url, { ...other, rule: other.alertRule }));
    // Each of the two judges health at times of its own.
    const both = async () => [await ask(server.url, pathOf(url, there)), await here()];
    await vi.waitFor(async () => {
      const [after, before] = await both();
      expect(after, url).toEqual(before);
    }, HEALTH_TICK_MS * 2);
    if ((await here()).status === 200) answered++;
  }
  expect(answered).toBeGreaterThan(30);
  await server.stop();
  target.remove();
}, 90_000);

test("what a rule names and is gone is nothing here either", () => {
  const target = fresh();
  const forged = join(files.path, "gone");
  copyFileSync(file, forged);
  const there = new Database(forged);
  there.exec("UPDATE alert_rules SET body = json_set(body, '$.scope.project', 1)");
  there.close();
  take(target.path, { file: forged });
  const db = new Database(join(target.path, "lintel.db"), { readonly: true });
  const project = db.prepare("SELECT json_extract(body, '$.scope.project') FROM alert_rules").pluck().get();
  expect(project).toBe(0x7fffffff);
  db.close();
  target.remove();
});

test("broken off at any table, nothing is there", () => {
  const target = fresh();
  const before = contents(join(target.path, "lintel.db"));
  for (let stop = 0; stop < EXPORTED.length - 2; stop++) {
    const onTable = (_: string, done: number) => {
      if (done === stop) throw new Error("power");
    };
    expect(() => take(target.path, { onTable })).toThrow("power");
    expect(() =>
      exportOrganisation({ databasePath: source(), slug: "other", out: `${file}.2`, nowMs: 0, onTable }),
    ).toThrow();
  }
  expect(contents(join(target.path, "lintel.db"))).toBe(before);
  expect(existsSync(`${file}.2`) || existsSync(`${file}.2.part`)).toBe(false);
  target.remove();
});

test("what is there already is listed, and nothing is changed; people are known again by their address", () => {
  const target = fresh();
  const path = join(target.path, "lintel.db");
  take(target.path);
  const before = contents(path);
  expect(refusal(() => take(target.path))).toContain("organisationTaken: there is an organisation other here");
  const told = refusal(() => take(target.path, { slug: "again" }));
  expect(told).toContain(`conflicts: nothing was imported: here are already device ${"00000000bb01"}`);
  expect(told).toContain(`device ${world.things.other.mac}`);
  expect(told).toContain("MQTT user mark-of-other");
  expect(contents(path)).toBe(before);
  target.remove();
  const known = fresh();
  const db = new Database(join(known.path, "lintel.db"));
  const add = db.prepare(
    "INSERT INTO users (email, name, password, is_operator, created_ms) VALUES (?, 'Me', 'kept', 1, 0)",
  );
  const id = add.run("VIEWER-mark-of-other@example.org").lastInsertRowid;
  db.close();
  expect(take(known.path, { slug: "renamed", name: "Renamed" }).newUsers).not.toContain(
    "viewer-mark-of-other@example.org",
  );
  const after = new Database(join(known.path, "lintel.db"), { readonly: true });
  expect(after.prepare("SELECT password, is_operator FROM users WHERE id = ?").get(id)).toEqual({
    password: "kept",
    is_operator: 1,
  });
  expect(after.prepare("SELECT level FROM memberships WHERE user_id = ?").pluck().get(id)).toBe(Level.Read);
  expect(after.prepare("SELECT count(*) FROM users WHERE password IS NOT NULL AND id <> ?").pluck().get(id)).toBe(0);
  expect(after.prepare("SELECT name FROM organisations WHERE slug = 'renamed'").pluck().get()).toBe("Renamed");
  // Applications go on under the topics that are the organisation's now.
  const topics = after.prepare("SELECT group_concat(topics) FROM mqtt_users").pluck().get();
  expect(topics).toContain('"app/renamed/');
  expect(topics).not.toContain("app/other/");
  after.close();
  known.remove();
});

test("what is no export, or not whole, or of another version", () => {
  const target = fresh();
  const bad = join(files.path, "bad");
  const of = () => refusal(() => take(target.path, { file: bad }));
  expect(refusal(() => take(target.path, { file: join(files.path, "none") }))).toContain("notAnExport");
  writeFileSync(bad, "nothing of the kind ".repeat(100));
  expect(of()).toContain("exportDamaged");
  copyFileSync(source(), bad);
  expect(of()).toContain("notAnExport");
  const whole = readFileSync(file);
  for (const share of [0.1, 0.5, 0.9]) {
    writeFileSync(bad, whole.subarray(0, Math.floor(whole.length * share)));
    expect(of()).toContain("exportDamaged");
  }
  writeFileSync(bad, whole);
  const db = new Database(bad);
  db.pragma(`user_version = ${MIGRATIONS.length - 1}`);
  db.close();
  expect(of()).toContain("exportVersion");
  writeFileSync(bad, whole);
  const other = new Database(bad);
  other.exec("DROP TABLE notes; CREATE VIEW notes AS SELECT * FROM events");
  other.close();
  expect(of()).toContain("notAnExport");
  expect(refusal(() => exportOrganisation({ databasePath: source(), slug: "none", out: bad, nowMs: 0 }))).toContain(
    "organisationUnknown",
  );
  target.remove();
});

/** Of a file that somebody has changed: what is done to it, and what is said of it. */
const FORGED: ReadonlyArray<readonly [string, string]> = [
  ["UPDATE commands SET device_id = device_id - 1000", "exportRefused.*commands.device_id names something of devices"],
  ["UPDATE devices SET project_id = project_id - 1", "exportRefused.*devices.project_id"],
  ["UPDATE notes SET project_id = 99 WHERE project_id IS NOT NULL", "exportRefused.*notes.project_id"],
  ["UPDATE readings SET stream_id = 99", "exportRefused.*readings.stream_id"],
  ["UPDATE alerts SET device_id = 99", "exportRefused.*alerts.device_id"],
  [
    "UPDATE memberships SET user_id = 99 WHERE user_id = (SELECT min(user_id) FROM memberships)",
    "exportRefused.*memberships.user_id",
  ],
  ["UPDATE fleets SET organisation_id = 1", "exportRefused.*fleets.organisation_id"],
  ["UPDATE desired_images SET image_id = zeroblob(8)", "exportRefused.*desired_images.image_id"],
  ["UPDATE template_attributes SET version = 9", "exportRefused.*template_attributes.template_id, version"],
  ["UPDATE config_levels SET organisation_id = NULL", "exportRefused.*config_levels has a row that belongs to nothing"],
  ["UPDATE devices SET project_id = NULL", "exportRefused.*devices has a row that belongs to nothing"],
  [
    "DELETE FROM epochs; DELETE FROM readings; DELETE FROM gaps; DELETE FROM rejected; DELETE FROM signatures",
    "exportRefused.*segments.body names something of epochs",
  ],
  [
    "UPDATE channels SET id = -id; UPDATE rule_channels SET channel_id = -channel_id",
    "exportRefused.*channels.id goes",
  ],
  [
    "UPDATE notices SET id = 9223372036854775807 WHERE id = (SELECT max(id) FROM notices)",
    "exportRefused.*notices.id goes",
  ],
  ["DELETE FROM organisations", "exportRefused.*it has 0 organisations"],
  ["INSERT INTO organisations (id, slug, name, created_ms) VALUES (55, 'b', 'b', 0)", "it has 2 organisations"],
  [
    "UPDATE images SET id = zeroblob(8); UPDATE image_owners SET image_id = zeroblob(8); UPDATE desired_images SET image_id = zeroblob(8); UPDATE release_images SET image_id = zeroblob(8)",
    "exportRefused.*image 0000000000000000: its id is not",
  ],
  ["UPDATE images SET digest = zeroblob(32)", "exportRefused.*its digest is not"],
  [
    "UPDATE images SET bytes = CAST(substr(bytes, 1, size_bytes - 1) || x'00' AS BLOB)",
    "exportRefused.*its payload is not the one",
  ],
  ["UPDATE images SET version = '9.9.9'", "exportRefused.*its version is not"],
  ["UPDATE trusted_keys SET point = zeroblob(64)", "exportRefused.*its id is not that of its point"],
  ["UPDATE event_files SET bytes = x'00'", "exportRefused.*file of an event"],
  ["UPDATE export SET slug = 'a/#'", "nameRefused.*slug"],
  ["UPDATE export SET slug = char(27) || '[31mX'", "nameRefused.*slug"],
  ["UPDATE export SET name = hex(zeroblob(500000))", "nameRefused.*name"],
  ["UPDATE devices SET mac = 'not-a-mac' WHERE mac = '5ccf7fbbbb01'", "exportRefused.*devices.mac"],
  ["UPDATE projects SET name = 'a' || char(10)", "exportRefused.*projects.name"],
  ["UPDATE memberships SET level = 99", "exportRefused.*memberships.level"],
  ["UPDATE memberships SET level = 0", "exportRefused.*memberships.level"],
  ["UPDATE devices SET standing = 9", "exportRefused.*devices.standing"],
  ["UPDATE streams SET last_value = 'x'", "exportRefused.*streams.last_value"],
  ["UPDATE releases SET notes = hex(zeroblob(6000))", "exportRefused.*releases.notes"],
  ["UPDATE alert_rules SET body = 'x'", "exportRefused.*alert_rules.body"],
  ["UPDATE alert_rules SET body = 'null'", "exportRefused.*alert_rules.body"],
  ["UPDATE deliveries SET body = '{}'", "exportRefused.*deliveries.body"],
  ["UPDATE rollouts SET plan = json_set(plan, '$.zone', 'Nowhere/At_All')", "exportRefused.*rollouts.plan"],
  ["UPDATE health_policies SET policy = '{\"silence\":1}'", "exportRefused.*health_policies.policy"],
  ["UPDATE device_health SET findings = 'x\"silence\"'", "exportRefused.*device_health.findings"],
  ["UPDATE derived_streams SET definition = '[]'", "exportRefused.*derived_streams.definition"],
  ["UPDATE template_attributes SET definition = '{}'", "exportRefused.*template_attributes.definition"],
  ['UPDATE mqtt_users SET topics = \'[{"filter":"#"}]\'', "exportRefused.*mqtt_users.topics"],
  ["DROP TABLE export; CREATE VIEW export AS SELECT 'a' AS slug, 'n' AS name, 1 AS made_ms", "notAnExport"],
  ["CREATE TRIGGER planted AFTER INSERT ON notes BEGIN SELECT 1; END", "notAnExport"],
  ["CREATE INDEX planted ON notes (text)", "notAnExport"],
];

test.each(FORGED)("refused, and nothing changed: %s", (sql, told) => {
  const target = fresh();
  const path = join(target.path, "lintel.db");
  const before = contents(path);
  const forged = join(files.path, "forged");
  copyFileSync(file, forged);
  const db = new Database(forged);
  db.pragma("foreign_keys = OFF");
  db.exec(sql);
  db.close();
  expect(refusal(() => take(target.path, { file: forged }))).toMatch(new RegExp(told));
  expect(contents(path)).toBe(before);
  target.remove();
});

test("nothing of another organisation is in the file, and nobody is let in by it", () => {
  const text = readFileSync(file).toString("latin1");
  expect(text).toContain("mark-of-other");
  expect(text).not.toContain("mark-of-own");
  expect(text).not.toContain("scrypt");
});
