/**
 * The simulation's side of server-child.ts: starts, stops and kills the server. Each connection of a board becomes a TCP
 * connection to it. `settle` counts bytes on both sides, so that real time decides nothing: whatever was sent has come, and
 * what follows from it has come back.
 */
import { type ChildProcess, fork } from "node:child_process";
import { connect, type Socket } from "node:net";
import type { Duplex } from "node:stream";
import { setImmediate as nextTurn } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import type { FromServer, ToServer, Traffic } from "./child-messages.ts";
import { preloadUrl, TOLD_VARIABLE } from "./kill-points.ts";
import { type KillPoint, Teller } from "./told.ts";

const HOST = "127.0.0.1";
/** Longer than any commit; then the server hangs, or bytes are lost between the processes. */
const SETTLE_MAX_MS = 300_000;
/** Weight of the newest value in a running mean. */
const NEWEST_WEIGHT = 0.1;

export interface ServerProcessOptions {
  dataDir: string;
  /** A file that may be made here. */
  toldPath: string;
  unixMs: () => number;
}

/** To kill with a message on its way. */
export interface Kill {
  /** Sent before that. */
  messages: number;
  /** At a point of the writer's work; or in real time, as a part of what it mostly takes until all that follows is done. */
  at: KillPoint | { part: number };
  onDead: () => void;
}

export class ServerProcess {
  readonly #options: ServerProcessOptions;
  readonly #teller: Teller;
  readonly #sockets = new Set<Socket>();
  #child: ChildProcess | undefined;
  /** The same, also while it starts. */
  #forked: ChildProcess | undefined;
  #mqttPort = 0;
  #starting: Promise<void> | undefined;
  #exited: Promise<void> = Promise.resolve();
  #ending: Promise<void> | undefined;
  #kill: Kill | undefined;
  /** Its process is told where to die. */
  #isToldToDie = false;
  #isUnsettled = false;
  #touchedMs = 0;
  /** What it mostly takes from a message to the end of all that follows from it. */
  #exchangeMs = 1;
  #answer: Traffic[] | undefined;
  #failure: Error | undefined;
  #waiting: (() => void)[] = [];

  constructor(options: ServerProcessOptions) {
    this.#options = options;
    this.#teller = new Teller(options.toldPath);
  }

  get isUp(): boolean {
    return this.#child !== undefined && this.#ending === undefined;
  }

  async start(): Promise<void> {
    await this.#ending;
    this.#starting ??= this.#start();
    await this.#starting;
  }

  /** As systemd does it: SIGTERM's way, everything received is committed. */
  stop(): Promise<void> {
    if (this.isUp) this.#ending = this.#end(() => this.#say({ kind: "stop" }));
    return this.#ending ?? Promise.resolve();
  }

  /** kill -9. Nothing, when one is under way. */
  killSoon(kill: Kill): void {
    this.#kill ??= kill;
  }

  /** Whatever it is doing. */
  close(): void {
    this.#forked?.kill("SIGKILL");
    this.#teller.close();
  }

