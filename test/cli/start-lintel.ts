/** The command line as a process that goes on, until it is told to stop. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { PACKAGE_ROOT } from "../../tools/build/package-root.ts";
import { LINTEL } from "./run-lintel.ts";

/** A compiler run is part of some starts, and other tests of other processes. */
const WAIT_MS = 90_000;

/** For a server that asks nobody who he is. */
export const OPEN = ["--no-login", "--registration", "anyone"] as const;

/** `lintel serve` on free ports, with its data below `folder`. `more`: other options than those of an open house. */
export async function startServe(folder: string, more: readonly string[] = OPEN) {
  const ports = ["--mqtt-port", "0", "--http-port", "0"];
  const server = new RunningLintel("serve", ...more, "--data", join(folder, "data"), ...ports, "--json");
  try {
    const { mqttPort } = JSON.parse(await server.line(/listening for devices/)) as { mqttPort: number };
    const { url } = JSON.parse(await server.line(/listening for people/)) as { url: string };
    return { server, mqttPort, url };
  } catch (error) {
    await server.kill();
    throw error;
  }
}

export class RunningLintel {
  readonly #child: ChildProcess;
  readonly #lines: string[] = [];
  readonly #closed: Promise<unknown>;
  #wake: () => void = () => {};

  constructor(...args: string[]) {
    const [program = "", ...first] = LINTEL;
    this.#child = spawn(program, [...first, ...args], {
      cwd: PACKAGE_ROOT,
      stdio: ["ignore", "pipe", "pipe"],
    });
    this.#closed = once(this.#child, "close").then(() => this.#wake());
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      if (stream === null) continue;
      createInterface(stream).on("line", (line) => {
        this.#lines.push(line);
        this.#wake();
      });
    }
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  /** The first line that says this, now or later. */
  async line(pattern: RegExp): Promise<string> {
    const endMs = performance.now() + WAIT_MS;
    for (;;) {
      const found = this.#lines.find((line) => pattern.test(line));
      if (found !== undefined) return found;
      if (this.#isOver || performance.now() > endMs) throw new Error(`no ${pattern} in: ${this.#lines.join("\n")}`);
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
        setTimeout(resolve, 1000);
      });
    }
  }

  /** As Ctrl-C does; resolves with the exit code. */
  async stop(): Promise<number | null> {
    if (!this.#isOver) this.#child.kill("SIGINT");
    await this.#closed;
    return this.#child.exitCode;
  }

  /** At once, whatever it does. */
  async kill(): Promise<void> {
    if (!this.#isOver) this.#child.kill("SIGKILL");
    await this.#closed;
  }

  get #isOver(): boolean {
    return this.#child.exitCode !== null || this.#child.signalCode !== null;
  }
}
