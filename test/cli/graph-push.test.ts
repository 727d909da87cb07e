/** `lintel graph push`, `status` and `clear` against `lintel serve` and a streamer of `lintel sim`, in real time. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { ApiClient } from "../../tools/client/api-client.ts";
import { runLintel } from "./run-lintel.ts";
import { RunningLintel, startServe } from "./start-lintel.ts";
import { until } from "./until.ts";

const MAC = "024c4e540001";
const TIMEOUT_MS = 120_000;
const EXAMPLE = "tools/graph/examples/fridge-alarm.sgf";

let folder: string;
let server: RunningLintel;
let sim: RunningLintel;
let url: string;

const graph = (...args: string[]) => runLintel("graph", ...args, "--server", url);

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "lintel-graph-push-"));
  let mqttPort: number;
  ({ server, mqttPort, url } = await startServe(folder));
  sim = new RunningLintel("sim", "firmware/streamer", "--server", `127.0.0.1:${mqttPort}`, "--json");
  const api = new ApiClient(new URL(url));
  await until(
    () => api.devices(),
    (devices) => devices.some(({ online }) => online),
  );
}, TIMEOUT_MS);

afterAll(async () => {
  await Promise.all([sim, server].map((running) => running?.kill()));
  await rm(folder, { recursive: true, force: true });
});

test("a graph runs, a bad one is refused while it goes on, and it is taken away", { timeout: TIMEOUT_MS }, async () => {
  expect(await graph("status", MAC)).toMatchObject({
    code: 0,
    stdout: "product streamer, no graph was ordered, in use none\n",
  });
  expect(await graph("push", EXAMPLE, MAC, "--wait")).toEqual({
    code: 0,
    stdout: expect.stringMatching(/^graph 1 of 024c4e540001: sent\n(.*\n)*graph 1 of 024c4e540001: applied\n$/),
    stderr: "",
  });
  expect((await graph("status", MAC)).stdout).toBe("product streamer, graph 1 (380 bytes): applied, in use 1\n");
  const bad = join(folder, "bad.sgf");
  await writeFile(bad, "encrypted streamer on output 1;\n");
  const refused = await graph("push", bad, MAC, "--wait", "--json");
  expect(refused.code).toBe(1);
  expect(JSON.parse(refused.stdout)).toMatchObject({ version: 2, state: "refused", reason: "streamer", reported: 1 });
  expect(refused.stderr).toContain("was refused by the device (streamer): a streamer is encrypted, realtime");
  const cleared = await graph("clear", MAC, "--wait", "--json");
  expect([cleared.code, JSON.parse(cleared.stdout)]).toEqual([
    0,
    expect.objectContaining({ version: 3, state: "applied", sizeBytes: 0 }),
  ]);
});

test("what can be told without the device is told at once", { timeout: TIMEOUT_MS }, async () => {
  const wrong = join(folder, "wrong.sgf");
  await writeFile(wrong, "every 1 second {\n");
  for (const [args, message] of [
    [["push", wrong, MAC], "wrong.sgf:"],
    [["push", EXAMPLE, "fridge"], "named by its MAC address"],
    [["push", EXAMPLE, "024c4e54ffff"], "has said hello"],
  ] as const) {
    const { code, stdout, stderr } = await graph(...args);
    expect([code, stdout, stderr]).toEqual([1, "", expect.stringContaining(message)]);
  }
});
