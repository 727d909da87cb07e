/** A server that asks who comes, boards that are taken in by themselves, and what people say about them on the command line. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { IOTILE_DEVICE, IOTILE_KEY, REPORTS } from "../../server/testing/iotile-reports.ts";
import { runLintel } from "./run-lintel.ts";
import { type RunningLintel, startServe } from "./start-lintel.ts";

const TIMEOUT_MS = 240_000;
const HOST = "127.0.0.1";
const BOARD = "024c4e540001";

let folder: string;
let server: RunningLintel;
let url: string;
let mqttPort: number;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "lintel-devices-"));
  // The tools find the operator's token there.
  process.env["LINTEL_DATA"] = join(folder, "data");
  ({ server, mqttPort, url } = await startServe(folder, []));
}, TIMEOUT_MS);

afterAll(async () => {
  delete process.env["LINTEL_DATA"];
  await server?.stop();
  await rm(folder, { recursive: true, force: true });
});

const devices = (...more: string[]) => runLintel("devices", ...more, "--server", url);
const sim = (...more: string[]) =>
  runLintel("sim", "--period", "1", "--seconds", "2", "--server", `${HOST}:${mqttPort}`, ...more);

test("how the server was started, and whether it is well", { timeout: TIMEOUT_MS }, async () => {
  const status = (...more: string[]) => runLintel("status", ...more, "--server", url);
  expect((await status()).stdout).toMatch(/^stores readings +yes\nkeeps readings +for ever$/m);
  expect(JSON.parse((await status("--json")).stdout)).toMatchObject({
    healthy: true,
    retention: { rawDays: null, rollupDays: null, maxBytes: null },
    products: ["beacon", "counter", "feedback", "streamer"],
  });
});

test("boards of lintel sim are taken in with secrets of their own; without them they are strangers", {
  timeout: TIMEOUT_MS,
}, async () => {
  expect((await sim()).code).toBe(0);
  expect(JSON.parse((await devices("list", "--json")).stdout)).toEqual([]);
  const strangers = JSON.parse((await devices("strangers", "--json")).stdout);
  expect(strangers).toMatchObject([{ mac: BOARD, credential: "none", address: HOST }]);
  expect((await sim("--api", url)).code).toBe(0);
  expect(JSON.parse((await devices("list", "--json")).stdout)).toMatchObject([
    { mac: BOARD, product: "counter", standing: "active", secret: "own" },
  ]);
  expect(JSON.parse((await devices("strangers", "--json")).stdout)).toEqual([]);
});

test("boards with a claim token are taken in by it; a cable and a port that is taken are told what goes", {
  timeout: TIMEOUT_MS,
}, async () => {
  const token = await runLintel("projects", "claim-token", "1", "--new", "--server", url);
  expect((await sim("--first", "7", "--secret", token.stdout.trim())).code).toBe(0);
  expect(JSON.parse((await devices("show", "024c4e540007", "--json")).stdout)).toMatchObject({ standing: "active" });
  expect((await sim("--first", "8", "--stranger")).code).toBe(0);
  expect((await devices("strangers")).stdout).toMatch(/024c4e540008 +none/);
  const refusals = [
    [["sim", "--serial", "tcp:0", "--first", "3"], "--serial goes without --first: its MAC address follows --seed"],
    [["sim", "--serial", "tcp:0", "--virtual-hours", "1"], "--serial goes without --virtual-hours"],
    [["sim", "--secret", "x", "--stranger"], "one of --secret and --stranger"],
    [["sim", "--secret", "x", "--api", url], "leave out --api"],
    [["sim", "--stranger", "--virtual-hours", "1"], "leave out --stranger"],
  ] as const;
  for (const [args, words] of refusals) expect((await runLintel(...args)).stderr).toContain(words);
  const [, httpPort = ""] = /:(\d+)$/.exec(url) ?? [];
  const free = ["serve", "--data", join(folder, "other"), "--no-login"];
  const taken = await runLintel(...free, "--http-port", httpPort, "--mqtt-port", "0");
  expect(taken.stderr).toContain(`port ${httpPort} is in use`);
  expect(taken.stderr).toMatch(/choose another port, with --http-port\n$/);
});

test("a report of an IOTile device is sent twice and stored once; one that is none is told", {
  timeout: TIMEOUT_MS,
}, async () => {
  const [report, broken] = [join(folder, "report.bin"), join(folder, "broken.bin")];
  await writeFile(report, REPORTS.keyed);
  await writeFile(broken, REPORTS.keyed.subarray(0, 60));
  const send = (...files: string[]) => runLintel("reports", "send", ...files, "--server", url);
  expect((await send(report)).stderr).toContain("No such device");
  expect((await devices("create", IOTILE_DEVICE, "--secret", IOTILE_KEY)).code).toBe(0);
  expect((await send(report, report)).stdout).toBe(
    `${report}: ${IOTILE_DEVICE}, 3 stored, 0 known before, 0 of no time, acknowledged up to 11\n` +
      `${report}: ${IOTILE_DEVICE}, 0 stored, 3 known before, 0 of no time, acknowledged up to 11\n`,
  );
  const refused = await send(broken);
  expect(refused.code).toBe(1);
  expect(refused.stderr).toContain("it is not as long as it says");
});

test("create, import, name, revoke, approve, delete; an error says what to do", { timeout: TIMEOUT_MS }, async () => {
  const table = join(folder, "boards.csv");
  await writeFile(table, "mac,name\n5ccf7f0000a1,Door\n5ccf7f0000a2,\nwrong,\n");
  const imported = await devices("import", table);
  expect(imported.code).toBe(1);
  expect(imported.stdout).toMatch(/^5ccf7f0000a1,lc_[\w-]{43},created\n5ccf7f0000a2,lc_[\w-]{43},created\n$/);
  expect(imported.stderr).toContain('line 4: "wrong" is no device: give a MAC address, as 5ccf7f123456 or');
  const again = await devices("import", table);
  expect(again.stdout).toBe("5ccf7f0000a1,,unchanged\n5ccf7f0000a2,,unchanged\n");
  expect(again.stderr).toContain("0 created, 0 updated, 2 unchanged");
  expect(imported.stderr).toContain("1 of 3 lines were not taken; mend them and import the table again");
  expect((await devices("create", "5ccf7f0000a3", "--secret", "0123456789abcdef")).stdout).toBe(
    "5ccf7f0000a3 is taken in\n",
  );
  await devices("name", "d--0000-5ccf-7f00-00a3", "Back door");
  await devices("revoke", "5ccf7f0000a3");
  const shown = await devices("list", "--standing", "revoked");
  expect(shown.stdout).toMatch(/^MAC +NAME.*\n5ccf7f0000a3 +Back door +p--0000-0001 +revoked +own\n$/);
  expect((await devices("approve", "5ccf7f0000a3")).stdout).toContain("comes back by itself within a minute");
  const late = await devices("approve", "5C:CF:7F:00:00:A3", "--project", "Elsewhere");
  expect(late).toMatchObject({ code: 1, stdout: "" });
  expect(late.stderr).toContain('lintel devices move 5ccf7f0000a3 "Elsewhere"');
  expect((await devices("delete", "5ccf7f0000a3")).stdout).toBe("5ccf7f0000a3 is forgotten\n");
  const gone = await devices("show", "5ccf7f0000a3");
  expect([gone.code, gone.stderr]).toEqual([1, expect.stringContaining("No such device")]);
});

test("an organisation goes to another data folder, whole; what cannot be is told", {
  timeout: TIMEOUT_MS,
}, async () => {
  const [file, there] = [join(folder, "home.lintel"), join(folder, "there")];
  const organisations = (...more: string[]) => runLintel("organisations", ...more);
  const exported = await organisations("export", "home", "-o", file, "--data", join(folder, "data"), "--json");
  const { devices: boards } = JSON.parse(exported.stdout) as { devices: number };
  expect(boards).toBeGreaterThan(0);
  expect((await organisations("export", "home", "-o", file)).stderr).toContain("is there already");
  expect((await organisations("import", file, "--data", join(folder, "data"))).stderr).toContain(
    "in use by another server",
  );
  expect((await organisations("import", file, "--data", there)).stderr).toContain("name another one with --slug");
  const imported = await organisations("import", file, "--data", there, "--slug", "shop", "--json");
  expect(JSON.parse(imported.stdout)).toMatchObject({ slug: "shop", devices: boards });
  const again = await organisations("import", file, "--data", there, "--slug", "again");
  expect(again.code).toBe(1);
  expect(again.stderr).toContain("nothing was imported: here are already device");
});
