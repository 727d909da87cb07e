/** A browser for tests: Debian's Chromium without a window, driven by Playwright. */
import { type Browser, chromium } from "playwright-core";
import { CHROMIUM } from "../qemu/installed.ts";

/** Leads to this machine like 127.0.0.1, and is no secure context as that is. */
export const INSECURE_NAME = "server.test";

export function launchBrowser(): Promise<Browser> {
  return chromium.launch({
    executablePath: CHROMIUM,
    args: ["--no-sandbox", "--headless=new", `--host-resolver-rules=MAP ${INSECURE_NAME} 127.0.0.1`],
  });
}
