/**
 * Worker threads of the server. The build runs as it is. The sources need tsx in the thread as well, and Node 20 does not
 * hand its loader down.
 */
import { Worker, type WorkerOptions } from "node:worker_threads";

/** `entry` is a file of the server without its ending, as `store/writer-thread`. */
export function startThread(entry: string, options: WorkerOptions): Worker {
  if (!import.meta.url.endsWith(".ts")) return new Worker(new URL(`./${entry}.js`, import.meta.url), options);
  const tsx = import.meta.resolve("tsx/esm/api");
  const source = new URL(`./${entry}.ts`, import.meta.url);
  const code = `import { register } from "${tsx}"; register(); await import("${source}");`;
  return new Worker(new URL(`data:text/javascript,${encodeURIComponent(code)}`), options);
}
