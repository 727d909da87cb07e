/** `lintel update` against `lintel serve` and boards of `lintel sim --flash`, in real time: what a person sees of each end. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { ApiClient, type UpdateStatus } from "../../tools/client/api-client.ts";
import { type Finished, runLintel } from "./run-lintel.ts";
import { RunningLintel, startServe } from "./start-lintel.ts";
import { until } from "./until.ts";
import { makeUpdateFiles, type UpdateFiles } from "./update-images.ts";

const FIRST = "024c4e540001";
/** Gives a program on trial seconds only. */
const IMPATIENT = "024c4e540002";
/** Comes later than the others. */
const THIRD = "024c4e540003";
const HOST = "127.0.0.1";
const TIMEOUT_MS = 120_000;

let folder: string;
let files: UpdateFiles;
let server: RunningLintel;
let sim: RunningLintel;
let mqttPort: number;
let url: string;
let api: ApiClient;
let impatient: Promise<Finished>;
/** Updates that are waited for. */
const waits: RunningLintel[] = [];

const startSim = (devices = 2) =>
  new RunningLintel(
    ...["sim", "--devices", String(devices), "--server", `${HOST}:${mqttPort}`, "--flash", join(folder, "flash")],
    ...["--key", files.publicKey, "--period", "1", "--interval", "5", "--json"],
  );

const updateArgs = (device: string, image: string, ...more: string[]) => [
  ...["update", "--server", url, "--device", device, "--image", image],
  ...more,
];
const update = (...args: Parameters<typeof updateArgs>) => runLintel(...updateArgs(...args));

const offline = (mac: string) =>
  until(
    () => api.device(mac),
    ({ online }) => !online,
  );

const status = (mac = FIRST): Promise<UpdateStatus> => api.update(mac);
const starts = ({ history }: UpdateStatus, image: string | null) =>
  history.filter((step) => step.image === image && step.state === "restarting").length;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "lintel-update-"));
  ({ server, mqttPort, url } = await startServe(folder));
  files = await makeUpdateFiles(folder);
  api = new ApiClient(new URL(url));
  files.putImpatientBoard(join(folder, "flash"), IMPATIENT, mqttPort);
  sim = startSim();
  await until(
    () => api.devices(),
    (devices) => devices.filter(({ online }) => online).length === 2,
  );
  // It takes a while, in which the other board has its own updates.
  impatient = update(IMPATIENT, files.silent);
}, TIMEOUT_MS);

afterAll(async () => {
  await Promise.all([sim, server, ...waits].map((running) => running?.kill()));
  await rm(folder, { recursive: true, force: true });
});

test("an image that the device refuses: why, and exit code 1", { timeout: TIMEOUT_MS }, async () => {
  const before = await status();
  const { code, stdout, stderr } = await update(FIRST, files.strange, "--json");
  expect(code).toBe(1);
  const end = JSON.parse(stdout);
  expect(end).toEqual({
    device: FIRST,
    image: expect.stringMatching(/^[0-9a-f]{16}$/),
    imageBytes: files.imageBytes,
    state: "failed",
    failure: "unknown-key",
    reason: expect.stringContaining("not signed with a key that is trusted"),
    offered: { kind: "compressed", bytes: expect.any(Number) },
  });
  expect(stderr.split("\n")).toEqual([
    `${FIRST} is to run counter 0.6.0: image ${end.image}, ${files.imageBytes} bytes`,
    `offered compressed, ${end.offered.bytes} bytes instead of ${files.imageBytes}`,
    `lintel: ${end.reason}`,
    "",
  ]);
  await sim.line(/^024c4e540001 warning: update refused, failure 10: it is not signed with a key that is trusted/);
  expect((await status()).running).toBe(before.running);
});

test("a good one: progress, and exit code 0", { timeout: TIMEOUT_MS }, async () => {
  const { code, stdout, stderr } = await update(FIRST, files.second);
  expect(stderr).toBe("");
  expect(code).toBe(0);
  expect(stdout).toMatch(
    /^024c4e540001 is to run counter 0\.2\.0: image [0-9a-f]{16}, \d+ bytes\noffered compressed, /,
  );
  expect(stdout).toMatch(new RegExp(`\n${FIRST} runs counter 0\\.2\\.0 and has confirmed it\n$`));
  expect(await status()).toMatchObject({ state: "confirmed", confirmed: true, givenUp: false });
});

