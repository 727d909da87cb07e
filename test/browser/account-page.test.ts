/** The first link, logging in and an invitation in a real browser: what the page does, keeps to itself and says. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Browser, BrowserContext, Page } from "playwright-core";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { OPERATOR_TOKEN_FILE } from "../../server/access/begin-folder.ts";
import type { LintelServer } from "../../server/server-options.ts";
import { CHEAP } from "../../server/testing/access-world.ts";
import { makeFolder, startTestServer } from "../../server/testing/test-server.ts";
import { CHROMIUM, hasTools } from "../qemu/installed.ts";
import { launchBrowser } from "./browser.ts";

const isRun = hasTools("logging in from a browser", [CHROMIUM]);
const PASSWORD = "nine green bottles";

describe.runIf(isRun)("the pages for accounts", () => {
  let folder: ReturnType<typeof makeFolder>;
  let server: LintelServer;
  let browser: Browser;
  let context: BrowserContext;
  let page: Page;
  const complaints: string[] = [];

  beforeAll(async () => {
    folder = makeFolder();
    server = await startTestServer(folder.path, { nowMs: Date.now, login: "required", passwordCost: CHEAP });
    browser = await launchBrowser();
  });
  afterAll(async () => {
    await browser?.close();
    await server?.stop();
    folder?.remove();
  });
  beforeEach(async () => {
    context = await browser.newContext({ viewport: { width: 320, height: 640 } });
    page = await context.newPage();
    page.on("console", (message) => {
      if (/Content Security Policy/.test(message.text())) complaints.push(message.text());
    });
  });

  const says = (text: RegExp) => page.getByRole("status").filter({ hasText: text }).waitFor();
  const logIn = async (password: string) => {
    await page.goto(`${server.url}/login`);
    await page.getByLabel("Email address").fill("jo@example.org");
    await page.getByLabel("Password", { exact: true }).fill(password);
    await page.getByRole("button", { name: "Log in" }).click();
  };

  test("the first link makes an account; its secret leaves the address, and no script sees the session", async () => {
    await page.goto(server.firstLink ?? "");
    await says(/You are to be owner of Home, and operator of this server\./);
    expect(page.url()).toBe(`${server.url}/invitation`);
    await page.getByLabel("Email address").fill("jo@example.org");
    await page.getByLabel("Your name").fill("Jo");
    await page.getByLabel("Password", { exact: true }).fill("too short");
    await page.getByRole("button", { name: "Join" }).click();
    await page.getByRole("alert").filter({ hasText: "12 are the least" }).waitFor();
    await page.getByLabel("Password", { exact: true }).fill(PASSWORD);
    await page.getByRole("button", { name: "Join" }).click();
    await says(/You are logged in as Jo, jo@example\.org\. Your organisations: Home \(owner\)\./);
    expect(await context.cookies()).toMatchObject([{ name: "lintel-session", httpOnly: true, sameSite: "Strict" }]);
    expect(await page.evaluate("document.cookie")).toBe("");
    // Narrow as a phone, nothing is beside it.
    expect(await page.evaluate("document.documentElement.scrollWidth <= innerWidth")).toBe(true);
    expect(complaints).toEqual([]);
  });

  test("in with the password, and out again", async () => {
    await logIn("not this one");
    await page.getByRole("alert").filter({ hasText: "Address or password is wrong" }).waitFor();
    await logIn(PASSWORD);
    await says(/You are logged in as Jo/);
    await page.reload();
    await says(/You are logged in as Jo/);
    await page.getByRole("button", { name: "Log out" }).click();
    await page.getByRole("button", { name: "Log in" }).waitFor();
    expect(await context.cookies()).toEqual([]);
    expect(complaints).toEqual([]);
  });

  test("a link for a new password, and one that was used", async () => {
    const authorization = `Bearer ${readFileSync(join(folder.path, OPERATOR_TOKEN_FILE), "utf8").trim()}`;
    const path = `${server.url}/api/v1/users/1/password-reset`;
    const { link } = (await (await fetch(path, { method: "POST", headers: { authorization } })).json()) as {
      link: string;
    };
    await page.goto(link);
    await says(/A new password for jo@example\.org\./);
    expect(await page.getByLabel("Your name").isVisible()).toBe(false);
    await page.getByLabel("Password", { exact: true }).fill("ten green bottles");
    await page.getByRole("button", { name: "Set the password" }).click();
    await says(/You are logged in as Jo/);
    await page.goto("about:blank");
    await page.goto(link);
    await page.getByRole("alert").filter({ hasText: "No such invitation" }).waitFor();
    expect(complaints).toEqual([]);
  });
});
