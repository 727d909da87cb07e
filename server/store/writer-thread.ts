/**
 * The writer thread: collects the batches that have arrived, commits them together and reports. While one commit waits
 * for the disk the next batches gather, so groups grow with the load by themselves and a lone message waits for nothing.
 */
import { parentPort, workerData } from "node:worker_threads";
import { describe } from "../errors.ts";
import type { Batch } from "../ingest/batch.ts";
import type { FromWriter, ToWriter, WriterStart } from "../ingest/writer-messages.ts";
import { COMMIT_MAX_BATCHES, WRITER_RETRY_MS } from "../limits.ts";
import type { StoreRequest } from "../updates/store-requests.ts";
import { openForWriting } from "./open-database.ts";
import { Writer } from "./writer.ts";

const port = parentPort;
if (port === null) throw new Error("writer-thread.ts runs as a worker thread; start it through WriterClient");

const { databasePath } = workerData as WriterStart;
const db = openForWriting(databasePath);
const writer = new Writer(db);
writer.markAllOffline();

const waiting: Array<{ id: number; batch: Batch }> = [];
let isScheduled = false;
let isStopping = false;
let retry: NodeJS.Timeout | undefined;

port.on("message", (message: ToWriter) => {
  if (message.type === "batch") {
    waiting.push(message);
  } else if (message.type === "request") {
    answer(message.id, message.request);
    return;
  } else if (message.type === "live") {
    writer.isLiveWanted = message.isWanted;
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

/** A full disk heals when someone makes room; no device may be sending just then. */
function tryAgain(): void {
  retry = undefined;
  try {
    writer.probe();
    say({ type: "recovered" });
  } catch {
    retry = setTimeout(tryAgain, WRITER_RETRY_MS);
  }
}

function stop(): void {
  clearTimeout(retry);
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
