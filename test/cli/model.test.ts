/** What devices are to people, on the command line: templates, tags, properties, places, fleets, levels of configuration. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { runLintel } from "./run-lintel.ts";
import { RunningLintel, startServe } from "./start-lintel.ts";

const TIMEOUT_MS = 240_000;
const BOARD = "024c4e540001";

let folder: string;
let server: RunningLintel;
let url: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "lintel-model-"));
  // The tools find the operator's token there.
  process.env["LINTEL_DATA"] = join(folder, "data");
  ({ server, url } = await startServe(folder, ["--product", "firmware/counter"]));
  await lintel("devices", "create", BOARD);
}, TIMEOUT_MS);

afterAll(async () => {
  delete process.env["LINTEL_DATA"];
  await server?.stop();
  await rm(folder, { recursive: true, force: true });
});

const run = (...args: string[]) => runLintel(...args, "--server", url);
async function lintel(...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await run(...args);
  expect(code, stderr).toBe(0);
  return stdout;
}
const json = async (...args: string[]) => JSON.parse(await lintel(...args, "--json"));

test("templates: made from a file, given to a board, shown with present values", { timeout: TIMEOUT_MS }, async () => {
  const file = join(folder, "door.json");
  const shop = { label: "shop", kind: "static", type: "string", value: "Main Street" };
  const period = { label: "period", kind: "actuator", type: "integer", setting: "periodS", unit: "s" };
  await writeFile(file, JSON.stringify([shop, period]));
  expect(await json("templates", "create", "Door", "--attributes", file)).toMatchObject({ id: 1, version: 1 });
  expect(await lintel("templates", "show", "1")).toMatch(
    /^template 1, Door, version 1: \nLABEL .*\nshop .*"Main Street"\nperiod /,
  );
  await lintel("templates", "give", BOARD, "1@1");
  expect(await lintel("devices", "attributes", BOARD)).toMatch(/shop +static +Main Street .*Door/);
  const refused = await run("devices", "actuate", BOARD, "shop=Station", "period=60");
  expect(refused).toMatchObject({ code: 1, stdout: "" });
  expect(refused.stderr).toContain("shop cannot be driven");
  await writeFile(file, "[");
  expect((await run("templates", "change", "1", "--attributes", file)).stderr).toContain("is no JSON");
  expect((await run("templates", "delete", "1")).stderr).toContain("Devices have the template");
});

test("tags, properties, places and fleets", { timeout: TIMEOUT_MS }, async () => {
  await lintel("devices", "tag", BOARD, "north", "old");
  expect(await lintel("devices", "tag", BOARD, ":old", "window")).toBe(`${BOARD}: north window\n`);
  expect(await lintel("devices", "property", BOARD, "floor=2", "owner=Ann")).toBe("floor = 2\nowner = Ann\n");
  expect(await lintel("devices", "locate", BOARD, "--at", "-33.86,151.2")).toBe(`${BOARD} is at -33.86, 151.2\n`);
  expect((await run("devices", "locate", BOARD)).stderr).toContain("--at or --inherit");
  expect(await lintel("fleets", "create", "North", "--tag", "north")).toBe(
    "fleet g--0000-0000-0001, North: 1 devices, 0 of them by name\n",
  );
  expect(await json("fleets", "devices", "g--0000-0000-0001")).toMatchObject([
    { mac: BOARD, tags: ["north", "window"] },
  ]);
  expect(await lintel("fleets", "list")).toMatch(/North +home +1 +0 +\{"tags":\["north"\]\}\n$/);
  const change = ["fleets", "change", "1", "--name", "Porch", "--tag", "porch"];
  expect(await json(...change)).toMatchObject({ name: "Porch", devices: 0, criterion: { tags: ["porch"] } });
  expect(await json("fleets", "change", "1", "--members-only")).toMatchObject({ name: "Porch", criterion: null });
  expect((await run("fleets", "change", "1")).stderr).toContain("say what is to change");
  expect((await run("fleets", "add", "1", "5ccf7fffffff")).stderr).toContain("No such device");
});

test("settings for a project, and for the whole server", { timeout: TIMEOUT_MS }, async () => {
  expect(await lintel("config", "set", "counter", "debounceMs=30", "--project", "p--0000-0001")).toBe(
    'counter, version 1: {"debounceMs":30}; devices below follow\n',
  );
  expect(await json("config", "unset", "counter", "debounceMs", "--project", "1")).toMatchObject({
    version: 2,
    settings: {},
  });
  expect(await lintel("config", "get", "counter", "--organisation", "home")).toBe("counter, nothing was set here\n");
  await lintel("config", "set", "counter", "periodS=120", "--organisation", "home");
  expect(await lintel("config", "get", "counter", "--organisation", "home")).toMatch(
    /^counter, version 1.*\n {2}periodS = 120 {2}\(.*\)\n$/,
  );
  expect((await run("config", "set", "counter", "debounceMs=9999", "--account")).stderr).toContain("from 0 to 1000");
  expect((await run("config", "set", "counter", "debounceMs=9", "--account", "--project", "1")).stderr).toContain(
    "take one of",
  );
});

test("a project has properties and a place, which its boards inherit", { timeout: TIMEOUT_MS }, async () => {
  expect(await lintel("projects", "property", "p--0000-0001", "city=Turin", "manager=Jo")).toBe(
    "city = Turin\nmanager = Jo\n",
  );
  expect(await lintel("devices", "property", BOARD, "manager=Ann")).toMatch(
    /manager = Ann\n.*city = Turin {2}\(of its/s,
  );
  expect(await lintel("projects", "locate", "1", "--at", "45.07,7.69", "--name", "Turin")).toBe(
    "1 is at 45.07, 7.69\n",
  );
  expect(await lintel("projects", "show", "1")).toMatch(
    /^project 1, p--0000-0001, Default of home: takes in claim\nat 45.07, 7.69 Turin\ncity = Turin\nmanager = Jo\n$/,
  );
  expect((await run("projects", "locate", "1")).stderr).toContain("--at or --forget");
  await lintel("projects", "locate", "1", "--forget");
  expect(await json("projects", "show", "1")).toMatchObject({ location: null });
  expect(await lintel("projects", "list", "home")).toMatch(/^id +slug .*\n1 +p--0000-0001 +Default +claim\n$/);
});

test("what is taken for normal: device before project before organisation", { timeout: TIMEOUT_MS }, async () => {
  const hours = ["--hours", "mon-fri 08:00-20:00", "--zone", "Europe/Rome"];
  await lintel("health", "policy", "set", "--organisation", "home", "silence=30,120", ...hours);
  await lintel("health", "policy", "set", "--project", "1", "silence=45,none", "memory=900,100");
  await lintel("health", "policy", "set", "--project", "1", "queue=50,500");
  expect(await lintel("health", "policy", "show", "--project", "1")).toMatch(
    /silence +45 +none +here\n.*memory +900 +100 +here\n.*queue +50 +500 +here\n.*boards are on: mon,tue,wed,thu,fri 08:00-20:00 \(Europe\/Rome\)\n$/s,
  );
  expect((await json("health", "policy", "show", "--device", BOARD)).effective).toMatchObject({
    silence: { warning: 45, failed: null },
  });
  expect((await json("health", "policy", "clear", "--project", "1", "silence", "queue")).own).toEqual({
    memory: { warning: 900, failed: 100 },
  });
  expect((await json("health", "policy", "clear", "--organisation", "home")).own).toEqual({});
  const refusals = [
    [["show"], "say whose"],
    [["set", "--project", "1"], "say what is to be normal"],
    [["set", "--project", "1", "noise=1,2"], "As silence=30,120"],
    [["set", "--project", "1", "silence=120,30"], "put the limits the other way round"],
    [["clear", "--project", "1", "noise"], "noise is none of silence"],
  ] as const;
  for (const [args, words] of refusals) expect((await run("health", "policy", ...args)).stderr).toContain(words);
});

test("what has happened, and what happens", { timeout: TIMEOUT_MS }, async () => {
  const lines = (await lintel("changes", "--json", "--kind", "device.created")).trimEnd().split("\n");
  expect(lines.map((line) => JSON.parse(line))).toMatchObject([{ kind: "device.created", device: BOARD }]);
  const view = new RunningLintel("changes", "--follow", "--last", "1", "--server", url);
  await view.line(/^20\S+Z {2}\S+ +/);
  await lintel("templates", "create", "Later");
  expect(await view.line(/template\.created/)).toContain('"name":"Later"');
  expect(await view.stop()).toBe(0);
});
