/**
 * The boot program: starts the program in one of the two slots, and remembers what became of it. When none can run it is the
 * recovery program: it joins the network and takes an update like any program.
 *
 * Over serial it takes Wi-Fi settings (Improv): before any program while it has none, when a program asks for it, and while it
 * is the recovery program.
 */
import { heap_limit, heap_used, Improv, RecoverySession } from "../../runtime/device/index.ts";
import { SlotStarter } from "./start-slot.ts";

export { heap_limit, heap_used };

const VERSION = "0.1.0";

const starter = new SlotStarter();
const session = new RecoverySession(VERSION);
const improv = new Improv(session.config, starter.factory, VERSION);
let isRecovering = false;

export function start(): void {
  if (improv.begin()) return;
  starter.run(improv.isResumed);
  session.begin();
  isRecovering = true;
}

export function poll(): u32 {
  const delayMs = improv.poll();
  return isRecovering && !improv.isBusy ? min(delayMs, session.poll()) : delayMs;
}
