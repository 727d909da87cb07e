/**
 * What `npm run hil` does with a board at a cable, with an emulated one: the conformance from its flash, over its serial line, in
 * real time. Flashing itself is shown elsewhere (test/flash-sim).
 */
import { createServer, type Server } from "node:net";
import { afterEach, expect, test } from "vitest";
import { RealTime } from "../../runtime/board/real-time.ts";
import { TcpNetwork } from "../../runtime/board/tcp-network.ts";
import { WebSerialPort } from "../../runtime/board/web-serial-port.ts";
import { emulatedHostImage } from "../../runtime/esp8266/device/emulated-host.ts";
import type { FlashedBoard } from "../../runtime/esp8266/device/flashed-board.ts";
import { readBoard } from "../../tools/build/board.ts";
import { flashPlan } from "../../tools/flash/flash-plan.ts";
import { prepareContents } from "../../tools/flash/prepare-contents.ts";
import { newKey } from "../../tools/image/keys.ts";
import { cableBoard } from "../../tools/sim/cable-board.ts";
import { BOOT_CONFIG } from "../abi/boot-config.ts";
import { judgeReport } from "../abi/judge-report.ts";
import { readReport } from "../abi/report-lines.ts";
import { runConformance } from "./run-conformance.ts";

const TIMEOUT_S = 150;
const MIB = 0x100000;
/** Ends a connection: firmware/abi/environment.ts, `env peer`. */
const LAST_BYTE = 4;

let board: FlashedBoard | undefined;
let peer: Server | undefined;

afterEach(() => {
  board?.powerOff();
  peer?.close();
});

function echo(): Promise<number> {
  const server = createServer((socket) => {
    socket.on("error", () => {});
    socket.on("data", (bytes) => {
      const end = bytes.indexOf(LAST_BYTE);
      if (end < 0) socket.write(bytes);
      else socket.end(bytes.subarray(0, end));
    });
  });
  peer = server;
  return new Promise((resolve) => {
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      resolve(typeof address === "object" ? (address?.port ?? 0) : 0);
    });
  });
}

test("the conformance runs on a board at a cable; what the board lacks is named", async () => {
  const description = readBoard("esp-01");
  const contents = await prepareContents({
    board: description,
    key: newKey(),
    host: { name: "host", bytes: emulatedHostImage() },
    program: { path: "firmware/abi", pins: new Map() },
    config: BOOT_CONFIG,
  });
  const content = new Uint8Array(description.flash.sizeMiB * MIB).fill(0xff);
  for (const { offset, bytes } of flashPlan(contents)) content.set(bytes, offset);
  const time = new RealTime();
  const network = new TcpNetwork({ time, accessPoint: { ssid: "bench", passphrase: "secret" } });
  board = cableBoard({ board: description, mac: Uint8Array.of(2, 0, 0, 0, 0, 9), time, network, seed: 3, content });
  board.powerOn();
  const environment = [
    ...["wifi bench secret", `peer 127.0.0.1:${await echo()}`],
    ...["adc 0", `board ${description.id}`, "wake"],
  ];
  const port = new WebSerialPort(board.chip);
  const lines = await runConformance(port, { environment, timeoutS: TIMEOUT_S, onLine: () => {} });
  const { faults, notShown, checks, failed } = judgeReport(readReport(lines));
  expect(faults).toEqual([]);
  expect(notShown).toEqual([]);
  expect(failed).toBe(0);
  expect(checks).toBeGreaterThan(600);
}, 240_000);
