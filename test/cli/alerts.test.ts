/** Alerts on the command line: a rule, its channel, and what comes of them. */
import { mkdtemp, rm } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { runLintel } from "./run-lintel.ts";
import { type RunningLintel, startServe } from "./start-lintel.ts";

const TIMEOUT_MS = 240_000;

let folder: string;
let server: RunningLintel;
let url: string;
let receiver: Server;
let hook: string;
let status = 204;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "lintel-alerts-"));
  process.env["LINTEL_DATA"] = join(folder, "data");
  ({ server, url } = await startServe(folder, ["--webhooks-private"]));
  receiver = createServer((_, response) => response.writeHead(status).end());
  await new Promise<void>((resolve) => receiver.listen(0, "127.0.0.1", resolve));
  hook = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/`;
}, TIMEOUT_MS);

afterAll(async () => {
  delete process.env["LINTEL_DATA"];
  receiver?.close();
  await server?.stop();
  await rm(folder, { recursive: true, force: true });
});

const lintel = (...words: string[]) => runLintel(...words, "--server", url);

test("a channel, a rule, an alert that somebody sees to", { timeout: TIMEOUT_MS }, async () => {
  const made = await lintel("channels", "add", "hook", "--kind", "webhook", "--url", hook);
  expect(made.stdout).toMatch(/^channel 1 is made.*\nsecret .* shown this once: whsec_/);
  expect((await lintel("channels", "test", "1")).stdout).toBe("channel 1 works\n");
  status = 500;
  const failed = await lintel("channels", "test", "1", "--json");
  expect(failed).toMatchObject({ code: 1, stderr: "lintel: channel 1: it answered 500\n" });
  expect(JSON.parse(failed.stdout)).toEqual({ delivered: false, error: "it answered 500" });

  const nothing = await lintel("alert-rules", "add", "x");
  expect(nothing.code).toBe(1);
  expect(nothing.stderr).toContain("give --health, or --stream with --above or --below, or --change");
  const rule = ["alert-rules", "add", "New boards", "--change", "device.created", "--channel", "1"];
  expect((await lintel(...rule)).stdout).toBe("rule 1 is made\n");
  expect(JSON.parse((await lintel("alert-rules", "list", "--json")).stdout)).toMatchObject([
    { id: 1, name: "New boards", condition: { kind: "change", changes: ["device.created"] }, channels: [1], holdS: 0 },
  ]);
  expect((await lintel("alert-rules", "list")).stdout).toContain("change changes=device.created");

  expect((await lintel("alerts", "list")).stdout).toBe("no alerts\n");
  await lintel("devices", "create", "5ccf7f0000c1");
  const [alert] = JSON.parse((await lintel("alerts", "list", "--all", "--json")).stdout);
  expect(alert).toMatchObject({ name: "New boards", device: "5ccf7f0000c1", acknowledgedBy: null });
  expect((await lintel("alerts", "acknowledge", String(alert.id))).stdout).toMatch(/^alert 1 is seen to by .+\n$/);
  expect((await lintel("alert-rules", "disable", "1")).stdout).toBe("rule 1 is disabled\n");
  expect((await lintel("alert-rules", "delete", "1")).code).toBe(0);
  expect((await lintel("channels", "delete", "1")).code).toBe(0);
  expect((await lintel("channels", "delete", "1")).stderr).toContain("no channel 1");
});

test("health, and mail that this server does not send", { timeout: TIMEOUT_MS }, async () => {
  expect((await lintel("health")).stdout).toBe("all devices are as they should be\n");
  expect(JSON.parse((await lintel("health", "--json")).stdout)).toEqual([]);
  const mail = await lintel("channels", "add", "us", "--kind", "mail", "--to", "a@example.org");
  expect(mail.code).toBe(1);
  expect(mail.stderr).toContain("--smtp and --mail-from");
  const half = await runLintel("serve", "--data", join(folder, "other"), "--smtp", "smtp://mail.example.org");
  expect(half).toMatchObject({ code: 1 });
  expect(half.stderr).toContain("--smtp and --mail-from belong together");
});
