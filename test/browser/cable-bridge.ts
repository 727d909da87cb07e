/** The test's end of the cable of page-serial.js. The browser makes no connection for it: Playwright carries the WebSocket. */
import { join } from "node:path";
import type { Page, WebSocketRoute } from "playwright-core";
import type { Cable, SerialSignals } from "../../runtime/board/web-serial-port.ts";

const PAGE_SIDE = join(import.meta.dirname, "page-serial.js");
const URL_OF_CABLE = "ws://cable.test/";

/** As page-serial.js sends it. The first two are answered. */
interface Message {
  open?: number;
  close?: true;
  signals?: SerialSignals;
}

/** Before the page is opened. */
export async function bridgeCable(page: Page, cable: Cable): Promise<void> {
  await page.routeWebSocket(URL_OF_CABLE, (socket) => carry(socket, cable));
  await page.addInitScript({ path: PAGE_SIDE });
}

function carry(socket: WebSocketRoute, cable: Cable): void {
  // One after the other: nothing may overtake.
  let last = Promise.resolve();
  cable.onBytes = (bytes) => socket.send(Buffer.from(bytes));
  socket.onMessage((message) => {
    last = last.then(() =>
      typeof message === "string"
        ? obey(socket, cable, JSON.parse(message) as Message)
        : cable.send(new Uint8Array(message)),
    );
  });
}

async function obey(socket: WebSocketRoute, cable: Cable, { open, close, signals }: Message): Promise<void> {
  if (signals !== undefined) return cable.setSignals(signals);
  let error: string | undefined;
  try {
    if (open !== undefined) await cable.open(open);
    if (close) await cable.close();
  } catch (cause) {
    error = String(cause);
  }
  socket.send(JSON.stringify({ error }));
}
