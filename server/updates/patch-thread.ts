/** The thread that makes patches and compresses images: some take a second or two, and the main thread serves sockets. */
import { parentPort } from "node:worker_threads";
import { applyPatch } from "../../runtime/image/apply-patch.ts";
import { compressImage } from "../../runtime/image/compress.ts";
import { decompressImage } from "../../runtime/image/decompress.ts";
import { makePatch } from "../../runtime/image/make-patch.ts";
import type { PatchOrder } from "./patch-order.ts";

const port = parentPort;
if (port === null) throw new Error("patch-thread.ts runs as a worker thread; start it through PatchMaker");

port.on("message", ({ base, target }: PatchOrder) => {
  port.postMessage(make(base, target));
});

/** Null: of these images there is none, and will be none another time. */
function make(base: Uint8Array | null, target: Uint8Array): Uint8Array | null {
  try {
    const patch = base === null ? compressImage(target) : makePatch(base, target);
    // A device would only find out at the end of its download.
    const made = base === null ? decompressImage(patch) : applyPatch(base, patch);
    return typeof made !== "number" && Buffer.compare(made, target) === 0 ? patch : null;
  } catch {
    return null;
  }
}
