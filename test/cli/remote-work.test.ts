/** `lintel config`, `command` and `log` against `lintel serve` and a board of `lintel sim`, in real time. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { ApiClient } from "../../tools/client/api-client.ts";
import { runLintel } from "./run-lintel.ts";
import { OPEN, RunningLintel } from "./start-lintel.ts";
import { until } from "./until.ts";

const MAC = "024c4e540001";
const LEVEL_DEBUG = 3;
const NOBODY = "024c4e54ffff";
const TIMEOUT_MS = 120_000;

let folder: string;
let server: RunningLintel;
let sim: RunningLintel;
let log: RunningLintel | undefined;
let mqttPort: number;
let url: string;

const serve = (mqtt = 0, http = 0) => [
  ...[
    "serve",
    ...OPEN,
    "--data",
    join(folder, "data"),
    "--mqtt-port",
    String(mqtt),
    "--http-port",
    String(http),
    "--json",
  ],
];
const lintel = (command: string, ...args: string[]) => runLintel(...command.split(" "), "--server", url, ...args);

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "lintel-remote-"));
  server = new RunningLintel(...serve());
  mqttPort = JSON.parse(await server.line(/listening for devices/)).mqttPort;
  url = JSON.parse(await server.line(/listening for people/)).url;
  sim = new RunningLintel("sim", "--devices", "1", "--server", `127.0.0.1:${mqttPort}`, "--period", "60", "--json");
  const api = new ApiClient(new URL(url));
  await until(
    () => api.devices(),
    (devices) => devices.some(({ online }) => online),
  );
}, TIMEOUT_MS);

afterAll(async () => {
  await Promise.all([sim, server, log].map((running) => running?.kill()));
  await rm(folder, { recursive: true, force: true });
});

test("settings by name: set and waited for, shown, left to the program again", { timeout: TIMEOUT_MS }, async () => {
  const set = await lintel("config set", MAC, "periodS=300", "activeHigh=false", "--wait");
  expect(set).toEqual({
    code: 0,
    stdout: expect.stringMatching(
      /^configuration 1 of 024c4e540001: sent\nconfiguration 1 of 024c4e540001: applied\n$/,
    ),
    stderr: "",
  });
  const { stdout } = await lintel("config get", MAC);
  expect(stdout).toContain("product counter, configuration 1: applied, in use 1\n");
  expect(stdout).toContain("  periodS = 300  (counting period: an integer from 1 to 86400 (s))\n");
  expect(stdout).toContain("  debounceMs = 20  (default, debounce time: an integer from 0 to 1000 (ms))\n");
  expect(stdout).toContain("      edges closer together than this are contact bounce\n");
  const unset = await lintel("config unset", MAC, "periodS", "--json", "--wait");
  expect([unset.code, JSON.parse(unset.stdout)]).toEqual([
    0,
    expect.objectContaining({ version: 2, state: "applied", settings: { activeHigh: false } }),
  ]);
});

test("commands: queued or waited for, with a value or the reason why not", { timeout: TIMEOUT_MS }, async () => {
  const waited = await lintel("command", MAC, "stream-now", "--wait", "--json", "--expires", "60s");
  expect([waited.code, JSON.parse(waited.stdout)]).toEqual([
    0,
    expect.objectContaining({ method: "stream-now", state: "done", value: 0 }),
  ]);
  const unknown = await lintel("command", MAC, "sing", "--wait");
  expect([unknown.code, unknown.stderr]).toEqual([1, expect.stringContaining("is no command that the device knows")]);
  const left = await lintel("command", MAC, "report");
  expect([left.code, left.stdout]).toEqual([0, expect.stringMatching(/^report \(\d+\) on 024c4e540001: sent\n$/)]);
});

test("what makes no sense is one line, and exit code 1", { timeout: TIMEOUT_MS }, async () => {
  for (const [command, args, line] of [
    ["config set", [MAC, "periodS=0"], "periodS must be an integer from 1 to 86400 (s)"],
    ["config set", [MAC, "periodS=soon"], "periodS must be an integer from 1 to 86400 (s)"],
    ["config set", [MAC, "colour=red"], "colour is no setting of the device"],
    [
      "config set",
      [MAC, "pinA=7"],
      "pinA must be an integer from 0 to 16 (GPIO), but not 1, 3, 6, 7, 8, 9, 10, 11, 16",
    ],
    ["config set", [MAC, "pinA=5", "pinB=5"], "pinB must not be 5 as pinA is"],
    ["config set", [MAC, "hours=9002090"], "hours has 9002090 as number 1"],
    ["config set", [MAC, "periodS"], "NAME=VALUE"],
    ["config unset", [MAC, "colour"], "colour is no setting of the device"],
    ["config get", ["nobody"], "named by its MAC address"],
    ["config get", [NOBODY], "no device 024c4e54ffff"],
    ["command", [MAC, "Restart Now"], "method"],
    ["command", [MAC, "identify", "1", "2", "3"], "Two integers"],
    ["command", [MAC, "identify", "--expires", "soon"], "as 60s, 10m, 2h or 1d"],
    ["log", [NOBODY], "no device 024c4e54ffff"],
  ] as const) {
    const { code, stdout, stderr } = await lintel(command, ...args);
    expect([command, ...args, code, stdout]).toEqual([command, ...args, 1, ""]);
    expect(stderr).toContain(line);
    expect(stderr.trim().split("\n")).toHaveLength(1);
  }
});

test("the log of a board, also over a restart of the server", { timeout: TIMEOUT_MS }, async () => {
  log = new RunningLintel("log", MAC, "--server", url, "--json");
  const commands = async () => (await fetch(`${url}/api/v1/devices/${MAC}/commands`)).json();
  const isOn = ({ items }: { items: Array<{ method: string; state: string }> }) =>
    items.some(({ method, state }) => method === "log-level" && state === "done");
  await until(commands as never, isOn);
  await server.stop();
  server = new RunningLintel(...serve(mqttPort, Number(new URL(url).port)));
  expect(JSON.parse(await log.line(/connection lost, failure/))).toMatchObject({ device: MAC, level: 1, lost: 0 });
  // What came after it, a board keeps only so much of: how much depends on how long the server was away.
  expect(await log.stop()).toBe(0);
});

test("the log is asked for again when the board has restarted", { timeout: TIMEOUT_MS }, async () => {
  const { orders } = new ApiClient(new URL(url));
  const asked = async () => {
    const answer = await fetch(`${url}/api/v1/devices/${MAC}/commands?limit=1000`);
    const { items } = (await answer.json()) as { items: Array<Record<string, unknown>> };
    return items.filter(({ method, argument, state }) => {
      return method === "log-level" && argument === LEVEL_DEBUG && state === "done";
    }).length;
  };
  const view = new RunningLintel("log", MAC, "--server", url, "--level", "debug");
  await until(asked, (count) => count === 1);
  await orders.addCommand(MAC, { method: "restart" });
  await until(asked, (count) => count === 2);
  expect(await view.stop()).toBe(0);
});
