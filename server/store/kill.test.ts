/** kill -9 in the middle of work: what was acknowledged is there, once, and nothing is there by half. */
import { type ChildProcess, fork } from "node:child_process";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { noise, type TestImage, testImage, upload } from "../testing/test-images.ts";
import { countingPack, makeFolder, overTcp, startDevice, startTestServer } from "../testing/test-server.ts";

import { openDataFolder, openForReading } from "./open-database.ts";
import { Reader } from "./reader.ts";

const MAC = "5ccf7f123456";
const EPOCH = 9;
const PACK = 10;

function startChild(dataDir: string): ChildProcess {
  const entry = fileURLToPath(new URL("../testing/serve-until-killed.ts", import.meta.url));
  return fork(entry, [dataDir], { execArgv: ["--import", "tsx"] });
}

function ready(child: ChildProcess): Promise<{ mqttPort: number; url: string }> {
  return new Promise((resolve) => child.once("message", (message) => resolve(message as never)));
}

test("nothing acknowledged is lost, nothing is stored twice", async () => {
  const folder = makeFolder();
  const child = startChild(folder.path);
  try {
    const { mqttPort } = await ready(child);
    const device = await overTcp(mqttPort, MAC).connect();
    await device.subscribe();
    let next = 1;
    const send = () => {
      for (let i = 0; i < 20; i++, next += PACK) device.data(countingPack(EPOCH, next, next + PACK - 1));
    };
    const feeding = setInterval(send, 1);
    await device.until(() => (device.acks.at(-1)?.sequence ?? 0) > 3000, "the first three thousand");
    child.kill("SIGKILL");
    await device.closed();
    clearInterval(feeding);
    const acknowledged = device.acks.at(-1)?.sequence ?? 0;

    const server = await startTestServer(folder.path);
    const again = await startDevice(server, MAC);
    again.hello(EPOCH);
    await again.until(() => again.acks.length > 0, "the watermark");
    const watermark = again.acks[0]?.sequence ?? 0;
    expect(watermark).toBeGreaterThanOrEqual(acknowledged);

    const seen: number[] = [];
    const base = `${server.url}/api/v1/devices/${MAC}/streams/5001/readings?format=csv`;
    for (const line of (await (await fetch(base)).text()).trim().split("\r\n").slice(1)) {
      seen.push(Number(line.split(",")[3]));
    }
    seen.sort((a, b) => a - b);
    expect(seen).toEqual(Array.from({ length: watermark }, (_, i) => i + 1));
    await server.stop();
  } finally {
    child.kill("SIGKILL");
    folder.remove();
  }
});

test("a writer that is killed while it packs: every reading is in one place", async () => {
  const folder = makeFolder();
  openDataFolder(folder.path).release();
  const path = join(folder.path, "lintel.db");
  const entry = fileURLToPath(new URL("../testing/pack-until-killed.ts", import.meta.url));
  try {
    let durable = 0;
    for (const [round, packs] of [12, 5, 21, 9].entries()) {
      const child = fork(entry, [path, `${durable + 1}`], { execArgv: ["--import", "tsx"] });
      const from = durable;
      await new Promise<void>((resolve) => {
        child.on("message", (sequence: number) => {
          durable = sequence;
          // In the middle of whatever it does then.
          if (sequence >= from + packs * 50) setTimeout(() => child.kill("SIGKILL"), round * 3);
        });
        child.once("exit", () => resolve());
      });
      const reader = new Reader(path);
      const series = reader.series.open({ device: MAC, stream: "5001" });
      const found = series?.page({ fromMs: 0, toMs: 9e15, after: null, limit: 1_000_000 }) ?? [];
      const sums = await series?.sumUp([0, 9e15], () => true);
      reader.close();
      const sequences = found.map(({ sequence }) => sequence).sort((a, b) => a - b);
      // A commit may have been durable before it was told.
      expect(sequences.length).toBeGreaterThanOrEqual(durable);
      expect(sequences).toEqual(Array.from({ length: sequences.length }, (_, i) => i + 1));
      expect(sums?.buckets[0]).toMatchObject({ count: sequences.length, max: sequences.length });
      durable = sequences.length;
    }
    const db = openForReading(path);
    expect(db.pragma("integrity_check", { simple: true })).toBe("ok");
    expect(Number(db.prepare("SELECT count(*) FROM segments").pluck().get())).toBeGreaterThan(0);
    db.close();
  } finally {
    folder.remove();
  }
}, 60_000);

test("an image whose upload was answered is there, and every image that is there is whole", async () => {
  const folder = makeFolder();
  const child = startChild(folder.path);
  const images = Array.from({ length: 40 }, (_, seed) => testImage(noise(4000 + seed, seed)));
  try {
    const { url } = await ready(child);
    const answered: string[] = [];
    const send = async ({ id, bytes }: TestImage) => {
      const { status } = await upload({ url }, bytes);
      if (status === 201) answered.push(id);
      if (answered.length === 5) child.kill("SIGKILL");
    };
    await Promise.allSettled(images.map(send));
    expect(answered.length).toBeGreaterThanOrEqual(5);

    const server = await startTestServer(folder.path);
    let stored = 0;
    for (const { id, bytes } of images) {
      const content = await fetch(`${server.url}/api/v1/images/${id}/content`);
      if (content.status === 200) {
        stored++;
        expect(Buffer.from(await content.arrayBuffer())).toEqual(bytes);
      } else expect(answered).not.toContain(id);
      expect((await upload(server, bytes)).status).toBe(content.status === 200 ? 200 : 201);
    }
    expect(stored).toBeGreaterThanOrEqual(answered.length);
    await server.stop();
  } finally {
    child.kill("SIGKILL");
    folder.remove();
  }
});
