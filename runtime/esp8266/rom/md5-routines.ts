/**
 * MD5 of the mask ROM; esptool's loader checks flash with it. The arithmetic is node:crypto's. Its state cannot be laid into
 * the caller's context of 88 bytes, so it is kept here under the address of that context: a context that chip code copies
 * or moves between the calls is refused.
 */
import { createHash, type Hash } from "node:crypto";
import * as cycles from "./rom-cycles.ts";
import { misuse, type RomRoutine } from "./rom-routine.ts";

const BLOCK_BYTES = 64;
/** Contexts begun and not finished; the oldest goes when there are more. */
const CONTEXTS_MAX = 16;

export function md5Routines(): RomRoutine[] {
  const contexts = new Map<number, Hash>();
  return [
    {
      name: "MD5Init",
      address: 0x40009818,
      resultWords: 0,
      run: (core) => {
        const context = core.argument(0);
        contexts.delete(context);
        contexts.set(context, createHash("md5"));
        if (contexts.size > CONTEXTS_MAX) contexts.delete(contexts.keys().next().value as number);
        core.spend(cycles.SHORT_ROUTINE_CYCLES);
      },
    },
    {
      name: "MD5Update",
      address: 0x40009834,
      resultWords: 0,
      run: (core) => {
        const hash = contexts.get(core.argument(0));
        if (hash === undefined) throw misuse(core, "MD5Update", "its context was not begun at this address");
        const sizeBytes = core.argument(2);
        hash.update(core.memory.readBytes(core.argument(1), sizeBytes));
        core.spend(cycles.SHORT_ROUTINE_CYCLES + Math.ceil(sizeBytes / BLOCK_BYTES) * cycles.MD5_BLOCK_CYCLES);
      },
    },
    {
      name: "MD5Final",
      address: 0x40009900,
      resultWords: 0,
      run: (core) => {
        const hash = contexts.get(core.argument(1));
        if (hash === undefined) throw misuse(core, "MD5Final", "its context was not begun at this address");
        contexts.delete(core.argument(1));
        core.memory.writeBytes(core.argument(0), hash.digest());
        core.spend(cycles.MD5_BLOCK_CYCLES);
      },
    },
  ];
}
