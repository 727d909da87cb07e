/** Who is told of alerts: remembers each message, takes its time to answer, and refuses some. */
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import type { RandomSource } from "../../runtime/board/random.ts";
import type { AlertMessage } from "../../server/events/alert-requests.ts";

/** Whoever is killed within the first of these after a message came has no answer to it. */
export const ANSWER_MIN_MS = 150;
const ANSWER_MAX_MS = 300;
const REFUSED_PERCENT = 10;

export class WebhookReceiver {
  /** All that came, also again. */
  messages = 0;
  /** Of one id with a body other than before. */
  changed = 0;
  /** Those that came again though they had not been refused. */
  sentAgain = 0;
  /** Takes everything from now on. */
  isSteady = false;
  readonly #random: RandomSource;
  readonly #server: Server;
  readonly #bodies = new Map<string, string>();
  readonly #taken = new Set<string>();
  readonly #refused = new Set<string>();
  #wake: () => void = () => {};
  /** By channel and board. */
  readonly #idsOf = new Map<string, Set<string>>();

  constructor(random: RandomSource) {
    this.#random = random;
    this.#server = createServer((request, response) => {
      const parts: Buffer[] = [];
      request.on("error", () => {});
      request.on("data", (part: Buffer) => parts.push(part));
      request.on("end", () => {
        const isRefused = !this.isSteady && this.#random.integer(1, 100) <= REFUSED_PERCENT;
        const id = String(request.headers["webhook-id"]);
        this.#take(id, request.url ?? "", Buffer.concat(parts).toString());
        const answer = () => {
          // Whoever asked was killed.
          if (response.destroyed) return;
          (isRefused ? this.#refused : this.#taken).add(id);
          response.writeHead(isRefused ? 503 : 204).end();
        };
        setTimeout(answer, this.#random.integer(ANSWER_MIN_MS, ANSWER_MAX_MS));
      });
    });
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/`;
  }

  /** Something that came has not been taken yet. */
  get isRefusing(): boolean {
    return this.#taken.size < this.#bodies.size;
  }

  async listen(): Promise<this> {
    await new Promise<void>((resolve) => this.#server.listen(0, "127.0.0.1", resolve));
    return this;
  }

  close(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }

  /** Resolves when a message comes, or after so long. */
  next(maxMs: number): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
      setTimeout(resolve, maxMs);
    });
  }

  /** Under how many ids a channel was told that an alert of this board was opened. */
  timesTold(channel: number, mac: string): number {
    return this.#idsOf.get(`/${channel} ${mac}`)?.size ?? 0;
  }

  #take(id: string, path: string, body: string): void {
    this.messages++;
    this.#wake();
    if (this.#bodies.has(id) && !this.#refused.delete(id)) this.sentAgain++;
    const before = this.#bodies.get(id);
    if (before !== undefined && before !== body) this.changed++;
    this.#bodies.set(id, body);
    const { alerts, leftOut } = JSON.parse(body) as AlertMessage;
    if (leftOut > 0) throw new Error("a message with alerts that it does not list says nothing of them");
    for (const { device, event } of alerts) {
      if (device === null || event !== "opened") continue;
      const key = `${path} ${device}`;
      this.#idsOf.set(key, (this.#idsOf.get(key) ?? new Set()).add(id));
    }
  }
}
