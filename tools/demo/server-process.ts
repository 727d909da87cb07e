/** The server as a child process, so that it can be stopped, killed and started again while devices go on counting. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { ApiClient } from "../client/api-client.ts";

export class ServerProcessError extends Error {}

const START_TIMEOUT_MS = 20_000;
const START_POLL_MS = 50;

/** It listens on this machine alone, and ends with the demo. */
const OPEN = ["--no-login", "--registration", "anyone"];

export interface ServerProcessOptions {
  dataDir: string;
  host: string;
  mqttPort: number;
  httpPort: number;
}

export class ServerProcess {
  readonly url: URL;
  readonly #options: ServerProcessOptions;
  readonly #api: ApiClient;
  #child: ChildProcess | undefined;
  #errors = "";

  constructor(options: ServerProcessOptions) {
    this.#options = options;
    this.url = new URL(`http://${options.host}:${options.httpPort}`);
    this.#api = new ApiClient(this.url);
  }

  /** Resolves when the server answers. */
  async start(): Promise<void> {
    const { dataDir, host, mqttPort, httpPort } = this.#options;
    const [, main = ""] = process.argv;
    const ports = ["--mqtt-port", String(mqttPort), "--http-port", String(httpPort)];
    // Its own process group: Ctrl-C in the terminal goes to the demo, which then stops the server in order.
    const child = spawn(
      process.execPath,
      [...process.execArgv, main, "serve", "--data", dataDir, "--host", host, ...ports, ...OPEN],
      { stdio: ["ignore", "ignore", "pipe"], detached: true },
    );
    this.#child = child;
    // However this process ends, the server does not stay behind.
    const end = () => child.kill();
    process.once("exit", end);
    child.once("exit", () => process.off("exit", end));
    this.#errors = "";
    child.stderr?.on("data", (chunk: Buffer) => {
      this.#errors += chunk;
    });
    const deadline = performance.now() + START_TIMEOUT_MS;
    while (!(await this.#api.isHealthy())) {
      if (child.exitCode !== null) throw new ServerProcessError(`the server did not start: ${this.#errors.trim()}`);
      if (performance.now() > deadline) throw new ServerProcessError(`no answer from ${this.url.origin}`);
      await sleep(START_POLL_MS);
    }
  }

  /** SIGTERM lets the server finish; SIGKILL does not. */
  async stop(signal: "SIGTERM" | "SIGKILL" = "SIGTERM"): Promise<void> {
    const child = this.#child;
    this.#child = undefined;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, "exit");
    child.kill(signal);
    await exited;
  }
}
