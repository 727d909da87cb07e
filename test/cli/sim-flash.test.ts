/** `lintel sim --flash`: what is left of boards when the process is killed, when two want them, when the disk is full. */
import { mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { ApiClient } from "../../tools/client/api-client.ts";
import { freePort } from "../../tools/demo/free-port.ts";
import { tallyReadings } from "../../tools/sim/tally.ts";
import { runLintel, runLintelOnFullDisk } from "./run-lintel.ts";
import { RunningLintel, startServe } from "./start-lintel.ts";
import { until } from "./until.ts";

const HOST = "127.0.0.1";
const TIMEOUT_MS = 180_000;
const KILLS = 2;
/** Until the process is killed: some of them acknowledged, some not. */
const READINGS = 12;
/** Room for a number of a process, and not for a flash. */
const FEW_BLOCKS = 8;

let folder: string;
let server: RunningLintel;
let api: ApiClient;
let mqttPort: number;
let running: RunningLintel | undefined;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "lintel-sim-flash-"));
  let url: string;
  ({ server, mqttPort, url } = await startServe(folder));
  api = new ApiClient(new URL(url));
}, TIMEOUT_MS);

afterAll(async () => {
  await Promise.all([running?.kill(), server?.kill()]);
  await rm(folder, { recursive: true, force: true });
});

const sim = (boards: string, ...more: string[]) => [
  ...["sim", "--devices", "2", "--server", `${HOST}:${mqttPort}`, "--flash", boards],
  ...["--period", "1", "--interval", "1", ...more],
];

const stored = async () => (await tallyReadings(api)).readingsStored;

test("a killed one goes on where it was; meanwhile nobody else has its boards", { timeout: TIMEOUT_MS }, async () => {
  const boards = join(folder, "killed");
  for (let kills = 0; kills < KILLS; kills++) {
    const before = await stored();
    running = new RunningLintel(...sim(boards));
    await until(stored, (readings) => readings >= before + READINGS);
    if (kills === 0) {
      expect(await runLintel(...sim(boards, "--seconds", "0.1"))).toEqual({
        code: 1,
        stdout: "",
        stderr: `lintel: the boards in ${boards} run already, in process ${running.pid}: stop that one, or name another folder\n`,
      });
    }
    await running.kill();
  }
  expect(await runLintel(...sim(boards, "--seconds", "1"))).toMatchObject({ code: 0 });
  expect(await tallyReadings(api)).toMatchObject({ duplicates: 0, lost: 0 });
  // A board that had gone back to an older flash would have begun a new epoch, and sent readings again in it.
  for (const { mac } of await api.devices()) {
    const readings = (await api.series.streams(mac)).map(({ stream }) => api.readings(mac, stream));
    expect(new Set((await Promise.all(readings)).flat().map(({ epoch }) => epoch)).size).toBe(1);
  }
});

test("boards of another engine, and a flash without a boot program: what to do, and exit code 1", {
  timeout: TIMEOUT_MS,
}, async () => {
  const boards = join(folder, "killed");
  const other = await runLintel(...sim(boards, "--engine", "lx106", "--seconds", "0.1"));
  expect({ ...other, stdout: "" }).toEqual({
    code: 1,
    stdout: "",
    stderr: `lintel: 024c4e540001 in ${boards} is a board for --engine wasm, not lx106: give that, or name another folder\n`,
  });
  const blank = join(folder, "blank");
  await mkdir(blank);
  await writeFile(join(blank, "024c4e540001.flash"), Buffer.alloc(1024 * 1024, 0xff));
  const { code, stderr } = await runLintel(...sim(blank, "--seconds", "0.1"));
  expect(code).toBe(1);
  expect(stderr).toMatch(/^lintel: 024c4e540001 in .*blank has no boot program that an engine runs: remove its file/);
});

test("a disk that is full when a board is new: what is wrong, and nothing half done", {
  timeout: TIMEOUT_MS,
}, async () => {
  const boards = join(folder, "full");
  const { code, stderr } = await runLintelOnFullDisk(FEW_BLOCKS, ...sim(boards));
  expect(code).toBe(1);
  expect(stderr).toMatch(/^lintel: cannot keep flash in .*024c4e540001\.flash: EFBIG.*\n$/);
  expect((await readdir(boards)).sort()).toEqual(["sim.lock", "sim.pid"]);
});

test("a disk that takes no more while boards run: they stop, and say why", { timeout: TIMEOUT_MS }, async () => {
  const { code, stderr } = await runLintelOnFullDisk(FEW_BLOCKS, ...sim(join(folder, "killed")));
  expect(code).toBe(1);
  expect(stderr).toMatch(/^lintel: cannot write .*024c4e54000[12]\.flash, so the boards are stopped: EFBIG.*\n$/);
});

test("boards that are started before their server wait for it", { timeout: TIMEOUT_MS }, async () => {
  const port = await freePort(HOST, 0);
  running = new RunningLintel("sim", "--server", `${HOST}:${port}`, "--seconds", "0.1", "--period", "1");
  await running.line(/^lintel: no MQTT server answers at .* yet, waiting 10 s for it/);
  const late = createServer().listen(port, HOST);
  await running.line(/1 virtual board talks to/);
  await running.line(/^doors closed; waiting 1 s for the last counts, Ctrl-C once more ends at once/);
  await running.kill();
  late.close();
});

test("a folder where a flash should be, in virtual time", { timeout: TIMEOUT_MS }, async () => {
  const boards = join(folder, "strange");
  await mkdir(join(boards, "024c4e540001.flash"), { recursive: true });
  const args = ["sim", "--virtual-hours", "1", "--flash", boards, "--data", join(folder, "virtual")];
  const { code, stdout, stderr } = await runLintel(...args);
  expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
  expect(stderr).toMatch(/^lintel: .*024c4e540001\.flash is no file, so no board's flash: remove it\n$/);
});
