/**
 * The boot program: starts the program in one of the two slots, and remembers what became of it. When none can run it is the
 * recovery program: it joins the network and takes an update like any program.
 */
import { heap_limit, heap_used, RecoverySession } from "../../runtime/device/index.ts";
import { SlotStarter } from "./start-slot.ts";

export { heap_limit, heap_used };

const VERSION = "0.1.0";

const starter = new SlotStarter();
const session = new RecoverySession(VERSION);

export function start(): void {
  starter.run();
  session.begin();
}

export function poll(): u32 {
  return session.poll();
}
