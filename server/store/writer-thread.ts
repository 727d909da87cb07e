/**
 * The writer thread: collects the batches that have arrived, commits them together and reports. While one commit waits
 * for the disk the next batches gather, so groups grow with the load by themselves and a lone message waits for nothing.
 * Between two commits there is time for a step of the housekeeper.
 */
import { statfsSync } from "node:fs";
import { dirname } from "node:path";
import { parentPort, workerData } from "node:worker_threads";
import { describe } from "../errors.ts";
import type { Batch } from "../ingest/batch.ts";
import type { FromWriter, ToWriter, WriterStart } from "../ingest/writer-messages.ts";
import {
  BACKUP_STEP_PAGES,
  COMMIT_MAX_BATCHES,
  DISK_FREE_MIN_BYTES,
  HOUSEKEEPING_SHARE,
  WRITER_RETRY_MS,
} from "../limits.ts";
import type { StoreRequest } from "../updates/store-requests.ts";
import { Housekeeper } from "./housekeeper.ts";
import { openForWriting } from "./open-database.ts";
import { Writer } from "./writer.ts";

const port = parentPort;
if (port === null) throw new Error("writer-thread.ts runs as a worker thread; start it through WriterClient");

const { databasePath, retention, products } = workerData as WriterStart;
const db = openForWriting(databasePath);
const writer = new Writer(db, products);
writer.markAllOffline();
const keeper = new Housekeeper(db, writer.onSealed, retention);

const waiting: Array<{ id: number; batch: Batch }> = [];
let isScheduled = false;
let isStopping = false;
let backingUp: Promise<void> | undefined;
let retry: NodeJS.Timeout | undefined;
let keeping: NodeJS.Timeout | undefined;

port.on("message", (message: ToWriter) => {
  if (message.type === "batch") {
    waiting.push(message);
  } else if (message.type === "request") {
    answer(message.id, message.request);
    return;
  } else if (message.type === "time") {
    startKeeping(message.nowMs, message.elapsedMs);
    return;
  } else if (message.type === "live") {
    writer.isLiveWanted = message.isWanted;
    return;
  } else if (message.type === "backup") {
    backingUp = backUp(message.path);
    return;
  } else {
    isStopping = true;
  }
  if (isScheduled) return;
  isScheduled = true;
  // After every message that is already here.
  setImmediate(commitWaiting);
});

say({ type: "ready" });

function commitWaiting(): void {
  isScheduled = false;
  const group = waiting.splice(0, COMMIT_MAX_BATCHES);
  const last = group.at(-1);
  if (last !== undefined) {
    const batches = group.map((item) => item.batch);
    const startMs = performance.now();
    try {
      const result = writer.commit(batches);
      const commitMs = performance.now() - startMs;
      port?.postMessage({ type: "committed", batchId: last.id, commitMs, ...result } satisfies FromWriter, [
        result.acks.buffer,
      ]);
    } catch (error) {
      say({ type: "failed", batchId: last.id, error: describe(error) });
      retry ??= setTimeout(tryAgain, WRITER_RETRY_MS);
    }
    const blocks = batches.map((batch) => batch.block);
    port?.postMessage({ type: "blocks", blocks } satisfies FromWriter, blocks);
  }
  if (waiting.length > 0) {
    isScheduled = true;
    setImmediate(commitWaiting);
  } else if (isStopping) {
    stop();
  }
}

/** Between two commits, in a transaction of its own. */
function answer(id: number, request: StoreRequest): void {
  try {
    say({ type: "answer", id, answer: writer.answer(request) });
  } catch (error) {
    say({ type: "answer", id, answer: { outcome: "unavailable", error: describe(error) } });
  }
}

/**
 * On this connection, so that a commit between two steps is taken into the copy; one of another connection would make SQLite
 * begin again ("Online Backup API").
 */
async function backUp(path: string): Promise<void> {
  try {
    await db.backup(path, {
      progress: ({ totalPages, remainingPages }) => {
        if (isStopping) throw new Error("the server stops");
        // The whole is told when it is on disk.
        const percent = Math.min(99, Math.floor((1 - remainingPages / Math.max(totalPages, 1)) * 100));
        say({ type: "backup", percent });
        return BACKUP_STEP_PAGES;
      },
    });
    say({ type: "backup", percent: 100 });
  } catch (error) {
    say({ type: "backup", percent: 0, error: describe(error) });
  } finally {
    backingUp = undefined;
  }
}

/** From one time that is told to the next: nothing, when the last has not led to an end yet. */
function startKeeping(nowMs: number, elapsedMs: number): void {
  try {
    keeper.tell(nowMs, elapsedMs);
    keeping ??= setTimeout(keep, 0);
  } catch (error) {
    say({ type: "kept", figures: keeper.figures(), error: describe(error) });
  }
}

/** A step, and a pause that leaves the rest of the time to commits, however many wait. */
function keep(): void {
  keeping = undefined;
  let error: string | null = null;
  const startMs = performance.now();
  try {
    if (keeper.step()) {
      const tookMs = performance.now() - startMs;
      keeping = setTimeout(keep, tookMs * (1 / HOUSEKEEPING_SHARE - 1));
      return;
    }
  } catch (caught) {
    error = describe(caught);
  }
  say({ type: "kept", figures: keeper.figures(), error });
}

/** A full disk heals when someone makes room; no device may be sending just then. */
function tryAgain(): void {
  retry = undefined;
  try {
    writer.probe();
    // A page may find room where a commit does not.
    const { bavail, bsize } = statfsSync(dirname(databasePath));
    if (bavail * bsize >= DISK_FREE_MIN_BYTES) {
      say({ type: "recovered" });
      return;
    }
  } catch {
    // Not yet.
  }
  retry = setTimeout(tryAgain, WRITER_RETRY_MS);
}

function stop(): void {
  if (backingUp !== undefined) {
    void backingUp.then(stop);
    return;
  }
  clearTimeout(retry);
  clearTimeout(keeping);
  try {
    writer.markAllOffline();
  } catch {
    // The next start does it as well.
  }
  db.close();
  say({ type: "stopped" });
  port?.close();
}

function say(message: FromWriter): void {
  port?.postMessage(message);
}