test("one that crashes: the device goes back; tried again with --retry only", { timeout: TIMEOUT_MS }, async () => {
  const { running } = await status();
  const first = await update(FIRST, files.crashing);
  expect(first.code).toBe(1);
  expect(first.stderr).toBe(`lintel: ${FIRST} has tried the image and went back: the new program crashed\n`);
  const { desired, ...tried } = await status();
  expect(tried).toMatchObject({ running, givenUp: true, failure: "crash" });
  expect(starts(await status(), desired)).toBe(1);

  const again = await update(FIRST, files.crashing);
  expect(again.code).toBe(1);
  expect(again.stderr).toMatch(
    /does not take the image again, .* failed there before: the new program crashed \(--retry /,
  );
  expect(starts(await status(), desired)).toBe(1);

  const retried = await update(FIRST, files.crashing, "--retry", "--json");
  expect(retried.code).toBe(1);
  expect(JSON.parse(retried.stdout)).toMatchObject({ image: desired, state: "rolled-back", failure: "crash" });
  expect(retried.stderr).not.toMatch(/^rolled-back/m);
  expect(starts(await status(), desired)).toBe(2);
  expect((await status()).running).toBe(running);
});

test("one that never speaks to the server: the device goes back", { timeout: TIMEOUT_MS }, async () => {
  const { code, stdout, stderr } = await impatient;
  expect(stdout).toContain("restarting");
  expect(stderr).toBe(
    `lintel: ${IMPATIENT} has tried the image and went back: the new program did not get on the network\n`,
  );
  expect(code).toBe(1);
  expect(await status(IMPATIENT)).toMatchObject({ givenUp: true, failure: "no-network" });
});

test("a device that is killed while it turns to another image does not run what it ran before", {
  timeout: TIMEOUT_MS,
}, async () => {
  const { running } = await status();
  const { code, stdout } = await update(FIRST, files.third, "--no-wait", "--json");
  const { image, ...ordered } = JSON.parse(stdout);
  expect({ code, ...ordered }).toMatchObject({ code: 0, state: "ordered", failure: null, reason: null });
  // From now on the device restarts into the third version, whatever else it is told.
  await until(status, ({ history }) => history.some((step) => step.image === image && step.state === "restarting"));
  await sim.kill();
  await offline(FIRST);

  const back = await update(FIRST, files.second, "--timeout", "0.1", "--json");
  expect(back.code).toBe(1);
  expect(JSON.parse(back.stdout)).toMatchObject({
    image: running,
    state: "timeout",
    reason: expect.stringMatching(/within 0\.1 s \(it is not connected\); the order stands: see http:.*\/update$/),
  });

  const waiting = new RunningLintel(...updateArgs(FIRST, files.second));
  waits.push(waiting);
  await waiting.line(/the device is offline; it hears of it when it is back/);
  expect(await waiting.stop()).toBe(130);
  await waiting.line(/^lintel: the order for 024c4e540001 stands \(it is not connected\): see http/);

  const stranger = new RunningLintel(...updateArgs(THIRD, files.second));
  waits.push(stranger);
  await stranger.line(/no device 024c4e540003 has said hello yet, waiting for it/);
  sim = startSim(3);
  expect(await update(FIRST, files.second)).toMatchObject({ code: 0, stderr: "" });
  expect(await status()).toMatchObject({ running, confirmed: true, underWay: null });
  await stranger.line(/^024c4e540003 runs counter 0\.2\.0 and has confirmed it/);
});

test("a device that is away: --timeout ends the wait, the order stands", { timeout: TIMEOUT_MS }, async () => {
  expect(await sim.stop()).toBe(0);
  await offline(FIRST);
  const { code, stdout, stderr } = await update(FIRST, files.third, "--timeout", "0.1");
  expect(code).toBe(1);
  expect(stdout).toContain("the device is offline; it hears of it when it is back");
  expect(stderr).toMatch(/^lintel: 024c4e540001 has not confirmed the image within 0\.1 s .*; the order stands/);

  const cancelled = await runLintel("update", "--server", url, "--device", FIRST, "--cancel", "--json");
  expect(JSON.parse(cancelled.stdout)).toMatchObject({ image: (await api.images()).at(-1)?.id, state: "cancelled" });
  expect((await status()).desired).toBeNull();
  expect(await update(FIRST, files.third, "--timeout", "0.1")).toMatchObject({ code: 1 });

  // Its flash was kept: it comes back with the second version, and takes the third.
  const { running, desired } = await status();
  sim = startSim();
  const back = await until(
    () => status(),
    ({ confirmed }) => confirmed,
  );
  expect(back.running).toBe(desired);
  expect(back.running).not.toBe(running);
  const confirmed = await update(FIRST, files.third, "--json");
  expect(confirmed).toMatchObject({ code: 0 });
  expect(JSON.parse(confirmed.stdout)).toMatchObject({
    image: desired,
    state: "confirmed",
    failure: null,
    reason: null,
  });
});

test("an image for another product: both are named, and --json ends with JSON", { timeout: TIMEOUT_MS }, async () => {
  const { code, stdout, stderr } = await update(FIRST, files.foreign, "--json");
  const reason =
    `${FIRST} is a counter, and the image is for product gate: ` + "pack it with lintel image pack --product counter";
  expect({ code, stderr }).toEqual({ code: 1, stderr: `lintel: ${reason}\n` });
  expect(JSON.parse(stdout)).toMatchObject({ device: FIRST, state: "error", failure: null, reason });
});
