/** When a server has nothing to do, and when it has said all that it had to say. */
import { setImmediate as nextTurn, setTimeout as sleep } from "node:timers/promises";
import type { DeviceBroker } from "./broker/device-broker.ts";
import type { Ingest } from "./ingest/ingest.ts";
import { STOP_FLUSH_MS } from "./limits.ts";

/** Turns of the event loop in a row without work before the broker counts as quiet: CONNECT takes a handful. */
const QUIET_TURNS = 8;
const FLUSH_POLL_MS = 5;

/** Something that works by itself. */
interface Desk {
  readonly isIdle: boolean;
  settled?(): Promise<void>;
}

/** Input that stays unread is no work: its client does not take what it is sent, and waits for its time limit. */
export async function untilIdle(broker: DeviceBroker, ingest: Ingest, desks: ReadonlyArray<Desk>): Promise<void> {
  let unreadBytes = broker.unreadBytes;
  for (let quiet = 0; quiet < QUIET_TURNS; quiet++) {
    await nextTurn();
    const before = unreadBytes;
    unreadBytes = broker.unreadBytes;
    if (unreadBytes !== before || !ingest.isIdle || !desks.every((desk) => desk.isIdle)) quiet = 0;
    await ingest.settled();
    for (const desk of desks) await desk.settled?.();
  }
}

/** A client that does not read must not hold up the stop. */
export async function untilSent(broker: DeviceBroker): Promise<void> {
  for (let waitedMs = 0; broker.hasUnsent && waitedMs < STOP_FLUSH_MS; waitedMs += FLUSH_POLL_MS) {
    await sleep(FLUSH_POLL_MS);
  }
}
