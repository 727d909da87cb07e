/** The simulation's side of server-child.ts: starts, stops and kills the server; connections of the memory network lead to it. */
import { type ChildProcess, fork } from "node:child_process";
import type { Duplex } from "node:stream";
import { fileURLToPath } from "node:url";
import type { FromServer, ToServer } from "./child-messages.ts";

export class ServerProcess {
  readonly #dataDir: string;
  readonly #unixMs: () => number;
  readonly #streams = new Map<number, Duplex>();
  #child: ChildProcess | undefined;
  #starting: Promise<void> | undefined;
  #settled: (() => void) | undefined;
  #nextId = 1;
  /** Messages until the process is killed. */
  #killIn: number | undefined;

  constructor(dataDir: string, unixMs: () => number) {
    this.#dataDir = dataDir;
    this.#unixMs = unixMs;
  }

  get isUp(): boolean {
    return this.#child !== undefined;
  }

  start(): Promise<void> {
    this.#starting ??= this.#start();
    return this.#starting;
  }

  /** As systemd does it: SIGTERM's way, everything received is committed. */
  async stop(): Promise<void> {
    const child = this.#child;
    if (child === undefined) return;
    const exited = new Promise((resolve) => child.once("exit", resolve));
    this.#say({ kind: "stop" });
    await exited;
  }

  /** kill -9, with this many messages more on their way to it. */
  killAfter(messages: number): void {
    this.#killIn = messages;
  }

  readonly accept = (stream: Duplex): void => {
    const id = this.#nextId++;
    if (this.#child === undefined) {
      stream.destroy();
      return;
    }
    this.#streams.set(id, stream);
    this.#say({ kind: "open", id });
    stream.on("data", (bytes: Uint8Array) => this.#say({ kind: "bytes", id, bytes }));
    stream.on("error", () => {});
    stream.on("close", () => {
      this.#streams.delete(id);
      this.#say({ kind: "end", id });
    });
  };

  /** Resolves when the server has nothing left to do, or is dead. */
  readonly settle = async (): Promise<void> => {
    await this.#starting;
    if (this.#child === undefined) return;
    const settled = new Promise<void>((resolve) => {
      this.#settled = resolve;
    });
    this.#say({ kind: "settle", unixMs: this.#unixMs() });
    await settled;
  };

  async #start(): Promise<void> {
    const here = import.meta.url;
    const ending = here.slice(here.lastIndexOf("."));
    const child = fork(
      fileURLToPath(new URL(`./server-child${ending}`, here)),
      [this.#dataDir, String(this.#unixMs())],
      { serialization: "advanced", execArgv: ending === ".ts" ? ["--import", "tsx"] : [] },
    );
    child.on("exit", () => this.#gone(child));
    await new Promise<void>((resolve, reject) => {
      child.once("message", () => resolve());
      child.once("exit", (code) => reject(new Error(`the server process ended with code ${code} while it started`)));
    });
    child.on("message", (message: FromServer) => this.#hear(message));
    this.#child = child;
  }

  #gone(child: ChildProcess): void {
    if (this.#child !== child) return;
    this.#child = undefined;
    this.#starting = undefined;
    this.#killIn = undefined;
    for (const stream of [...this.#streams.values()]) stream.destroy();
    this.#settled?.();
  }

  #hear(message: FromServer): void {
    if (message.kind === "bytes") this.#streams.get(message.id)?.write(message.bytes);
    else if (message.kind === "end") this.#streams.get(message.id)?.destroy();
    else if (message.kind === "settled") this.#settled?.();
  }

  #say(message: ToServer): void {
    const child = this.#child;
    if (child === undefined || !child.connected) return;
    child.send(message);
    if (this.#killIn === undefined || message.kind !== "bytes") return;
    if (this.#killIn-- <= 0) {
      this.#killIn = undefined;
      child.kill("SIGKILL");
    }
  }
}