  readonly accept = (stream: Duplex): void => {
    stream.on("error", () => {});
    if (!this.isUp) {
      stream.destroy();
      return;
    }
    this.#touch();
    const socket = connect({ host: HOST, port: this.#mqttPort, noDelay: true });
    this.#sockets.add(socket);
    socket.on("connect", () => this.#wake());
    socket.on("error", () => {});
    socket.on("data", (bytes: Uint8Array) => {
      if (!stream.destroyed) stream.write(bytes);
      this.#wake();
    });
    socket.on("close", () => {
      this.#sockets.delete(socket);
      stream.destroy();
      this.#wake();
    });
    stream.on("data", (bytes: Uint8Array) => {
      this.#touch();
      this.#messageComes();
      if (!socket.destroyed) socket.write(bytes);
    });
    stream.on("close", () => {
      this.#touch();
      socket.destroySoon();
    });
  };

  /** Resolves when the server has nothing left to do and all it said has come, or when it is dead. */
  readonly settle = async (): Promise<void> => {
    if (this.#failure !== undefined) throw this.#failure;
    await this.#starting;
    while (this.#isUnsettled && this.isUp) {
      this.#isUnsettled = false;
      await this.#until(() => [...this.#sockets].every(({ connecting }) => !connecting));
      await this.#settleOnce();
      this.#exchangeMs += NEWEST_WEIGHT * (performance.now() - this.#touchedMs - this.#exchangeMs);
    }
    await this.#ending;
  };

  async #settleOnce(): Promise<void> {
    if (!this.isUp) return;
    this.#answer = undefined;
    const open = [...this.#sockets].filter(({ destroyed }) => !destroyed);
    this.#say({ kind: "settle", sent: open.map((socket) => [portOf(socket), socket.bytesWritten]) });
    await this.#until(() => !this.isUp || this.#answer !== undefined);
    const sent = new Map<number, number>(this.#answer ?? []);
    await this.#until(() => !this.isUp || [...this.#sockets].every((socket) => hasAllOf(sent, socket)));
  }

  async #start(): Promise<void> {
    this.#teller.tellTime(this.#options.unixMs());
    // Beside this file, in the language that this file is in.
    const { path } = this.#teller;
    const here = import.meta.url;
    const ending = here.slice(here.lastIndexOf("."));
    const child = fork(fileURLToPath(new URL(`./server-child${ending}`, here)), [this.#options.dataDir, path], {
      execArgv: [...(ending === ".ts" ? ["--import", "tsx"] : []), "--import", preloadUrl()],
      env: { ...process.env, [TOLD_VARIABLE]: path },
    });
    this.#forked = child;
    this.#exited = new Promise((resolve) => {
      child.once("exit", (code) => {
        resolve();
        this.#exitedBy(code);
        this.#wake();
      });
    });
    child.on("message", (message: FromServer) => {
      if (message.kind === "ready") this.#mqttPort = message.mqttPort;
      else this.#answer = message.sent;
      this.#wake();
    });
    await this.#until(() => this.#mqttPort !== 0);
    this.#child = child;
  }

  /** Ends the process as told; what it has said before still comes. */
  async #end(act: () => void): Promise<void> {
    act();
    await this.#exited;
    await this.#until(() => this.#sockets.size === 0);
    this.#child = undefined;
    this.#mqttPort = 0;
    this.#starting = undefined;
    this.#kill = undefined;
    this.#isToldToDie = false;
    this.#ending = undefined;
  }

  #messageComes(): void {
    const kill = this.#kill;
    if (kill === undefined || !this.isUp || this.#isToldToDie || kill.messages-- > 0) return;
    if ("part" in kill.at) this.#ending = this.#killAfter(kill.at.part * this.#exchangeMs, kill.onDead);
    else {
      this.#isToldToDie = true;
      this.#teller.tellEnd(kill.at);
    }
  }

  async #killAfter(ms: number, onDead: () => void): Promise<void> {
    const endMs = performance.now() + ms;
    while (performance.now() < endMs) await nextTurn();
    await this.#end(() => this.#child?.kill("SIGKILL"));
    onDead();
  }

  #exitedBy(code: number | null): void {
    if (this.#ending !== undefined) return;
    if (this.#isToldToDie && code === null) this.#ending = this.#end(() => {}).then(this.#kill?.onDead);
    else this.#failure = new Error(`the server process ended by itself, code ${code}`);
  }

  #touch(): void {
    this.#isUnsettled = true;
    this.#touchedMs = performance.now();
    this.#teller.tellTime(this.#options.unixMs());
  }

  async #until(isTrue: () => boolean): Promise<void> {
    const timer = setTimeout(() => {
      this.#failure = new Error(`the server process has not come to rest in ${SETTLE_MAX_MS} ms`);
      this.#wake();
    }, SETTLE_MAX_MS);
    try {
      while (!isTrue()) {
        await new Promise<void>((resolve) => this.#waiting.push(resolve));
        if (this.#failure !== undefined) throw this.#failure;
      }
    } finally {
      clearTimeout(timer);
    }
  }

  #wake(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const resolve of waiting) resolve();
  }

  #say(message: ToServer): void {
    if (this.#child?.connected === true) this.#child.send(message);
  }
}

function portOf({ localPort }: Socket): number {
  if (localPort === undefined) throw new Error("a connection without a port");
  return localPort;
}

/** All that the server has sent on it has come; or it closes what the server has closed, which is told by an event. */
function hasAllOf(sent: ReadonlyMap<number, number>, socket: Socket): boolean {
  if (socket.destroyed) return true;
  const bytes = sent.get(portOf(socket));
  return bytes !== undefined && socket.bytesRead >= bytes;
}
