/**
 * A shop in virtual time with boards of any product: each has a program, settings and a network of its own, and all share the
 * server, the air and the seed. What happens around a board (a door, buttons, phones) is up to whoever opens the shop.
 */
import { rm } from "node:fs/promises";
import type { Duplex } from "node:stream";
import { type SettingInput, writeConfig } from "../../runtime/board/config-image.ts";
import type { DeviceLife } from "../../runtime/board/device-life.ts";
import { Flash } from "../../runtime/board/flash.ts";
import type { AccessPoint } from "../../runtime/board/memory-fabric.ts";
import { MemoryNetwork } from "../../runtime/board/memory-network.ts";
import { RadioAir } from "../../runtime/board/radio-air.ts";
import { type RandomSource, SeededRandom } from "../../runtime/board/random.ts";
import { type LogSink, VirtualBoard } from "../../runtime/board/virtual-board.ts";
import { VirtualTime } from "../../runtime/board/virtual-time.ts";
import { FLASH_REGION_MAX_BYTES } from "../../runtime/contract/flash-map.ts";
import { OPEN_HOUSE } from "../../server/access/open-house.ts";
import { startServer } from "../../server/app.ts";
import { silentLogger } from "../../server/logger.ts";
import type { LintelServer } from "../../server/server-options.ts";
import { createDevice, type DeviceProgram } from "../build/create-device.ts";
import { productSettings } from "../build/product.ts";
import { ApiClient } from "../client/api-client.ts";
import type { Reading } from "../client/series-client.ts";
import { makeScratchFolder } from "./scratch-folder.ts";

const SERVER = { host: "server", port: 1883 };
export const SHOP_NETWORK: AccessPoint = { ssid: "shop", passphrase: "virtual-shop", rssiDbm: -55 };

export interface ProductShopOptions {
  seed: number;
  startUnixMs: number;
  /** Networks around besides the shop's own. */
  neighbours?: readonly AccessPoint[];
  /** Sees each connection of a board before the server does. */
  onConnection?: (stream: Duplex) => void;
}

export interface ShopBoardOptions {
  program: DeviceProgram;
  settings: ReadonlyMap<number, SettingInput>;
  /** Of what the board itself draws; absent: from the shop's seed. */
  random?: RandomSource;
  log?: LogSink;
  printsOnSerial?: boolean;
}

export interface ShopBoard {
  mac: string;
  board: VirtualBoard;
  device: DeviceLife;
}

export class ProductShop {
  readonly time: VirtualTime;
  readonly random: SeededRandom;
  readonly network: MemoryNetwork;
  readonly air: RadioAir;
  readonly server: LintelServer;
  readonly boards: ShopBoard[] = [];
  readonly #folder: string;

  private constructor(parts: Pick<ProductShop, "time" | "random" | "network" | "air" | "server"> & { folder: string }) {
    this.time = parts.time;
    this.random = parts.random;
    this.network = parts.network;
    this.air = parts.air;
    this.server = parts.server;
    this.#folder = parts.folder;
  }

  static async open({ seed, startUnixMs, neighbours = [], onConnection }: ProductShopOptions): Promise<ProductShop> {
    const folder = await makeScratchFolder("lintel-products-");
    const time = new VirtualTime({ startUnixMs });
    const random = new SeededRandom(seed);
    try {
      const server = await startServer({
        ...OPEN_HOUSE,
        dataDir: folder,
        host: "127.0.0.1",
        mqttPort: 0,
        httpPort: 0,
        logger: silentLogger,
        nowMs: () => time.unixMs(),
        products: productSettings(),
      });
      const accessPoints = [SHOP_NETWORK, ...neighbours];
      const network = new MemoryNetwork({ time, random: random.fork(-1), accessPoints, idle: () => server.idle() });
      network.listen(SERVER.host, SERVER.port, (stream) => {
        onConnection?.(stream);
        server.handle(stream);
      });
      return new ProductShop({ time, random, network, air: new RadioAir(time, random.fork(-2)), server, folder });
    } catch (error) {
      await rm(folder, { recursive: true, force: true });
      throw error;
    }
  }

  /** A new board of 4 MB, without power. A program that allocates after its start ends the run with an error. */
  add({ program, settings, random, log, printsOnSerial }: ShopBoardOptions): ShopBoard {
    const number = this.boards.length + 1;
    const mac = Uint8Array.of(0x02, 0x4c, 0x4e, 0x54, 0, number);
    const flash = new Flash({ regionBytes: FLASH_REGION_MAX_BYTES });
    const { ssid, passphrase } = SHOP_NETWORK;
    const server = { serverHost: SERVER.host, serverPort: SERVER.port, secret: "" };
    writeConfig(flash, { ssid, passphrase, ...server, product: settings });
    const board = new VirtualBoard({
      time: this.time,
      random: random ?? this.random.fork(number),
      network: this.network.station(),
      air: this.air,
      mac,
      flash,
      ...(log === undefined ? {} : { log }),
      ...(printsOnSerial === undefined ? {} : { printsOnSerial }),
    });
    const device = createDevice(program, board, { onAllocation: "error" });
    const added = { mac: Buffer.from(mac).toString("hex"), board, device };
    this.boards.push(added);
    return added;
  }

  /** What the server has of a stream; nothing where the board has sent none. */
  async readings({ mac }: ShopBoard, stream: number): Promise<Reading[]> {
    const api = new ApiClient(new URL(this.server.url));
    const name = stream.toString(16);
    const known = await api.series.streams(mac);
    return known.some((one) => one.stream === name) ? api.readings(mac, name) : [];
  }

  async values(board: ShopBoard, stream: number): Promise<number[]> {
    return (await this.readings(board, stream)).map(({ value }) => value);
  }

  async close(): Promise<void> {
    for (const { device } of this.boards) device.stop();
    await this.server.stop();
    await rm(this.#folder, { recursive: true, force: true });
  }
}
