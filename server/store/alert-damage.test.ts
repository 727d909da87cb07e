/** Rows that are not what they should be: the server starts, tells of them, and does for the others what it is for. */
import { join } from "node:path";
import Database from "better-sqlite3";
import { expect, test } from "vitest";
import { DELIVERIES_AT_ONCE } from "../limits.ts";
import { silentLogger } from "../logger.ts";
import { makeFolder, startTestServer, TEST_NOW_MS } from "../testing/test-server.ts";

const MAC = "5ccf7f00000e";
const RULE = { condition: { kind: "change", changes: ["device.updated"] }, scope: {}, holdS: 0 };
const BAD_RULES = [
  "x",
  "null",
  "{}",
  JSON.stringify({ ...RULE, condition: { kind: "change" } }),
  JSON.stringify({ ...RULE, condition: { kind: "other" } }),
  JSON.stringify({ ...RULE, scope: { tags: 1 } }),
];

test("a damaged rule or delivery is told and left out; the others are kept to, and sent", async () => {
  const folder = makeFolder();
  let nowMs = TEST_NOW_MS;
  const lines: Array<{ table?: string }> = [];
  const logger = { ...silentLogger, error: (fields: object) => void lines.push(fields) };
  const options = { nowMs: () => nowMs, elapsedMs: () => nowMs - TEST_NOW_MS, logger };
  let server = await startTestServer(folder.path, options);
  const ask = async <T>(method: string, path: string, body?: object) => {
    const sent = body && { body: JSON.stringify(body), headers: { "content-type": "application/json" } };
    const response = await fetch(`${server.url}/api/v1${path}`, { method, ...sent });
    expect(response.ok, `${method} ${path}`).toBe(true);
    return (await response.json()) as T;
  };
  const { id } = await ask<{ id: number }>("POST", "/channels", { name: "mqtt", kind: "mqtt" });
  await ask("POST", "/alert-rules", { name: "good", condition: RULE.condition, channels: [id] });
  await ask("POST", "/devices", { mac: MAC });
  await server.stop();

  const db = new Database(join(folder.path, "lintel.db"));
  const deliver = db.prepare(
    "INSERT INTO deliveries (id, channel_id, state, body, due_ms, created_ms) VALUES (?, ?, 0, ?, 0, 0)",
  );
  const bad = DELIVERIES_AT_ONCE * 2;
  for (let n = 0; n < bad; n++) deliver.run(`bad-${n}`, id, n % 2 === 0 ? "x" : "null");
  const rule = db.prepare(
    `INSERT INTO alert_rules (organisation_id, name, body, is_enabled, created_ms)
     SELECT organisation_id, ?, ?, 1, 0 FROM alert_rules WHERE name = 'good'`,
  );
  for (const body of BAD_RULES) rule.run(`bad ${body}`, body);
  db.close();

  server = await startTestServer(folder.path, options);
  await ask("PATCH", `/devices/${MAC}`, { name: "other" });
  const damage = new Database(join(folder.path, "lintel.db"));
  damage.exec("UPDATE alerts SET detail = 'x'; UPDATE changes SET detail = 'x'");
  damage.close();
  for (let minute = 0; minute < 3; minute++) {
    nowMs += 60_000;
    server.tick();
    await server.idle();
  }
  const { items: sent } = await ask<{ items: object[] }>("GET", `/channels/${id}/deliveries`);
  expect(sent).toMatchObject([{ state: "delivered", alerts: 1 }]);
  const { items: rules } = await ask<{ items: object[] }>("GET", "/alert-rules");
  expect(rules).toMatchObject([{ name: "good" }]);
  const { items: alerts } = await ask<{ items: object[] }>("GET", "/alerts");
  expect(alerts).toMatchObject([{ name: "good", detail: {} }]);
  const { items: changes } = await ask<{ items: object[] }>("GET", "/changes?kind=device.updated");
  expect(changes).toMatchObject([{ device: MAC, detail: {} }]);
  const told = (table: string) => lines.filter((line) => line.table === table).length;
  expect([told("alert_rules"), told("deliveries"), lines.length]).toEqual([
    BAD_RULES.length,
    bad,
    BAD_RULES.length + bad,
  ]);
  await server.stop();
  folder.remove();
});
