/**
 * Flashing from a browser, whole: `lintel kit`, the server's page in Chromium, ESP Web Tools as it comes from npm, and at the end of
 * the cable an emulated chip with the ROM's loader. Nothing in between is replaced but `navigator.serial`.
 */
import { readFileSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import type { Browser, BrowserContext, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { HelloKey } from "../../runtime/contract/messages.ts";
import type { FlashManifest } from "../../runtime/image/flash-kit.ts";
import { OPERATOR_TOKEN_FILE } from "../../server/access/begin-folder.ts";
import type { LintelServer } from "../../server/server-options.ts";
import { KIT } from "../../server/testing/access-things.ts";
import { makeFolder, startDevice, startTestServer } from "../../server/testing/test-server.ts";
import { keyFiles, newKey, writeKey } from "../../tools/image/keys.ts";
import { runLintel } from "../cli/run-lintel.ts";
import { CHROMIUM, hasTools } from "../qemu/installed.ts";
import { INSECURE_NAME, launchBrowser } from "./browser.ts";
import { CabledBoard, OTHER_FIRMWARE } from "./cabled-board.ts";

const BOARD = "wemos-d1-mini";
const MAC = Uint8Array.of(0x5c, 0xcf, 0x7f, 0x0a, 0x0b, 0x0c);
const INSTALL_MAX_MS = 180_000;

/** Of page-look.js. */
interface PageLook {
  language: string;
  title: string;
  headings: number;
  isNarrow: boolean;
  buttonHeightPx: number;
  /** Front and back, each red, green, blue from 0 to 255. */
  colours: Array<[number[], number[]]>;
}

const isRun = hasTools("flashing from a browser", [CHROMIUM]);

describe.runIf(isRun)("the page for flashing", () => {
  let folder: ReturnType<typeof makeFolder>;
  let server: LintelServer;
  let browser: Browser;
  let context: BrowserContext;
  let page: Page;
  let parts: Array<{ offset: number; bytes: Uint8Array }>;
  let complaints: string[];
  let origins: Set<string>;

  beforeAll(async () => {
    folder = makeFolder();
    server = await startTestServer(join(folder.path, "data"), { nowMs: Date.now });
    const files = keyFiles(join(folder.path, "lintel"));
    writeKey(newKey(), files);
    const out = join(folder.path, "kit");
    await mkdir(out);
    const made = await runLintel(
      ...["kit", "firmware/counter", "--board", BOARD, "--host", "emulated", "--key", files.privateFile],
      ...["--server", `127.0.0.1:${server.mqttPort}`, "--out", out, "--upload", server.url],
    );
    expect(made).toMatchObject({ code: 0, stderr: "" });
    const { builds } = JSON.parse(readFileSync(join(out, "manifest.json"), "utf8")) as FlashManifest;
    parts = (builds[0]?.parts ?? []).map(({ path, offset }) => ({ offset, bytes: readFileSync(join(out, path)) }));
    browser = await launchBrowser();
  }, 120_000);

  afterAll(async () => {
    await browser?.close();
    await server.stop();
    folder.remove();
  });

  beforeEach(async () => {
    context = await browser.newContext({ viewport: { width: 320, height: 640 } });
    page = await context.newPage();
    complaints = [];
    origins = new Set();
    page.on("console", (message) => {
      if (/Content Security Policy|Failed to load/.test(message.text())) complaints.push(message.text());
    });
    page.on("request", (request) => origins.add(new URL(request.url()).origin));
  });

  afterEach(() => context.close());

  /** Up to the end that ESP Web Tools tells, then on to what one can do with the board. */
  async function install(erases: boolean): Promise<void> {
    await page.goto(`${server.url}/flash`);
    await page.getByRole("button", { name: "Install on Wemos D1 mini" }).click();
    const dialog = page.locator("ewt-install-dialog");
    await dialog.getByText("Install counter on Wemos D1 mini").click();
    if (erases) await dialog.locator("ew-checkbox").click();
    await dialog.locator("ew-text-button", { hasText: "Next" }).click();
    await dialog.locator("ew-text-button", { hasText: "Install" }).click();
    const end = dialog.locator("ewt-page-message");
    await end.waitFor({ timeout: INSTALL_MAX_MS });
    expect(await end.evaluate((element) => element.shadowRoot?.textContent)).toContain("Installation complete!");
  }

  test("a board is flashed byte for byte, starts, and is seen when it is online", { timeout: 300_000 }, async () => {
    const board = await CabledBoard.plugInto(page, BOARD, MAC);
    try {
      await install(false);
      expect(parts.length).toBe(6);
      const expected = board.flashAtReset.slice().fill(OTHER_FIRMWARE);
      // What is written is whole sectors.
      for (const { offset, bytes } of parts) {
        expected.fill(0xff, offset, offset + Math.ceil(bytes.length / 0x1000) * 0x1000).set(bytes, offset);
      }
      expect(Buffer.compare(board.flashAtReset, expected)).toBe(0);

      await page.locator("ew-text-button", { hasText: "Next" }).click();
      board.lines.length = 0;
      await page.getByText("Logs & Console").click();
      await page.locator("ew-text-button", { hasText: "Reset Device" }).click();
      const console = page.locator("ewt-console");
      await expect.poll(() => board.lines.length, { timeout: 60_000 }).toBeGreaterThan(0);
      await expect
        .poll(() => console.evaluate((element) => element.shadowRoot?.textContent), { timeout: 60_000 })
        .toContain(board.lines[0]);

      expect(await page.locator("#online").textContent()).toBe("Waiting until the board is online.");
      const device = await startDevice(server, Buffer.from(MAC).toString("hex"));
      device.hello(1, [
        [HelloKey.Product, "counter"],
        [HelloKey.Version, "0.1.0"],
      ]);
      await device.ack(0);
      await expect
        .poll(() => page.locator("#online").textContent(), { timeout: 30_000 })
        .toBe("Board 5ccf7f0a0b0c (counter 0.1.0) is online.");
      device.drop();
      expect([complaints, [...origins]]).toEqual([[], [server.url]]);
    } finally {
      board.unplug();
    }
  });

  test("with Erase ticked nothing of what was there is left", { timeout: 300_000 }, async () => {
    const board = await CabledBoard.plugInto(page, BOARD, MAC);
    try {
      await install(true);
      const expected = board.flashAtReset.slice().fill(0xff);
      for (const { offset, bytes } of parts) expected.set(bytes, offset);
      expect(Buffer.compare(board.flashAtReset, expected)).toBe(0);
    } finally {
      board.unplug();
    }
  });

  test("a browser without Web Serial says so, and offers no button", async () => {
    await page.addInitScript("delete Navigator.prototype.serial");
    await page.goto(`${server.url}/flash`);
    await page.getByRole("alert").waitFor();
    expect(await page.getByRole("alert").textContent()).toContain("has no Web Serial");
    expect(await page.getByRole("button", { name: "Install" }).isVisible()).toBe(false);
    expect(await page.getByText("This browser cannot install it.").isVisible()).toBe(true);
    expect(complaints).toEqual([]);
  });

  test("over plain HTTP from elsewhere the page says what to do", async () => {
    // One that asks nobody who he is answers under no such name.
    const data = join(folder.path, "with-login");
    const other = await startTestServer(data, { nowMs: Date.now, login: "required" });
    try {
      const authorization = `Bearer ${readFileSync(join(data, OPERATOR_TOKEN_FILE), "utf8").trim()}`;
      const stored = await fetch(`${other.url}/api/v1/flash-kits/${BOARD}`, {
        method: "PUT",
        headers: { authorization, "content-type": "application/json" },
        body: JSON.stringify(KIT),
      });
      expect(stored.status).toBe(201);
      await page.goto(`http://${INSECURE_NAME}:${other.httpPort}/flash`);
      await page.getByRole("alert").waitFor();
      expect(await page.getByRole("alert").textContent()).toContain("only if it comes over HTTPS");
      expect(await page.getByText("This page may not install it.").isVisible()).toBe(true);
    } finally {
      await other.stop();
    }
  });

  test("an address with a MAC address asks for that board", async () => {
    const device = await startDevice(server, "5ccf7f00000a");
    await page.goto(`${server.url}/flash#5ccf7f00000a`);
    device.hello(1, [[HelloKey.Product, "counter"]]);
    await device.ack(0);
    await expect
      .poll(() => page.locator("#online").textContent(), { timeout: 30_000 })
      .toBe("Board 5ccf7f00000a (counter) is online.");
    device.drop();
  });

  test("it can be read: language, title, one heading, names of buttons, contrast, a narrow screen", async () => {
    await page.addInitScript({ path: join(import.meta.dirname, "page-look.js") });
    for (const colorScheme of ["light", "dark"] as const) {
      await page.emulateMedia({ colorScheme });
      await page.goto(`${server.url}/flash`);
      await page.getByRole("button", { name: "Install on Wemos D1 mini" }).waitFor();
      const seen = await page.evaluate<PageLook>("lookAtPage()");
      expect(seen).toMatchObject({ language: "en", title: "Flash a board - Lintel", headings: 1, isNarrow: true });
      // WCAG 2.2, 2.5.8 (24 px at least) and 1.4.3.
      expect(seen.buttonHeightPx).toBeGreaterThanOrEqual(24);
      for (const [front, back] of seen.colours) expect(contrast(front, back)).toBeGreaterThan(4.5);
    }
  });
});

/** WCAG 2.2, "contrast ratio" and "relative luminance"; channels from 0 to 255. */
function contrast(front: number[], back: number[]): number {
  const luminance = (channels: number[]) => {
    const [red = 0, green = 0, blue = 0] = channels
      .map((channel) => channel / 255)
      .map((share) => (share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4));
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  };
  const [dark = 0, light = 0] = [luminance(front), luminance(back)].sort((a, b) => a - b);
  return (light + 0.05) / (dark + 0.05);
}
