/**
 * For tests: rows of an organisation that the access world has none of, so that every table that goes from server to server goes
 * with something in it.
 */
import type Database from "better-sqlite3";
import type { Bucket } from "../store/bucket.ts";
import { DAY_MS, HOUR_MS, MINUTE_MS } from "../store/day.ts";
import { packBuckets } from "../store/rollup-format.ts";
import { LABEL, MARKS, type Thing } from "./access-things.ts";

/** While its readings are packed and nothing else is written. `nowMs`: a day of which nothing is there yet. */
export function fillTransferRows(db: Database.Database, thing: Thing, nowMs: number): void {
  const add = (table: string, row: Record<string, unknown>) => {
    const names = Object.keys(row);
    db.prepare(`INSERT INTO "${table}" (${names.join()}) VALUES (${names.map((name) => `@${name}`).join()})`).run(row);
  };
  const of = <Row>(sql: string, ...key: unknown[]) => db.prepare<unknown[], Row>(sql).get(...key) as Row;
  const device = of<{ id: number }>("SELECT id FROM devices WHERE mac = ?", thing.mac).id;
  const image = Buffer.from(thing.image, "hex");
  const at = { at_ms: nowMs };

  const day = of<Bucket & { stream: number; day: number; epochId: number }>(
    `SELECT stream_id AS stream, day, r.count, sum, min, max, first_ms AS firstMs, first, last_ms AS lastMs, last,
       e.id AS epochId FROM day_rollups r JOIN streams s ON s.id = stream_id JOIN epochs e ON e.device_id = s.device_id
     WHERE s.device_id = ?`,
    device,
  );
  for (const [table, stepMs] of [
    ["hour_rollups", HOUR_MS],
    ["minute_rollups", MINUTE_MS],
  ] as const) {
    const { count, sum, min, max, firstMs, first, lastMs, last } = day;
    const place = Math.floor((firstMs - day.day * DAY_MS) / stepMs);
    const buckets = new Map([[place, { count, sum, min, max, firstMs, first, lastMs, last }]]);
    db.prepare(`DELETE FROM ${table} WHERE stream_id = ?`).run(day.stream);
    add(table, { stream_id: day.stream, day: day.day, body: packBuckets(buckets, stepMs) });
  }
  const reading = { stream_id: day.stream, time_ms: nowMs, epoch_id: day.epochId, sequence: 5, value: 2.5, clock: 0 };
  add("readings", reading);
  add("unsealed", { stream_id: day.stream, day: Math.floor(nowMs / DAY_MS), due_ms: nowMs + 2 * DAY_MS });
  db.prepare("UPDATE streams SET reading_count = 2, last_time_ms = ?, last_value = 2.5 WHERE id = ?").run(
    nowMs,
    day.stream,
  );
  add("retained", { stream_id: day.stream, raw_from_day: 1, rollups_from_day: 1 });
  const part = { device_id: device, epoch_id: day.epochId };
  add("gaps", { ...part, from_sequence: 2, to_sequence: 3, noticed_ms: nowMs });
  add("rejected", { ...part, sequence: 4, reason: "value", record: Buffer.of(1, 2), received_ms: nowMs });
  add("signatures", { ...part, from_sequence: 5, to_sequence: 5, verdict: 1, last_ms: nowMs });
  add("update_history", { device_id: device, ...at, state: 1, image, told: 1 });
  add("vital_days", { device_id: device, day: day.day, restarts: 1, reconnects: 2, readings_lost: 2 });

  const policy = { policy: JSON.stringify({ memory: { warning: 9, failed: 4 } }), version: 1, changed_ms: nowMs };
  for (const place of [{ organisation_id: thing.organisation }, { project_id: thing.project }, { device_id: device }])
    add("health_policies", { ...place, ...policy });
  const level = { product: "counter", settings: '{"level":3}', version: 1, changed_ms: nowMs };
  for (const place of [{ organisation_id: thing.organisation }, { project_id: thing.project }])
    add("config_levels", { ...place, ...level });
  add("flashed_settings", { device_id: device, product: "lamp", settings: Buffer.from([0xa1, 3, 7]) });
  add("config_conflicts", { device_id: device, faults: '["level must be at most 100"]', ...at });

  add("device_overrides", { device_id: device, label: LABEL, value: "4" });
  add("device_tags", { device_id: device, tag: "window" });
  add("device_properties", { device_id: device, name: "shelf", value: MARKS.other });
  add("project_properties", { project_id: thing.project, name: "city", value: MARKS.other });
  add("fleet_members", { fleet_id: thing.fleet, device_id: device });
  add("notes", {
    project_id: thing.project,
    text: "of the project",
    maker: "user:1",
    made_by: "Me",
    created_ms: nowMs,
  });
  const alerts = [
    {
      alert: thing.alert,
      event: "opened",
      rule: MARKS.other,
      device: thing.mac,
      name: null,
      opened: new Date(nowMs).toISOString(),
      closed: null,
      detail: {},
    },
  ];
  const body = { id: "msg-1", organisation: thing.slug, time: new Date(nowMs).toISOString(), alerts, leftOut: 0 };
  const sent = { state: 1, attempts: 1, created_ms: nowMs, ended_ms: nowMs };
  add("deliveries", { id: "msg-1", channel_id: thing.channel, body: JSON.stringify(body), ...sent });

  // Days have passed, so the server may have made a delivery of what waited, and does it with this one unless it is not due.
  db.prepare("UPDATE channels SET group_due_ms = NULL WHERE id = ?").run(thing.channel);
  add("notices", { channel_id: thing.channel, alert_id: thing.alert, event: "opened", ...at });

  add("rollout_policies", { organisation_id: thing.organisation, needs_approval: 1 });
  const member = { rollout_id: thing.rollout, device_id: device, group_at: 0, state: 0, live: 0, image_id: image };
  add("rollout_devices", { ...member, ...at });
  add("rollout_log", { rollout_id: thing.rollout, ...at, state: 0, open_group: -1, who: MARKS.other });
}
