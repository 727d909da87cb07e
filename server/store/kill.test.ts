/** kill -9 in the middle of ingest: what was acknowledged is there, once. */
import { fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { countingPack, makeFolder, overTcp, startDevice, startTestServer } from "../testing/test-server.ts";

const MAC = "5ccf7f123456";
const EPOCH = 9;
const PACK = 10;

test("nothing acknowledged is lost, nothing is stored twice", async () => {
  const folder = makeFolder();
  const entry = fileURLToPath(new URL("../testing/serve-until-killed.ts", import.meta.url));
  const child = fork(entry, [folder.path], { execArgv: ["--import", "tsx"] });
  try {
    const port = await new Promise<number>((resolve) => child.once("message", (message) => resolve(Number(message))));
    const device = await overTcp(port, MAC).connect();
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
