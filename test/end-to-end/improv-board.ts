/** A board on a virtual cable, flashed as `lintel flash` leaves it, among Wi-Fi networks; behind one of them is a server. */
import { setTimeout as sleep } from "node:timers/promises";
import type { DeviceConfig } from "../../runtime/board/config-image.ts";
import { MemoryNetwork } from "../../runtime/board/memory-network.ts";
import { SeededRandom } from "../../runtime/board/random.ts";
import { RealTime } from "../../runtime/board/real-time.ts";
import { WebSerialPort } from "../../runtime/board/web-serial-port.ts";
import { SERIAL_BAUD } from "../../runtime/contract/limits.ts";
import { CounterSetting } from "../../runtime/contract/product-settings.ts";
import { emulatedHostImage } from "../../runtime/esp8266/device/emulated-host.ts";
import type { FlashedBoard } from "../../runtime/esp8266/device/flashed-board.ts";
import type { LintelServer } from "../../server/server-options.ts";
import { DEFAULT_BOARD, readBoard } from "../../tools/build/board.ts";
import { flashPlan } from "../../tools/flash/flash-plan.ts";
import { hostFor } from "../../tools/flash/host-binary.ts";
import { type BoardImages, buildBoardImages } from "../../tools/image/board-images.ts";
import { cableBoard } from "../../tools/sim/cable-board.ts";

const MIB = 0x100000;
const ERASED = 0xff;
export const MAC = Uint8Array.of(0x5c, 0xcf, 0x7f, 0x01, 0x02, 0x03);
/** The two networks that take a passphrase lead to the server. */
export const ACCESS_POINTS = [
  { ssid: "shop", passphrase: "virtual-shop", rssiDbm: -67 },
  { ssid: "shop", passphrase: "virtual-shop", rssiDbm: -41 },
  { ssid: "cellar", passphrase: "under the shop", rssiDbm: -88 },
  { ssid: "café", passphrase: "", rssiDbm: -102 },
  { ssid: "", passphrase: "hidden", rssiDbm: -50 },
];

const BARRIER_PIN = 14;
const BEAM_MS = 60;

export interface ImprovBoard {
  board: FlashedBoard;
  port: WebSerialPort;
  /** Somebody breaks the beam. */
  visit(): Promise<void>;
  close(): Promise<void>;
}

let images: Promise<BoardImages> | undefined;

/** The images, built once for all tests of a file. */
export function counterImages(): Promise<BoardImages> {
  images ??= buildBoardImages("firmware/counter", "lx106");
  return images;
}

export async function improvBoard(
  server: LintelServer,
  { ssid, passphrase }: { ssid: string; passphrase: string },
): Promise<ImprovBoard> {
  const { boot, image, product, publicKeys } = await counterImages();
  const board = readBoard(DEFAULT_BOARD);
  const content = new Uint8Array(board.flash.sizeMiB * MIB).fill(ERASED);
  const config: DeviceConfig = {
    ssid,
    passphrase,
    serverHost: "server",
    serverPort: 1883,
    secret: "",
    product: new Map([[CounterSetting.PeriodS, 1]]),
  };
  const host = hostFor(emulatedHostImage(), "the emulated host", board);
  for (const part of flashPlan({ host, boot, image, product, publicKeys, board: 0, config })) {
    content.set(part.bytes, part.offset);
  }
  const time = new RealTime();
  const random = new SeededRandom(7);
  const network = new MemoryNetwork({ time, random, joinMs: 100, accessPoints: ACCESS_POINTS });
  network.listen("server", 1883, (stream) => server.handle(stream));
  const cable = cableBoard({
    board,
    mac: MAC,
    time,
    network: network.station(),
    seed: 7,
    content,
  });
  const port = new WebSerialPort(cable.chip);
  await port.open({ baudRate: SERIAL_BAUD });
  cable.powerOn();
  return {
    board: cable,
    port,
    visit: async () => {
      for (const level of [0, 1] as const) {
        cable.board.pins.setInput(BARRIER_PIN, level);
        await sleep(BEAM_MS);
      }
    },
    close: async () => {
      cable.powerOff();
      await port.close();
    },
  };
}
