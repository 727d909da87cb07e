/**
 * What the API takes is what the import of an organisation takes (store/transfer/values.ts): good bodies, and what becomes of them when each
 * part is left out or is something else; and the other way round, what the import takes the API shows, and takes again as it was.
 */
import { join } from "node:path";
import Database from "better-sqlite3";
import type { Static } from "typebox";
import { Check } from "typebox/value";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { DEFAULT_PLAN, type RolloutPlan } from "../rollouts/rollout-plan.ts";
import type { LintelServer } from "../server-options.ts";
import { VALUES } from "../store/transfer/values.ts";
import { makeFolder, startTestServer } from "../testing/test-server.ts";
import { readPlan, showPlan } from "./rollout-plans.ts";
import { PlanBody } from "./rollout-schemas.ts";

const MAC = "5ccf7f00000d";
const OTHERS: readonly unknown[] = [null, -1, 0.5, 1e12, "x", {}];

let folder: ReturnType<typeof makeFolder>;
let server: LintelServer;
let db: Database.Database;
beforeEach(async () => {
  folder = makeFolder();
  server = await startTestServer(folder.path);
  db = new Database(join(folder.path, "lintel.db"));
  await done("POST", "/devices", { mac: MAC });
});
afterEach(async () => {
  db.close();
  await server.stop();
  folder.remove();
});

async function ask(method: string, path: string, body?: unknown): Promise<{ status: number; answer: never }> {
  const response = await fetch(`${server.url}/api/v1${path}`, {
    method,
    ...(body !== undefined && { headers: { "content-type": "application/json" }, body: JSON.stringify(body) }),
  });
  const text = await response.text();
  return { status: response.status, answer: (text === "" ? null : JSON.parse(text)) as never };
}

async function done(method: string, path: string, body?: unknown): Promise<never> {
  const { status, answer } = await ask(method, path, body);
  expect([status, answer], `${method} ${path}`).toEqual([expect.toSatisfy((code: number) => code < 300), answer]);
  return answer;
}

/** Each part left out, and each as something else; not the label, which is a column too. */
function damaged(value: unknown): unknown[] {
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, part]) => {
    if (key === "label") return [];
    const others = [...OTHERS, ...damaged(part)].map((other) => withPart(value, key, other));
    return Array.isArray(value) ? others : [...others, withPart(value, key, undefined)];
  });
}

function withPart(value: object, key: string, part: unknown): unknown {
  if (Array.isArray(value)) return value.map((one, at) => (String(at) === key ? part : one));
  return { ...value, [key]: part };
}

interface Kept {
  column: string;
  /** Whatever is there before. */
  begin?: () => Promise<unknown>;
  good: object[];
  /** Status. */
  put: (body: never) => Promise<number>;
  /** In the form that it can be put. */
  show: () => Promise<unknown>;
  row: string;
  newest?: string;
}

const window = { days: ["mon"], from: "08:00", to: "18:30" };
const source = { device: MAC, stream: "5001" };

const KEPT: Kept[] = [
  {
    column: "alert_rules.body",
    begin: () => done("POST", "/alert-rules", { name: "r", condition: { kind: "health", state: "failed" } }),
    good: [
      { condition: { kind: "health", state: "warning", reasons: ["silence"] }, scope: {}, holdS: 5 },
      {
        condition: { kind: "value", stream: "5001", above: 5, below: 1, margin: 1 },
        scope: { tags: ["door"] },
        holdS: 0,
      },
      { condition: { kind: "change", changes: ["device.created"] }, scope: { project: 1, devices: [MAC] }, holdS: 0 },
    ],
    put: async (body) => (await ask("PATCH", "/alert-rules/1", body)).status,
    show: async () => {
      const { condition, scope, holdS } = (await done("GET", "/alert-rules/1")) as Record<string, unknown>;
      return { condition, scope, holdS };
    },
    row: "alert_rules WHERE id = 1",
  },
  {
    column: "health_policies.policy",
    good: [
      { silence: { warning: 5, failed: 9 }, memory: { warning: 9, failed: null } },
      { hours: { zone: "Europe/Rome", windows: [window] } },
      { hours: null },
    ],
    put: async (body) => (await ask("PUT", "/organisations/home/health-policy", body)).status,
    show: async () => ((await done("GET", "/organisations/home/health-policy")) as { own: unknown }).own,
    row: "health_policies",
  },
  {
    column: "derived_streams.definition",
    begin: async () => {
      db.exec(
        "INSERT INTO streams (device_id, stream, reading_count, first_time_ms, last_time_ms, last_value) VALUES (1, 20481, 1, 0, 0, 0)",
      );
    },
    good: [
      { kind: "linear", source, factor: 2, offset: 1, unit: "Cel" },
      { kind: "difference", source },
      {
        kind: "alias",
        sections: [
          { ...source, to: "2026-01-31T12:00:00Z" },
          { ...source, from: "2026-02-01T00:00:00Z" },
        ],
      },
    ],
    put: async (body) => (await ask("PUT", `/devices/${MAC}/derived-streams/6001`, body)).status,
    show: async () => {
      const { items } = (await done("GET", `/devices/${MAC}/derived-streams`)) as {
        items: Array<Record<string, unknown>>;
      };
      const { stream, created, unit, ...body } = items[0] ?? {};
      return unit === null ? body : { ...body, unit };
    },
    row: "derived_streams",
  },
  {
    column: "template_attributes.definition",
    begin: () => done("POST", "/templates", { name: "t", attributes: [] }),
    good: [
      { label: "a", kind: "static", type: "number", unit: "Cel", value: 5 },
      { label: "a", kind: "dynamic", type: "number", stream: "5001" },
      { label: "a", kind: "actuator", type: "boolean", command: "set-output" },
      { label: "a", kind: "configuration", type: "integer", setting: "level" },
    ],
    put: async (body) => (await ask("PATCH", "/templates/1", { attributes: [body] })).status,
    show: async () => ((await done("GET", "/templates/1")) as { attributes: unknown[] }).attributes[0],
    row: "template_attributes ORDER BY version DESC LIMIT 1",
    newest: "version = (SELECT max(version) FROM template_attributes)",
  },
];

