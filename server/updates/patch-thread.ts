/** The thread that makes patches: some take a second or two, and the main thread serves sockets. */
import { parentPort } from "node:worker_threads";
import { applyPatch } from "../../runtime/image/apply-patch.ts";
import { makePatch } from "../../runtime/image/make-patch.ts";

const port = parentPort;
if (port === null) throw new Error("patch-thread.ts runs as a worker thread; start it through PatchMaker");

port.on("message", ({ base, target }: { base: Uint8Array; target: Uint8Array }) => {
  const patch = makePatch(base, target);
  // A device would only find out at the end of its download.
  const made = applyPatch(base, patch);
  const isRight = typeof made !== "number" && Buffer.compare(made, target) === 0;
  port.postMessage(isRight ? patch : null);
});
