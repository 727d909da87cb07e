/** What devices are to people, on the command line: templates, tags, properties, places, fleets, levels of configuration. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { runLintel } from "./run-lintel.ts";
import { type RunningLintel, startServe } from "./start-lintel.ts";

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
    "fleet g--0000-0000-0001, North: 0 members\n",
  );
  expect(await json("fleets", "devices", "g--0000-0000-0001")).toMatchObject([
    { mac: BOARD, tags: ["north", "window"] },
  ]);
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
  expect((await run("config", "set", "counter", "debounceMs=9999", "--account")).stderr).toContain("from 0 to 1000");
  expect((await run("config", "set", "counter", "debounceMs=9", "--account", "--project", "1")).stderr).toContain(
    "take one of",
  );
});
