/**
 * Loaded into the server process before everything else: kills it (SIGKILL) before or after a statement that its writer
 * thread gives to SQLite, which the simulation chooses. So it dies between any two steps of a commit, and between the commit
 * and the acknowledgement, without the server knowing of it.
 */
import { isMainThread } from "node:worker_threads";
import Database from "better-sqlite3";
import { Listener } from "./told.ts";

/** Path of the file that the simulation tells it in; set for the server process alone. */
export const TOLD_VARIABLE = "LINTEL_SOAK_TOLD";

/** For `--import`, which in the sources has to bring tsx along: Node 20 does not hand its loader down to threads. */
export function preloadUrl(): string {
  const here = import.meta.url;
  if (!here.endsWith(".ts")) return here;
  const code = `import { register } from "${import.meta.resolve("tsx/esm/api")}"; register(); await import("${here}");`;
  return `data:text/javascript,${encodeURIComponent(code)}`;
}

const PAUSE_MS = 20;

const toldPath = process.env[TOLD_VARIABLE];
if (toldPath !== undefined && !isMainThread) killAtStatements(new Listener(toldPath));

function killAtStatements(listener: Listener): void {
  let { order: known } = listener.end();
  let left: number | undefined;
  const point = (isCommit: boolean) => {
    const { order, points, isAtCommit } = listener.end();
    if (order !== known) left = points;
    known = order;
    if (left === undefined || (isAtCommit && !isCommit) || left-- > 0) return;
    // The other threads go on, as on a slow disk: what they say too early arrives.
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, PAUSE_MS);
    process.kill(process.pid, "SIGKILL");
  };
  const prototype = Database.prototype as { prepare: (sql: string) => { run: (...values: unknown[]) => unknown } };
  const { prepare } = prototype;
  prototype.prepare = function (sql) {
    const statement = prepare.call(this, sql);
    const run = statement.run.bind(statement);
    const isCommit = sql === "COMMIT";
    statement.run = (...values) => {
      point(isCommit);
      const result = run(...values);
      point(isCommit);
      return result;
    };
    return statement;
  };
}
