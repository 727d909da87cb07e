/** The worked example of the README: killed again and again, it has every change in its log. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pass } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import Database from "better-sqlite3";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { LintelServer } from "../server-options.ts";
import { makeFolder, startTestServer } from "../testing/test-server.ts";

const PROGRAM = fileURLToPath(new URL("follow-changes.mjs", import.meta.url));
const WAIT_MS = 40_000;

let folder: ReturnType<typeof makeFolder>;
let server: LintelServer;
let log: string;
let followers: ChildProcess[];
beforeEach(async () => {
  folder = makeFolder();
  server = await startTestServer(join(folder.path, "data"));
  log = join(folder.path, "changes.jsonl");
  followers = [];
});
afterEach(async () => {
  for (const follower of followers) follower.kill("SIGKILL");
  await server.stop();
  folder.remove();
});

function follow(...more: string[]): ChildProcess {
  const env = { ...process.env, LINTEL_URL: server.url, EVERY_MS: "20" };
  const follower = spawn(process.execPath, [PROGRAM, log, ...more], { env, stdio: ["ignore", "ignore", "pipe"] });
  followers.push(follower);
  return follower;
}

type Line = { id?: number; gap?: string };

/** A line that is not whole is none. */
const lines = (): Line[] => {
  const text = existsSync(log) ? readFileSync(log, "utf8") : "";
  return text.split("\n").flatMap((line) => {
    try {
      return [JSON.parse(line) as Line];
    } catch {
      return [];
    }
  });
};

async function until(condition: () => boolean, what: string): Promise<void> {
  const endMs = performance.now() + WAIT_MS;
  while (!condition()) {
    if (performance.now() > endMs) throw new Error(`waited in vain for ${what}`);
    await pass(20);
  }
}

/** Makes devices, and so as many changes. */
async function make(from: number, count: number): Promise<void> {
  for (let n = from; n < from + count; n++) {
    const body = JSON.stringify({ mac: `5ccf7f0${n.toString(16).padStart(5, "0")}` });
    const headers = { "content-type": "application/json" };
    const { status } = await fetch(`${server.url}/api/v1/devices`, { method: "POST", headers, body });
    expect(status).toBe(201);
  }
}

const hasAll = (count: number) => () => new Set(lines().map(({ id }) => id)).size >= count;

test("what happens while it runs, and while it does not, is in the log, in order", async () => {
  await make(0, 30);
  for (let round = 1; round <= 3; round++) {
    const follower = follow();
    await make(round * 30, 15);
    await until(hasAll(30 * round + 15), `the changes of round ${round}`);
    follower.kill("SIGKILL");
    await once(follower, "exit");
    await make(round * 30 + 15, 15);
  }
  follow();
  await until(hasAll(120), "all changes");
  const ids = lines().map(({ id }) => id ?? 0);
  // Some may have come again; without those, none is missing and none is out of order.
  expect([...new Set(ids)]).toEqual([...new Set(ids)].sort((a, b) => a - b));
  expect(new Set(ids).size).toBe(120);
});

test("a line that was cut is ended, changes that are not kept any more leave a gap, and a mistake is told", async () => {
  await make(0, 3);
  const first = follow();
  await until(hasAll(3), "the first changes");
  first.kill("SIGKILL");
  await once(first, "exit");
  await make(3, 3);
  const db = new Database(join(folder.path, "data", "lintel.db"));
  db.exec("DELETE FROM changes WHERE id <= 4; INSERT INTO changes_trimmed VALUES (1, 4)");
  db.close();
  follow();
  await until(hasAll(5), "what is still there");
  expect(lines().map(({ id, gap }) => gap ?? id)).toEqual([
    1,
    2,
    3,
    expect.stringContaining("not kept any more"),
    5,
    6,
  ]);
  const wrong = follow("nobody");
  const told = once(wrong.stderr as NonNullable<typeof wrong.stderr>, "data");
  expect(String((await told)[0])).toMatch(/nobody|organisation/);
  expect((await once(wrong, "exit"))[0]).toBe(1);
});
