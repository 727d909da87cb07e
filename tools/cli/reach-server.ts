/**
 * Is there an MQTT server? Devices try for ever; a person who mistyped a port wants to know, and one who has just started the
 * server need not wait for it.
 */
import { connect } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { CommandError } from "./command-error.ts";

/** A server takes a second or two to start, a small machine some more. */
const START_MAX_MS = 10_000;
const RETRY_MS = 200;
/** A server on this machine or in this network answers well within this time. */
const ANSWER_MAX_MS = 5000;

export async function reachServer(server: { host: string; port: number }): Promise<void> {
  const address = `${server.host}:${server.port}`;
  const endMs = performance.now() + START_MAX_MS;
  for (let isFirst = true; !(await answers(server)); isFirst = false) {
    if (performance.now() > endMs) {
      throw new CommandError(`no MQTT server answers at ${address}: start one with lintel serve, or see --server`);
    }
    if (isFirst) {
      console.error(`lintel: no MQTT server answers at ${address} yet, waiting ${START_MAX_MS / 1000} s for it`);
    }
    await sleep(RETRY_MS);
  }
}

async function answers({ host, port }: { host: string; port: number }): Promise<boolean> {
  const socket = connect({ host, port, timeout: ANSWER_MAX_MS });
  try {
    return await new Promise((resolve) => {
      socket.once("connect", () => resolve(true));
      socket.once("error", () => resolve(false));
      socket.once("timeout", () => resolve(false));
    });
  } finally {
    socket.destroy();
  }
}
