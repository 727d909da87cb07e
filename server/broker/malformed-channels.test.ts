/** Ten thousand damaged messages in each channel that devices speak in: counted, dropped, and nobody else notices. */
import { afterEach, beforeEach, expect, test } from "vitest";
import * as Golden from "../../runtime/contract/golden-vectors.ts";
import {
  CHANNEL_DATA,
  CHANNEL_HELLO,
  CHANNEL_LOG,
  CHANNEL_RESULT,
  CHANNEL_STATE,
  CHANNEL_UPDATE,
} from "../../runtime/contract/topics.ts";
import type { LintelServer } from "../server-options.ts";
import { makeRandom, mutate } from "../testing/mutate.ts";
import { countingPack, makeFolder, startDevice, startTestServer } from "../testing/test-server.ts";

const CHANNELS: Record<string, readonly string[]> = {
  [CHANNEL_HELLO]: [Golden.GOLDEN_HELLO, Golden.GOLDEN_HELLO_MORE],
  [CHANNEL_DATA]: [
    Golden.GOLDEN_DATA_ABSOLUTE,
    Golden.GOLDEN_DATA_RELATIVE,
    Golden.GOLDEN_DATA_ERROR,
    Golden.GOLDEN_DATA_ESTIMATED,
    Golden.GOLDEN_DATA_SIGNED,
  ],
  [CHANNEL_STATE]: [Golden.GOLDEN_STATE_ONLINE, Golden.GOLDEN_STATE_OFFLINE],
  [CHANNEL_LOG]: [Golden.GOLDEN_LOG],
  [CHANNEL_RESULT]: [
    Golden.GOLDEN_RESULT,
    Golden.GOLDEN_RESULT_REFUSED,
    Golden.GOLDEN_RESULT_SETTING,
    Golden.GOLDEN_RESULT_GRAPH,
  ],
  [CHANNEL_UPDATE]: [
    Golden.GOLDEN_UPDATE_REQUEST,
    Golden.GOLDEN_UPDATE_REQUEST_PATCH,
    Golden.GOLDEN_UPDATE_DOWNLOADING,
    Golden.GOLDEN_UPDATE_FAILED,
  ],
};
const MESSAGES = 10_000;
/** Fewer than one device may have under way. */
const AT_ONCE = 200;
const FAULTY = "5ccf7f123456";
const GOOD = "5ccf7f000001";
const UNLIMITED = { perSecond: Number.MAX_SAFE_INTEGER, burst: Number.MAX_SAFE_INTEGER };

let folder: ReturnType<typeof makeFolder>;
let server: LintelServer;

beforeEach(async () => {
  folder = makeFolder();
  // The limits of one connection are tested elsewhere; here they would keep the damage out.
  server = await startTestServer(folder.path, {
    connectionLimits: { connectionsOfAddress: 1000, rates: { packets: UNLIMITED, bytes: UNLIMITED } },
  });
});
afterEach(async () => {
  await server.stop();
  folder.remove();
});

const metrics = async () => (await fetch(`${server.url}/metrics`)).text();
const malformed = (text: string) =>
  [...text.matchAll(/^lintel_malformed_total\{.*\} (\d+)$/gm)].reduce((sum, [, count]) => sum + Number(count), 0);

test.each(Object.entries(CHANNELS))("%s: 10,000 damaged messages", { timeout: 120_000 }, async (channel, vectors) => {
  const random = makeRandom(channel.length);
  const faulty = await startDevice(server, FAULTY);
  const good = await startDevice(server, GOOD);
  good.hello(1);
  for (let sent = 0; sent < MESSAGES; sent += AT_ONCE) {
    for (let i = 0; i < AT_ONCE; i++) {
      const vector = vectors[Math.floor(random() * vectors.length)] ?? "";
      faulty.publish(faulty.topic(channel), mutate(Buffer.from(vector, "hex"), random));
    }
    await faulty.ping();
    await server.idle();
    const sequence = sent / AT_ONCE + 1;
    good.data(countingPack(1, sequence, sequence));
    await good.ack(sequence, 1);
  }
  expect(faulty.isClosed).toBe(false);
  // Others are well-formed still, or say something that nobody has asked for.
  expect(malformed(await metrics())).toBeGreaterThan(MESSAGES / 4);
  expect((await fetch(`${server.url}/healthz`)).status).toBe(200);
  faulty.hello(4711);
  faulty.data(countingPack(4711, 1, 3));
  await faulty.ack(3, 4711);
  for (const path of ["", "/streams", "/update", "/rejected", "/gaps", "/commands", "/config"]) {
    const { status } = await fetch(`${server.url}/api/v1/devices/${FAULTY}${path}`);
    expect([200, 404], path).toContain(status);
  }
});
