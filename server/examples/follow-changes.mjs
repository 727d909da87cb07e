/**
 * Follows what happens in an organisation into a log: here a file with a line of JSON for each change. For a log of another kind (a
 * queue, a topic, a table) only `append` is another: it returns when what it was given is safe. Node 20, nothing else.
 *
 *   LINTEL_URL=https://lintel.example LINTEL_TOKEN=... node follow-changes.mjs changes.jsonl [organisation]
 *
 * Each change is in the log at least once, in order: the cursor is kept after them, so a crash in between repeats some, and their `id`
 * says so. Where the server has not kept all of them, a line with `gap` stands in their place.
 */
import { closeSync, existsSync, fsyncSync, openSync, readFileSync, renameSync, writeSync } from "node:fs";
import { setTimeout as pass } from "node:timers/promises";

const [log, organisation] = process.argv.slice(2);
const { LINTEL_URL = "http://127.0.0.1:8080", LINTEL_TOKEN, EVERY_MS = "5000" } = process.env;
if (log === undefined) fail("name the log: node follow-changes.mjs changes.jsonl [organisation]");
const cursorFile = `${log}.cursor`;
let cursor = existsSync(cursorFile) ? readFileSync(cursorFile, "utf8") : null;
// A line that a crash has cut is ended; its change comes again.
append([], existsSync(log) && !readFileSync(log, "utf8").endsWith("\n") ? "\n" : "");

for (;;) {
  const page = await ask();
  if (page === null || page.items.length === 0) await pass(Number(EVERY_MS));
  if (page === null) continue;
  append(page.items);
  cursor = page.next;
  write(`${cursorFile}.part`, "w", cursor);
  renameSync(`${cursorFile}.part`, cursorFile);
}

async function ask() {
  const query = new URLSearchParams({ limit: "1000" });
  if (cursor !== null) query.set("cursor", cursor);
  if (organisation !== undefined) query.set("organisation", organisation);
  const headers = LINTEL_TOKEN === undefined ? {} : { authorization: `Bearer ${LINTEL_TOKEN}` };
  const response = await fetch(`${LINTEL_URL}/api/v1/changes?${query}`, { headers }).catch(() => null);
  if (response === null || response.status === 429 || response.status >= 500) return null;
  if (response.ok) return await response.json();
  const { detail: gap } = await response.json();
  if (response.status !== 410) fail(gap);
  append([{ gap }]);
  cursor = null;
  return null;
}

function append(items, before = "") {
  write(log, "a", before + items.map((item) => `${JSON.stringify(item)}\n`).join(""));
}

function write(path, flags, text) {
  const file = openSync(path, flags);
  writeSync(file, text);
  fsyncSync(file);
  closeSync(file);
}

function fail(why) {
  console.error(why);
  process.exit(1);
}