describe.each(KEPT)("$column", ({ column, begin, good, put, show, row, newest = "true" }) => {
  const isTaken = VALUES[column] ?? (() => true);
  const [table, name] = column.split(".");
  const kept = () => db.prepare<[], string>(`SELECT ${name} FROM ${row}`).pluck().get() ?? "";
  /** The newest row. */
  const set = (text: string) => db.prepare(`UPDATE ${table} SET ${name} = ? WHERE ${newest}`).run(text);

  test("what the API takes the import takes", async () => {
    await begin?.();
    let taken = 0;
    for (const body of [...good, ...good.flatMap(damaged)]) {
      const status = await put(body as never);
      expect([status, body]).toEqual([expect.toSatisfy((code: number) => code < 500 && code !== 429), body]);
      if (status >= 300) continue;
      taken++;
      expect(isTaken(kept()), `${JSON.stringify(body)} as ${kept()}`).toBe(true);
    }
    expect(taken).toBeGreaterThan(good.length);
  });

  test("what the import takes the API shows, and takes again", async () => {
    await begin?.();
    for (const body of good) {
      expect(await put(body as never)).toBeLessThan(300);
      const whole = JSON.parse(kept()) as unknown;
      let refused = 0;
      for (const other of damaged(whole)) {
        const text = JSON.stringify(other);
        if (!isTaken(text)) {
          refused++;
          continue;
        }
        set(text);
        const status = await put((await show()) as never);
        // 404: it names a project that is not there, as a file of another server may.
        if (status === 404) continue;
        expect([status, JSON.parse(kept())], text).toEqual([
          expect.toSatisfy((code: number) => code < 300),
          JSON.parse(text),
        ]);
      }
      expect(refused).toBeGreaterThan(0);
    }
  });
});

describe("rollouts.plan", () => {
  const isTaken = VALUES["rollouts.plan"] ?? (() => false);
  const plans: Array<Static<typeof PlanBody>> = [
    {},
    {
      target: {
        product: "counter",
        version: ">=1.0.0",
        project: 1,
        tags: ["door"],
        fleet: 2,
        devices: [MAC],
        board: 3,
      },
      canary: { devices: 3 },
      steps: [10, 100],
      error: { devices: 3, vitals: { restarts: 1, freeBytesMin: 100 }, rollBack: true },
      success: { percent: 80 },
      bytesPerS: 1000,
      zone: "Europe/Rome",
      windows: [{ days: ["mon", "sun"], from: "22:00", to: "04:00" }],
      startsAt: "2026-01-31T12:00:00Z",
      expiresAt: "2026-02-28T12:00:00Z",
    },
  ];
  const read = (body: unknown): RolloutPlan | undefined => {
    try {
      const sent: unknown = JSON.parse(JSON.stringify(body));
      return Check(PlanBody, sent) ? readPlan(sent) : undefined;
    } catch {
      return undefined;
    }
  };

  test("what the API takes the import takes", () => {
    const found = [...plans, ...plans.flatMap(damaged)].map(read).filter((plan) => plan !== undefined);
    expect(found.length).toBeGreaterThan(20);
    expect(found.map((plan) => JSON.stringify(plan)).filter((text) => !isTaken(text))).toEqual([]);
  });

  test("what the import takes the API shows, and takes again", () => {
    const whole = [...plans.map((body) => readPlan(body)), { ...DEFAULT_PLAN, target: {} }];
    const others = whole.flatMap(damaged).map((plan) => JSON.stringify(plan));
    const taken = others.filter(isTaken);
    expect([taken.length, others.length - taken.length].every((count) => count > 20)).toBe(true);
    for (const text of taken) {
      const plan = JSON.parse(text) as RolloutPlan;
      expect(read(showPlan(plan)), text).toEqual(plan);
    }
  });
});
