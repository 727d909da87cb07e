/** The real server as a process that can be killed. */
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import type { ServerPart } from "../bench/ingest-server.ts";

export interface FaultyServer {
  port: number;
  url: string;
  /** SIGKILL: no farewell. */
  kill(): Promise<void>;
  stop(): Promise<void>;
}

/** `port` 0: any free one. */
export async function startFaultyServer(
  dataDir: string,
  port: number,
  part: Omit<ServerPart, "mqttPort"> = {},
): Promise<FaultyServer> {
  const isSource = import.meta.url.endsWith(".ts");
  const entry = fileURLToPath(new URL(`../bench/ingest-server.${isSource ? "ts" : "js"}`, import.meta.url));
  const child = fork(
    entry,
    [dataDir, JSON.stringify({ ...part, mqttPort: port } satisfies ServerPart)],
    isSource ? { execArgv: ["--import", "tsx"] } : {},
  );
  const told = await firstMessage(child);
  const end = async (send: () => void) => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, "exit");
    send();
    await exited;
  };
  return { ...told, kill: () => end(() => child.kill("SIGKILL")), stop: () => end(() => child.send("stop")) };
}

function firstMessage(child: ChildProcess): Promise<{ port: number; url: string }> {
  return new Promise((resolve, reject) => {
    child.once("message", (message) => resolve(message as { port: number; url: string }));
    child.once("exit", (code) => reject(new Error(`the server ended with code ${code} before it listened`)));
  });
}
