/**
 * The AssemblyScript compiler, loaded when something is compiled: it is 60 MiB that a server does not want. It brings a
 * handler of uncaught errors that prints megabytes of its own source; the errors of this process are none of its business.
 */
export async function loadCompiler() {
  const before = process.listeners("uncaughtException");
  const compiler = await import("assemblyscript/asc");
  for (const listener of process.listeners("uncaughtException")) {
    if (!before.includes(listener)) process.off("uncaughtException", listener);
  }
  return compiler;
}
