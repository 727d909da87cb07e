/** Deliveries that take for ever, and a store that takes no writes: neither may stop the others, nor have anything sent anew. */
import { expect, test, vi } from "vitest";
import { DELIVERIES_AT_ONCE, DELIVERY_END_MAX_MS } from "../limits.ts";
import { silentLogger } from "../logger.ts";
import type { DeliveryRow } from "../store/alert-reader.ts";
import type { StoreAnswer, StoreRequest } from "../updates/store-requests.ts";
import { AlertDesk, type AlertDeskOptions, type Send } from "./alert-desk.ts";
import type { AlertChannel, AlertMessage } from "./alert-requests.ts";

const MESSAGE: AlertMessage = { id: "m", organisation: "home", time: "", alerts: [], leftOut: 0 };

const channelOf = (id: number): AlertChannel => ({
  id,
  organisation: 1,
  slug: "home",
  name: `channel ${id}`,
  kind: "webhook",
  settings: {},
  secret: null,
});

function delivery(number: number, channel: number): DeliveryRow {
  const times = { dueMs: 0, createdMs: 0, endedMs: null };
  return { number, id: `d${number}`, channel, state: 0, attempts: 0, error: null, ...times, body: MESSAGE };
}

/** A store with what is due, and what was ended in it. */
function worldOf(waiting: DeliveryRow[], webhook: Send, more: Partial<AlertDeskOptions> = {}) {
  const ended: Array<Extract<StoreRequest, { kind: "endDelivery" }>> = [];
  const world = {
    nowMs: 0,
    ended,
    asked: 0,
    answer: undefined as (() => Promise<StoreAnswer>) | undefined,
    desk: undefined as unknown as AlertDesk,
  };
  const isEnded = ({ id }: DeliveryRow) => ended.some((one) => one.delivery === id);
  world.desk = new AlertDesk({
    store: {
      isDue: () => false,
      dueDeliveries: (_, limit) => waiting.filter((one) => !isEnded(one)).slice(0, limit),
      channel: channelOf,
      ownersOf: () => [],
      damaged: () => [],
    },
    request: async (request) => {
      if (request.kind !== "endDelivery") return { outcome: "done" };
      world.asked++;
      if (world.answer !== undefined) return world.answer();
      ended.push(request);
      return { outcome: "done" };
    },
    senders: { webhook, mail: webhook, mqtt: webhook },
    writeMail: null,
    logger: silentLogger,
    nowMs: () => world.nowMs,
    random: () => 0.5,
    ...more,
  });
  return world;
}

test("channels that never say what came of it are given up, and the others are told", async () => {
  const stuck = Array.from({ length: DELIVERIES_AT_ONCE }, (_, at) => delivery(at, 1));
  const sent: number[] = [];
  const send: Send = ({ id }) => (id === 1 ? new Promise(() => {}) : Promise.resolve(void sent.push(id)));
  const world = worldOf([...stuck, delivery(99, 2)], send, { maxMs: 20 });
  world.desk.tick();
  await world.desk.settled();
  world.desk.tick();
  await world.desk.settled();
  expect(sent).toEqual([2]);
  expect(world.ended.map(({ error }) => error)).toEqual([...stuck.map(() => "it took too long"), null]);
  expect(await world.desk.test(channelOf(1), MESSAGE)).toBe("it took too long");
});

test("a sender that throws has not delivered", async () => {
  const world = worldOf([delivery(1, 1)], () => {
    throw new Error("broken");
  });
  world.desk.tick();
  await world.desk.settled();
  expect(world.ended).toMatchObject([{ delivery: "d1", error: "broken", retryMs: 30_000 }]);
});

test.each([
  ["says so", async (): Promise<StoreAnswer> => ({ outcome: "unavailable", error: "disk full" })],
  ["fails", () => Promise.reject(new Error("no writer"))],
])("while the store takes nothing and %s nothing is sent anew; it is asked less and less", async (_, refuse) => {
  const send = vi.fn<Send>(() => Promise.resolve());
  const many = Array.from({ length: 100 }, (_, at) => delivery(at, 1));
  const world = worldOf(many, send);
  world.answer = refuse;
  const pass = async (seconds: number) => {
    for (let i = 0; i < seconds; i++) {
      world.nowMs += 1000;
      world.desk.tick();
      await world.desk.settled();
    }
  };
  await pass(3600);
  expect(send).toHaveBeenCalledTimes(DELIVERIES_AT_ONCE);
  // 2, 4, 8 ... 256, then 300 s: 8 and 10 or 11 times an hour, of each.
  expect(world.asked / DELIVERIES_AT_ONCE).toBeLessThan(22);
  world.answer = undefined;
  await pass(DELIVERY_END_MAX_MS / 1000);
  await pass(100);
  expect(send).toHaveBeenCalledTimes(100);
  expect(new Set(world.ended.map((one) => one.delivery)).size).toBe(100);
  expect(world.ended.length).toBe(100);
  expect(world.ended[0]?.atMs).toBe(1000);
});
