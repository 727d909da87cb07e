/** One blank board: flashed through its ROM loader by esptool-js, started, online, counting. Looks at the flash itself, too. */

import { SeededRandom } from "../../runtime/board/random.ts";
import { RealTime } from "../../runtime/board/real-time.ts";
import { TcpNetwork } from "../../runtime/board/tcp-network.ts";
import { WebSerialPort } from "../../runtime/board/web-serial-port.ts";
import { NO_PIN } from "../../runtime/contract/host-abi.ts";
import { CounterSetting } from "../../runtime/contract/product-settings.ts";
import { emulatedHostImage } from "../../runtime/esp8266/device/emulated-host.ts";
import type { LintelServer } from "../../server/server-options.ts";
import type { Board } from "../../tools/build/board-schema.ts";
import { planPins } from "../../tools/build/pin-plan.ts";
import { ApiClient } from "../../tools/client/api-client.ts";
import type { FlashPart } from "../../tools/flash/esp-connection.ts";
import { watchFirstBoot } from "../../tools/flash/first-boot.ts";
import { type FlashResult, flashDevice } from "../../tools/flash/flash-device.ts";
import { FlashError } from "../../tools/flash/flash-error.ts";
import { flashPlan } from "../../tools/flash/flash-plan.ts";
import { prepareContents } from "../../tools/flash/prepare-contents.ts";
import { newKey } from "../../tools/image/keys.ts";
import { cableBoard, usualFlashId } from "../../tools/sim/cable-board.ts";
import { Door } from "../../tools/sim/door.ts";
import { VISITOR_STREAMS } from "../../tools/sim/tally.ts";
import type { Disturbance } from "./disturbance.ts";

const PROGRAM = "firmware/counter";
const PERIOD_S = 2;
const VISITOR_MS = 600;
const VISITORS = 4;
const ONLINE_S = 60;
const COUNTED_S = 60;
const POLL_MS = 100;

export interface FlashCase {
  board: Board;
  /** Distinguishes boards at one server. */
  index: number;
  baudRate: number;
  useStub: boolean;
  /** Of the first attempt; then the cable is good. */
  disturbance?: Disturbance;
}

export interface FlashRow {
  board: string;
  bytes: number;
  /** Flash holds the images byte for byte, and size, id and MAC are those of the board. */
  verified: boolean;
  online: boolean;
  /** Stored by the server. */
  readings: number;
  visitorsCounted: number;
  visitorsSimulated: number;
  seconds: number;
  /** What the first attempt said, where it was disturbed. */
  error?: string;
}

const key = newKey();
const contents = new Map<string, ReturnType<typeof prepareContents>>();

export async function flashOne(server: LintelServer, options: FlashCase): Promise<FlashRow> {
  const { board, index, disturbance } = options;
  const parts = await partsFor(board, server);
  const startedMs = performance.now();
  const time = new RealTime();
  const mac = Uint8Array.of(0x5c, 0xcf, 0x7f, 0xaa, 0, index);
  const content = new Uint8Array(board.flash.sizeMiB * 0x100000).fill(0xff);
  const device = cableBoard({
    ...{ board, mac, time, content, seed: index, network: new TcpNetwork({ time }) },
    ...(disturbance === undefined ? {} : { cable: { disturb: disturbance.disturb } }),
  });
  const port = new WebSerialPort(device.chip);
  device.powerOn();
  try {
    let error: string | undefined;
    if (disturbance !== undefined) {
      error = await failing(port, parts, options);
      disturbance.mend();
    }
    const result = await flash(port, parts, options);
    const isVerified =
      parts.every(
        ({ offset, bytes }) => Buffer.compare(content.subarray(offset, offset + bytes.length), bytes) === 0,
      ) &&
      result.mac === Buffer.from(mac).toString("hex") &&
      result.flashBytes === content.length &&
      result.flashId === (usualFlashId(board) ?? result.flashId);
    const api = new ApiClient(new URL(server.url));
    await watchFirstBoot(port, { mac: result.mac, api, timeoutS: ONLINE_S, onLine: () => {} });
    const counted = await count(board, device, api, result.mac, time, index);
    return {
      board: board.name,
      bytes: result.bytes,
      verified: isVerified && result.verified === options.useStub,
      online: (await api.device(result.mac)).online,
      ...counted,
      seconds: Number(((performance.now() - startedMs) / 1000).toFixed(1)),
      ...(error === undefined ? {} : { error }),
    };
  } finally {
    device.powerOff();
  }
}

/** Built once for each board. */
async function partsFor(board: Board, server: LintelServer): Promise<FlashPart[]> {
  const { pins } = planPins(PROGRAM, board, new Map());
  const made =
    contents.get(board.name) ??
    prepareContents({
      board,
      key,
      host: { name: "the emulated host", bytes: emulatedHostImage() },
      program: { path: PROGRAM, pins },
      config: {
        ...{ ssid: "shop", passphrase: "virtual-shop", secret: "secret" },
        ...{ serverHost: "127.0.0.1", serverPort: server.mqttPort },
        product: new Map([[CounterSetting.PeriodS, PERIOD_S]]),
      },
    });
  contents.set(board.name, made);
  return flashPlan(await made);
}

function flash(port: WebSerialPort, parts: FlashPart[], { board, baudRate, useStub }: FlashCase): Promise<FlashResult> {
  const listener = { connected: () => {}, note: () => {}, progress: () => {} };
  return flashDevice(port, { parts, board, erase: false, connect: { baudRate, useStub } }, listener);
}

async function failing(port: WebSerialPort, parts: FlashPart[], options: FlashCase): Promise<string> {
  try {
    await flash(port, parts, options);
  } catch (error) {
    if (error instanceof FlashError) return error.message;
    throw error;
  }
  throw new Error("a cable that is disturbed did no harm");
}

/** People pass until some have; then as many must be on the server. */
async function count(
  board: Board,
  device: ReturnType<typeof cableBoard>,
  api: ApiClient,
  mac: string,
  time: RealTime,
  seed: number,
): Promise<Pick<FlashRow, "readings" | "visitorsCounted" | "visitorsSimulated">> {
  const { pins } = planPins(PROGRAM, board, new Map());
  const [outer = NO_PIN, inner = NO_PIN] = [pins.get("barrierA"), pins.get("barrierB")];
  const door = new Door({
    time,
    random: new SeededRandom(seed),
    setPin: (barrier, level) => device.board.pins.setInput(barrier === "inner" ? inner : outer, level),
    hasInner: inner !== NO_PIN,
    meanIntervalMs: VISITOR_MS,
  });
  const seen = () => door.visitorsIn + door.visitorsOut;
  door.open();
  await until(() => seen() >= VISITORS);
  door.close();
  await until(() => door.isEmpty);
  const endMs = performance.now() + COUNTED_S * 1000;
  for (;;) {
    const { readings, visitors } = await stored(api, mac);
    if (visitors === seen() || performance.now() > endMs) {
      return { readings, visitorsCounted: visitors, visitorsSimulated: seen() };
    }
    await pause();
  }
}

async function stored(api: ApiClient, mac: string): Promise<{ readings: number; visitors: number }> {
  let readings = 0;
  let visitors = 0;
  for (const { stream } of await api.series.streams(mac)) {
    for (const { value } of await api.readings(mac, stream)) {
      readings++;
      if (VISITOR_STREAMS.has(stream)) visitors += value;
    }
  }
  return { readings, visitors };
}

async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await pause();
}

function pause(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, POLL_MS));
}
