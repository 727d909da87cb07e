/**
 * The server is killed without a farewell while alerts are committed, wait for others of their moment, are sent, or are sent and not
 * ended. Boards send a value above a rule's limit; one that is acknowledged has an alert, which three webhooks have to be told of.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import Database from "better-sqlite3";
import { SeededRandom } from "../../runtime/board/random.ts";
import { encodePack, overTcp } from "../../server/testing/test-server.ts";
import { macOf } from "../bench/ingest-packs.ts";
import { type FaultyServer, startFaultyServer } from "./server.ts";
import { ANSWER_MIN_MS, WebhookReceiver } from "./webhook-receiver.ts";

export interface NoticeLoopResult {
  kills: number;
  /** Acknowledged values, each of which has opened one. */
  alerts: number;
  /** Of an alert and a channel: those that nobody was told of, and those told under two ids. */
  lost: number;
  duplicated: number;
  /** Came again under the same id with another body. */
  changed: number;
  /** Came again as the same though nobody had refused them: the kill was before they were ended. */
  sentAgain: number;
  /** Notices and deliveries that were committed and not ended, summed up over the kills. */
  waitingAtKills: number;
}

export interface NoticeLoopOptions {
  kills: number;
  seed?: number;
  onProgress?: (line: string) => void;
}

/** Two minutes of gathering pass in half a second, ten of the next message in 2.5 s. */
const CLOCK_RATE = 240;
const CHANNELS = 3;
const STREAM = 0x5001;
const LIMIT = 30;
const BOARD_EVERY_MS = 100;
const LIFE_MIN_MS = 200;
const LIFE_MAX_MS = 2500;
const NEXT_MAX_MS = 20_000;
const SETTLE_MAX_MS = 120_000;
const PROGRESS_EVERY = 10;

export async function runNoticeLoop({ kills, seed = 1, onProgress }: NoticeLoopOptions): Promise<NoticeLoopResult> {
  const random = new SeededRandom(seed);
  const folder = mkdtempSync(join(tmpdir(), "lintel-notices-"));
  const databasePath = join(folder, "lintel.db");
  const receiver = await new WebhookReceiver(random.fork(1)).listen();
  const part = { webhooksPrivate: true, fastClock: { fromMs: Date.now(), rate: CLOCK_RATE } };
  const start = () => startFaultyServer(folder, 0, part);
  let server = await start();
  const boards = new Boards();
  let waitingAtKills = 0;
  try {
    await addRule(server, receiver);
    for (let killed = 0; killed < kills; killed++) {
      const feeding = boards.feed(server.port);
      await sleep(random.integer(LIFE_MIN_MS, LIFE_MAX_MS));
      // Each second time while a webhook is under way: sent, and not answered.
      if (killed % 2 === 1) {
        await receiver.next(NEXT_MAX_MS);
        await sleep(random.integer(0, ANSWER_MIN_MS / 2));
      }
      await server.kill();
      clearInterval(feeding);
      waitingAtKills += countWaiting(databasePath);
      server = await start();
      if ((killed + 1) % PROGRESS_EVERY === 0) onProgress?.(`${killed + 1} kills, ${receiver.messages} webhooks`);
    }
    const channels = Array.from({ length: CHANNELS }, (_, channel) => channel);
    const told = () => boards.acknowledged.flatMap((mac) => channels.map((one) => receiver.timesTold(one, mac)));
    receiver.isSteady = true;
    for (let waitedMs = 0; told().includes(0) || receiver.isRefusing; waitedMs += 100) {
      if (waitedMs > SETTLE_MAX_MS) break;
      await sleep(100);
    }
    await server.stop();
    const { changed, sentAgain } = receiver;
    return {
      kills,
      alerts: boards.acknowledged.length,
      lost: told().filter((times) => times === 0).length,
      duplicated: told().filter((times) => times > 1).length,
      changed,
      sentAgain,
      waitingAtKills,
    };
  } finally {
    await server.kill();
    receiver.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function addRule({ url }: FaultyServer, receiver: WebhookReceiver): Promise<void> {
  const post = async (path: string, body: object) => {
    const headers = { "content-type": "application/json" };
    const answer = await fetch(`${url}/api/v1/${path}`, { method: "POST", headers, body: JSON.stringify(body) });
    if (answer.status !== 201) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
    return ((await answer.json()) as { id: number }).id;
  };
  const channels: number[] = [];
  for (let n = 0; n < CHANNELS; n++)
    channels.push(await post("channels", { name: `hook ${n}`, kind: "webhook", url: `${receiver.url}${n}` }));
  const condition = { kind: "value", stream: STREAM.toString(16), above: LIMIT };
  await post("alert-rules", { name: "hot", condition, channels });
}

/** A board after the other, each with one value; who is not answered says it again to the next server. */
class Boards {
  /** Whose value is durable. */
  readonly acknowledged: string[] = [];
  readonly #owing: string[] = [];
  #made = 0;

  /** Until the interval is cleared. */
  feed(port: number): NodeJS.Timeout {
    return setInterval(() => void this.#say(port, this.#owing.shift() ?? macOf(this.#made++)), BOARD_EVERY_MS);
  }

  async #say(port: number, mac: string): Promise<void> {
    const board = overTcp(port, mac);
    try {
      await board.connect();
      await board.subscribe();
      board.data(encodePack(1, 1, 1, [{ stream: STREAM.toString(16), value: LIMIT + 1 }]));
      await board.until(() => board.acks.length > 0 || board.isClosed, "an answer");
    } catch {
      // The server was killed before it answered.
    }
    board.drop();
    if (board.acks.length > 0) this.acknowledged.push(mac);
    else this.#owing.push(mac);
  }
}

/** Of a server that is dead. */
function countWaiting(databasePath: string): number {
  const db = new Database(databasePath, { readonly: true });
  try {
    const sql = "SELECT (SELECT count(*) FROM notices) + (SELECT count(*) FROM deliveries WHERE state = 0)";
    return db.prepare<[], number>(sql).pluck().get() ?? 0;
  } finally {
    db.close();
  }
}
