/** A board that takes everything that a server can tell it (test/programs/remote), the real server, and virtual time. */
import { writeConfig } from "../../runtime/board/config-image.ts";
import type { DeviceLife } from "../../runtime/board/device-life.ts";
import { Flash } from "../../runtime/board/flash.ts";
import { MemoryNetwork } from "../../runtime/board/memory-network.ts";
import { SeededRandom } from "../../runtime/board/random.ts";
import { VirtualBoard } from "../../runtime/board/virtual-board.ts";
import { VirtualTime } from "../../runtime/board/virtual-time.ts";
import type { ProductSettings } from "../../runtime/product/setting.ts";
import type { LintelServer } from "../../server/server-options.ts";
import { type Answer, callDevices } from "../../server/testing/test-orders.ts";
import { makeFolder, startTestServer } from "../../server/testing/test-server.ts";
import type { Engine } from "../../tools/build/compile-program.ts";
import { createDevice, type DeviceProgram } from "../../tools/build/create-device.ts";
import { loadProgram } from "../../tools/build/load-program.ts";

const START_UNIX_MS = 1_735_689_600_000;
export const SECOND_MS = 1000;
export const MINUTE_MS = 60_000;
export const DAY_MS = 86_400_000;
const MAC = "5ccf7f000001";
const title = "for tests";

/** What the server was told of the product. The device knows less: level goes to 100, and there is no colour. */
const PRODUCT: ProductSettings = {
  name: "remote",
  settings: {
    level: { key: 3, title, type: "integer", minimum: 0, maximum: 1000 },
    isOn: { key: 0, title, type: "boolean" },
    colour: { key: 9, title, type: "text", maximum: 10 },
  },
};

const programs = new Map<Engine, Promise<DeviceProgram>>();

function programFor(engine: Engine): Promise<DeviceProgram> {
  const program = programs.get(engine) ?? loadProgram("test/programs/remote", engine);
  programs.set(engine, program);
  return program;
}

export class RemoteWorld {
  readonly time = new VirtualTime({ startUnixMs: START_UNIX_MS });
  readonly random = new SeededRandom(11);
  readonly #folder = makeFolder();
  /** Lines of the board's log. */
  readonly lines: string[] = [];
  /** A place in `lines`: what came before is not looked at. */
  #from = 0;
  server!: LintelServer;
  network!: MemoryNetwork;
  board!: VirtualBoard;
  device!: DeviceLife;

  static async open(engine: Engine): Promise<RemoteWorld> {
    const world = new RemoteWorld();
    await world.startServer();
    world.network = new MemoryNetwork({
      time: world.time,
      random: world.random.fork(1),
      idle: () => world.server.idle(),
    });
    world.network.listen("server", 1883, (stream) => world.server.handle(stream));
    const flash = new Flash();
    writeConfig(flash, {
      ...{ ssid: "shop", passphrase: "virtual-shop", serverHost: "server", serverPort: 1883, secret: "secret" },
      product: new Map(),
    });
    world.board = new VirtualBoard({
      time: world.time,
      random: world.random.fork(2),
      network: world.network.station(),
      mac: Uint8Array.from(Buffer.from(MAC, "hex")),
      flash,
      log: (_level, text) => void world.lines.push(text),
    });
    world.device = createDevice(await programFor(engine), world.board, { onAllocation: "error" });
    world.device.powerOn();
    await world.time.runFor(MINUTE_MS);
    return world;
  }

  async startServer(): Promise<void> {
    const nowMs = () => this.time.unixMs();
    this.server = await startTestServer(this.#folder.path, { products: [PRODUCT], nowMs });
  }

  async close(): Promise<void> {
    this.device.stop();
    await this.server.stop();
    this.#folder.remove();
  }

  call(path: string, method?: string, body?: unknown): Promise<Answer> {
    return callDevices(this.server, `${MAC}/${path}`, method, body);
  }

  url(path: string): string {
    return `${this.server.url}/api/v1/devices/${MAC}/${path}`;
  }

  async set(settings: object): Promise<void> {
    const { status, body } = await this.call("config", "PATCH", { settings });
    if (status !== 200) throw new Error(`the server refused: ${JSON.stringify(body)}`);
  }

  async config(): Promise<Answer["body"]> {
    return (await this.call("config")).body;
  }

  /** The id. */
  async command(method: string, argument?: number, second?: number, expiresS?: number): Promise<number> {
    const { body } = await this.call("commands", "POST", { method, argument, second, expiresS });
    return body["id"] as number;
  }

  async result(id: number): Promise<Answer["body"]> {
    return (await this.call(`commands/${id}`)).body;
  }

  /** Carried out while the device is connected: what became of it. */
  async done(method: string, argument?: number, second?: number): Promise<unknown[]> {
    const id = await this.command(method, argument, second);
    await this.time.runFor(SECOND_MS);
    const { state, value, reason } = await this.result(id);
    return [state, value ?? reason];
  }

  /** Lines of the board's log since the last call. */
  newLines(): string[] {
    const lines = this.lines.slice(this.#from);
    this.#from = this.lines.length;
    return lines;
  }
}
