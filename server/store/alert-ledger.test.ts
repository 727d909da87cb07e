/** Rules and alerts at the writer: thousands of boards at once, and due times that a start finds. */
import type Database from "better-sqlite3";
import { afterEach, beforeEach, expect, test } from "vitest";
import { Standing } from "../access/registration.ts";
import type { AlertMessage, ClockNews } from "../events/alert-requests.ts";
import type { RuleBody } from "../events/alert-rules.ts";
import { Health } from "../health/health-states.ts";
import { ALERTS_OF_MESSAGE_MAX, ALERTS_STEP, GROUP_WAIT_MS } from "../limits.ts";
import { makeFolder, TEST_NOW_MS } from "../testing/test-server.ts";
import { openLedgers } from "./ledgers.ts";
import { openDataFolder, openForWriting } from "./open-database.ts";
import { Writer } from "./writer.ts";

let folder: ReturnType<typeof makeFolder>;
let db: Database.Database;
let writer: Writer;

beforeEach(() => {
  folder = makeFolder();
  const data = openDataFolder(folder.path);
  db = openForWriting(data.databasePath);
  data.release();
  writer = new Writer(db);
});

afterEach(() => {
  db.close();
  folder.remove();
});

const FAILED: RuleBody = { condition: { kind: "health", state: "failed" }, scope: {}, holdS: 0 };

function addSilent(count: number): void {
  const device = db.prepare(
    "INSERT INTO devices (mac, first_seen_ms, last_seen_ms, project_id, standing) VALUES (?, 0, 0, 1, 1)",
  );
  const health = db.prepare(
    `INSERT INTO device_health (device_id, state, findings, since_ms, heard_ms, due_ms)
     VALUES (?, ${Health.Failed}, '[]', 0, 0, ?)`,
  );
  db.transaction(() => {
    for (let i = 0; i < count; i++) {
      const mac = `5ccf7e${i.toString(16).padStart(6, "0")}`;
      health.run(device.run(mac).lastInsertRowid, TEST_NOW_MS * 2);
    }
  })();
}

function addChannel(): number {
  const settings = { url: "http://127.0.0.1/" };
  const request = { kind: "addChannel", organisation: 1, name: "hook", channel: "webhook", settings } as const;
  return writer.answer({ ...request, secret: null, atMs: TEST_NOW_MS }).id ?? 0;
}

function addRule(body: RuleBody, channels: number[] = []): number {
  const request = { kind: "addRule", organisation: 1, name: "rule", body, channels, isEnabled: true } as const;
  return writer.answer({ ...request, atMs: TEST_NOW_MS }).id ?? 0;
}

/** How many steps it took. */
function step(atMs: number, clock: ClockNews = "none"): number {
  let steps = 1;
  while (writer.answer({ kind: "stepAlerts", atMs, clock: steps === 1 ? clock : "none" }).isMore === true) steps++;
  return steps;
}

const count = (where: string) => db.prepare(`SELECT count(*) FROM ${where}`).pluck().get();
const OPEN = "alerts WHERE state = 1";

test("a rule that thousands of boards fit opens some at once, the others step by step, and all are told of", () => {
  const boards = 6000;
  addSilent(boards);
  addRule(FAILED, [addChannel()]);
  expect(count(OPEN)).toBe(ALERTS_STEP);
  expect(count("alerts WHERE state = 0")).toBe(boards - ALERTS_STEP);
  expect(step(TEST_NOW_MS)).toBe(boards / ALERTS_STEP);
  expect(count(OPEN)).toBe(boards);
  step(TEST_NOW_MS + GROUP_WAIT_MS);
  expect(count("notices")).toBe(0);
  const bodies = db.prepare<[], string>("SELECT body FROM deliveries").pluck().all();
  const messages = bodies.map((body) => JSON.parse(body) as AlertMessage);
  expect(messages.map(({ alerts, leftOut }) => [alerts.length, leftOut])).toEqual([
    [ALERTS_OF_MESSAGE_MAX, boards - ALERTS_OF_MESSAGE_MAX],
  ]);
});

test("those that are left for a step are there after a restart", () => {
  addSilent(ALERTS_STEP + 1);
  addRule(FAILED);
  writer = new Writer(db);
  step(TEST_NOW_MS, "start");
  expect(count(OPEN)).toBe(ALERTS_STEP + 1);
});

/** With a reading of stream 5001. */
function judge(device: number, value: number): void {
  const { alerts } = openLedgers(db, []);
  alerts.takeValue(device, 0x5001, { timeMs: TEST_NOW_MS, value }, TEST_NOW_MS);
  writer = new Writer(db);
}

test("a board that is replaced or revoked has no open alerts; rules that name it are about its replacement", () => {
  addSilent(3);
  const [a, b] = [0x5ccf7e000000, 0x5ccf7e000001];
  const condition = { kind: "value", stream: 0x5001, above: 10, margin: 0 } as const;
  const devices = ["5ccf7e000000", "5ccf7e000002"];
  const rule = addRule({ condition, scope: { devices }, holdS: 0 });
  const idOf = (mac: string) => Number(db.prepare("SELECT id FROM devices WHERE mac = ?").pluck().get(mac));
  for (const mac of devices) judge(idOf(mac), 20);
  expect(count(OPEN)).toBe(2);
  expect(
    writer.answer({ kind: "replaceDevice", mac: a, by: b, credential: null, isTakeOver: false, atMs: TEST_NOW_MS })
      .outcome,
  ).toBe("done");
  expect(db.prepare("SELECT mac FROM alerts WHERE state = 1").pluck().all()).toEqual(["5ccf7e000002"]);
  const body = db.prepare("SELECT body FROM alert_rules WHERE id = ?").pluck().get(rule) as string;
  expect(JSON.parse(body)).toEqual({ condition, scope: { devices: ["5ccf7e000001", "5ccf7e000002"] }, holdS: 0 });
  judge(idOf("5ccf7e000001"), 20);
  expect(count(OPEN)).toBe(2);
  const standing = { kind: "setStanding", standing: Standing.Revoked, atMs: TEST_NOW_MS } as const;
  writer.answer({ ...standing, mac: 0x5ccf7e000002 });
  expect(db.prepare("SELECT mac FROM alerts WHERE state = 1").pluck().all()).toEqual(["5ccf7e000001"]);
});

test("at a start only what is due later than it could be is held anew; after a jump, all", () => {
  addSilent(1);
  addRule({ ...FAILED, holdS: 600 });
  const due = () => db.prepare("SELECT due_ms FROM alerts").pluck().get();
  const dueMs = TEST_NOW_MS + 600_000;
  expect(due()).toBe(dueMs);
  step(TEST_NOW_MS + 500_000, "start");
  expect(due()).toBe(dueMs);
  step(TEST_NOW_MS - 1, "start");
  expect(due()).toBe(dueMs - 1);
  step(TEST_NOW_MS + 100_000, "jump");
  expect(due()).toBe(dueMs + 100_000);
});
