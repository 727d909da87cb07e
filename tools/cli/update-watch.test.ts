/** What `lintel update` tells of an order, on a server that answers from a list and a clock that runs by itself. */
import { expect, test } from "vitest";
import { ApiError, type Device, type UpdateStatus, type UpdateStep } from "../client/api-client.ts";
import { type Order, type OrderEnd, OrderWatch } from "./update-watch.ts";

const MAC = "024c4e540001";
const IMAGE = "00000000000000aa";
const OTHER = "00000000000000bb";
const URL_OF_IT = new URL(`http://127.0.0.1:8080/api/v1/devices/${MAC}/update`);
/** Ctrl-C comes while the server is asked, and does not answer. */
const HANGS: Partial<UpdateStatus> = {};
const SILENT = new ApiError("no server answers at http://127.0.0.1:8080");

const DEVICE: Device = {
  mac: MAC,
  product: "counter",
  online: true,
  lastHello: null,
  failedImage: null,
  failure: null,
};
const FAILED_BEFORE: Device = { ...DEVICE, failedImage: IMAGE, failure: "crash" };
const STATUS: UpdateStatus = {
  ...{ desired: IMAGE, givenUp: false, confirmed: false, online: true, running: OTHER, trial: false },
  ...{ underWay: null, offer: null, state: "idle", percent: null, failure: null, history: [] },
};

let atMs = 0;
const step = (state: string, more: Partial<UpdateStep> = {}): UpdateStep => ({
  ...{ atMs: atMs++, state, image: IMAGE, percent: null, failure: null },
  ...more,
});

interface Told extends OrderEnd {
  lines: string[];
}

/** What is told while the server answers one after the other, the last one for ever. */
async function watch(
  answers: Array<Partial<UpdateStatus> | ApiError>,
  order: Partial<Order> = {},
  stop = new AbortController(),
): Promise<Told> {
  const lines: string[] = [];
  let nowMs = 0;
  const api = {
    device: async () => FAILED_BEFORE,
    update: async () => {
      const answer = answers.length > 1 ? answers.shift() : answers[0];
      if (answer instanceof ApiError) throw answer;
      if (answer === HANGS) {
        setImmediate(() => stop.abort());
        return new Promise<never>(() => {});
      }
      return { ...STATUS, ...answer };
    },
  };
  const clock = {
    nowMs: () => nowMs,
    sleep: async (ms: number) => {
      nowMs += ms;
    },
  };
  const known = { device: DEVICE, image: IMAGE, imageBytes: 30_000, retry: false, status: STATUS, url: URL_OF_IT };
  const line = (text: string) => void lines.push(text);
  const end = await new OrderWatch(api, { ...known, ...order }, line, clock).wait(60, 60_000, stop.signal);
  return { ...end, lines };
}

test("the way of a good one: each step once", async () => {
  const offer = { image: IMAGE, kind: "patch" as const, bytes: 2048 };
  const history = [step("downloading", { percent: 3 })];
  const later = [step("downloading", { percent: 60 }), step("downloaded"), step("restarting")];
  expect(
    await watch([
      {},
      { offer },
      { offer, history },
      { offer, history },
      { offer, history: later.slice(0, 1) },
      { offer, history: later.slice(0, 2) },
      { offer, history: later },
      { offer, history: [...later, step("confirmed")], running: IMAGE, confirmed: true },
    ]),
  ).toEqual({
    ...{ state: "confirmed", failure: null, reason: null, offered: { kind: "patch", bytes: 2048 } },
    lines: [
      "offered as a patch of 2048 bytes, instead of 30000",
      "downloading 3 %",
      "downloading 60 %",
      "downloaded",
      "restarting: the new program is on trial, and given up unless it reaches the server within 15 minutes",
    ],
  });
});

test("what ran before is no success while the server does not say so", async () => {
  const away = { running: IMAGE, online: false, underWay: OTHER };
  expect(await watch([away])).toMatchObject({
    state: "timeout",
    reason: `${MAC} has not confirmed the image within 60 s (it is not connected); the order stands: see ${URL_OF_IT}`,
    lines: [`image ${OTHER} is still under way to ${MAC}`],
  });
  expect(await watch([away, { ...away, online: true }, { ...STATUS, confirmed: true }])).toMatchObject({
    state: "confirmed",
  });
  expect(await watch([{ running: IMAGE, trial: true }])).toMatchObject({
    reason: expect.stringContaining("(the image is on trial there)"),
  });
});

test("a refusal: one sentence, and no line before it", async () => {
  const failed = [step("failed", { failure: "unknown-key" })];
  expect(await watch([{ givenUp: true, history: failed }])).toEqual({
    ...{ state: "failed", failure: "unknown-key", offered: null, lines: [] },
    reason: expect.stringMatching(/^024c4e540001 refuses the image: it is not signed with a key that is trusted/),
  });
});

test("one that has failed there before, with --retry and without", async () => {
  const history = [step("rolled-back", { failure: "crash" })];
  const order = { device: FAILED_BEFORE, status: { ...STATUS, history } };
  const again = [...history, step("rolled-back", { failure: "crash" })];
  expect(await watch([{ givenUp: true, history: again }], order)).toEqual({
    ...{ state: "rolled-back", failure: "crash", offered: null, lines: [] },
    reason:
      `${MAC} does not take the image again, for it has failed there before: the new program crashed ` +
      "(--retry has it tried once more)",
  });
  const begun = [...history, step("downloading", { percent: 1 })];
  const retried = [{ history }, { history: begun }, { givenUp: true, history: [...begun, ...again.slice(1)] }];
  expect(await watch(retried, { ...order, retry: true })).toEqual({
    ...{ state: "rolled-back", failure: "crash", offered: null, lines: ["downloading 1 %"] },
    reason: `${MAC} has tried the image and went back: the new program crashed`,
  });
});

test("one that is given up without a report: what the device says of it", async () => {
  expect(await watch([{ givenUp: true }])).toMatchObject({ state: "failed", failure: "crash" });
});

test("another order replaces this one", async () => {
  expect(await watch([{ desired: OTHER, confirmed: true }])).toMatchObject({
    state: "replaced",
    reason: `another order for ${MAC} has replaced this one`,
  });
});

test("a server that is silent is told of once, and waited for", async () => {
  const offer = { image: IMAGE, kind: "compressed" as const, bytes: 23_000 };
  const answers = [...Array(30).fill(SILENT), { confirmed: true, offer }];
  expect(await watch(answers)).toMatchObject({
    state: "confirmed",
    lines: [
      "no server answers at http://127.0.0.1:8080; the order stands, and is waited for",
      "offered compressed, 23000 bytes instead of 30000",
    ],
  });
  expect(await watch([SILENT])).toMatchObject({
    state: "timeout",
    reason: expect.stringMatching(
      /^024c4e540001 has not confirmed .*\(no server answers at .*\); the order stands: see/,
    ),
  });
});

test("Ctrl-C ends the wait, not the order", async () => {
  const end = {
    state: "interrupted",
    reason: `the order for ${MAC} stands (it has not begun with it): see ${URL_OF_IT}`,
  };
  const stop = new AbortController();
  stop.abort();
  expect(await watch([{}], {}, stop)).toMatchObject(end);
  expect(await watch([{}, HANGS])).toMatchObject(end);
});
