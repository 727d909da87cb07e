/** Waits for what another process does. */
import { setTimeout as sleep } from "node:timers/promises";

const WAIT_MS = 120_000;
const POLL_MS = 50;

/** Asks until it is so. */
export async function until<T>(ask: () => Promise<T>, isSo: (answer: T) => boolean): Promise<T> {
  const endMs = performance.now() + WAIT_MS;
  for (;;) {
    const answer = await ask();
    if (isSo(answer)) return answer;
    if (performance.now() > endMs) throw new Error(`waited in vain, the last answer is ${JSON.stringify(answer)}`);
    await sleep(POLL_MS);
  }
}
