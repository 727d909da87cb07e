/** `lintel release` and `lintel rollout` as people type them, against a server with light devices. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { LightFleet } from "../rollout/light-fleet.ts";
import { runLintel } from "./run-lintel.ts";

const TIMEOUT_MS = 180_000;

let fleet: LightFleet;
let folder: string;
const lintel = (command: string, ...args: string[]) =>
  runLintel(...command.split(" "), "--server", fleet.server.url, ...args);

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "lintel-rollout-"));
  fleet = new LightFleet({ devices: 4, failing: 0 });
  await fleet.start();
  writeFileSync(join(folder, "new.img"), fleet.newImage);
  writeFileSync(join(folder, "plan.json"), JSON.stringify({ success: { soakMin: 5 }, canary: { devices: 3 } }));
}, TIMEOUT_MS);
afterAll(async () => {
  await fleet.stop();
  rmSync(folder, { recursive: true, force: true });
});

test("a release is made, tried without effect, rolled out and watched", { timeout: TIMEOUT_MS }, async () => {
  const made = await lintel("release create", join(folder, "new.img"), "--version", "1.1.0", "--notes", "faster");
  expect(made.stderr).toBe("");
  expect(made.stdout).toMatch(
    /^release 1, 1\.1\.0: released\nfaster\nIMAGE .*\n[0-9a-f]{16} +counter +1\.1\.0 +lx106 +any\n$/,
  );

  const dry = await lintel("rollout create", "--release", "1.1.0", "--running", "<1.1", "--canary", "1", "--dry-run");
  expect(dry.stdout).toMatch(/^4 of 4 devices would be in it, in groups of 1, 3\n[0-9a-f]{12} would be/);
  const none = await lintel("rollout create", "--release", "1.1.0", "--board", "9", "--dry-run");
  expect(none.stdout).toBe("0 of 4 devices would be in it, in groups of none\n  4 left out: with another board\n");

  const plan = ["--plan", join(folder, "plan.json"), "--canary", "1", "--at-once", "4", "--stop-above", "0"];
  const started = await lintel("rollout create", "--release", "1.1.0", ...plan, "--json");
  expect(JSON.parse(started.stdout)).toMatchObject({
    plan: { canary: { devices: 1 }, success: { soakMin: 5 }, error: { devices: 0 }, atOnce: 4 },
  });
  await fleet.until(1, ({ state }) => state === "finished", 60);
  const watched = await lintel("rollout watch", "1");
  expect(watched).toMatchObject({ code: 0, stdout: "finished, group 2 of 2: 4 confirmed\n" });
  const listed = await lintel("rollout list");
  expect(listed.stdout).toMatch(/^ID +NAME +RELEASE +STATE +DEVICES\n1 +1\.1\.0 +1\.1\.0 +finished +4 confirmed\n$/);
});

test("a draft is deleted, and one that was started is not", { timeout: TIMEOUT_MS }, async () => {
  const draft = await lintel("rollout create", "--release", "1.1.0", "--draft", "--json");
  const { id } = JSON.parse(draft.stdout) as { id: number };
  expect(await lintel("rollout delete", String(id))).toMatchObject({ code: 0, stdout: `rollout ${id} is deleted\n` });
  expect((await lintel("rollout show", String(id))).stderr).toContain(`no rollout ${id}`);
  expect(await lintel("rollout delete", "1")).toMatchObject({ code: 1, stderr: expect.stringContaining("draft") });
});

test("errors say what to do", { timeout: TIMEOUT_MS }, async () => {
  expect(await lintel("rollout create", "--release", "7.0")).toMatchObject({
    code: 1,
    stderr: "lintel: no release 7.0: see lintel release list\n",
  });
  expect((await lintel("rollout create", "--release", "1.1.0", "--window", "nights")).stderr).toContain(
    'Days and hours are expected, as "mon-fri 22:00-05:00".',
  );
  expect((await lintel("rollout pause", "1")).stderr).toContain("it is finished, which does not go with that");
  expect((await lintel("rollout show", "99")).stderr).toContain("no rollout 99");
});
