/** A virtual board with one of every sensor around it, and test/programs/sensors on it: what it says of them. */
import { MemoryNetwork } from "../../runtime/board/memory-network.ts";
import { SeededRandom } from "../../runtime/board/random.ts";
import { BMP280_ID, Bme280 } from "../../runtime/board/sensors/bme280.ts";
import { Dht22 } from "../../runtime/board/sensors/dht22.ts";
import { Ds18b20 } from "../../runtime/board/sensors/ds18b20.ts";
import { VirtualBoard } from "../../runtime/board/virtual-board.ts";
import { VirtualTime } from "../../runtime/board/virtual-time.ts";
import { LogLevel } from "../../runtime/contract/host-abi.ts";
import type { Engine } from "../../tools/build/compile-program.ts";
import { createDevice, type DeviceProgram } from "../../tools/build/create-device.ts";
import { loadProgram } from "../../tools/build/load-program.ts";

const PROGRAM = "test/programs/sensors";
/** As the program has them. */
export const ONE_WIRE_PIN = 13;
export const DHT_PIN = 12;
export const SWITCH_PIN = 14;
export const METER_PIN = 2;
export const EVERY_MS = 60_000;
/** A measurement of everything is over then. */
const SETTLED_MS = 3000;
export const SERIALS = [0x0000_0a11_1101, 0x0000_0a11_1102, 0x0012_3456_789a];

const programs = new Map<string, Promise<DeviceProgram>>();

/** `resolution`: bits of the thermometers. */
function programFor(engine: Engine, resolution: number): Promise<DeviceProgram> {
  const key = `${engine} ${resolution}`;
  const edit = (path: string, text: string) =>
    path.endsWith("sensors/main.ts") ? text.replace("RESOLUTION = 12", `RESOLUTION = ${resolution}`) : text;
  const found = programs.get(key) ?? loadProgram(PROGRAM, engine, { edit });
  programs.set(key, found);
  return found;
}

export interface Said {
  atMs: number;
  name: string;
  value: number;
  /** The value is a SensorStatus. */
  isFault: boolean;
}

export class SensorsWorld {
  readonly time = new VirtualTime();
  readonly board: VirtualBoard;
  readonly thermometers = SERIALS.map((serial) => new Ds18b20(serial));
  readonly dht22 = new Dht22();
  readonly bme280: Bme280;
  readonly bmp280: Bme280;
  readonly said: Said[] = [];
  detachBme280: () => void = () => {};

  private constructor() {
    const { time } = this;
    const random = new SeededRandom(1);
    this.board = new VirtualBoard({
      time,
      random,
      network: new MemoryNetwork({ time, random }).station(),
      mac: Uint8Array.of(2, 0, 0, 0, 0, 1),
      log: (level, text) => this.#hear(level, text),
    });
    const nowMs = () => time.nowMs();
    this.bme280 = new Bme280({ nowMs });
    this.bmp280 = new Bme280({ nowMs, address: 0x77, id: BMP280_ID });
    for (const thermometer of this.thermometers) this.board.wires.attach(ONE_WIRE_PIN, thermometer);
    this.board.wires.attach(DHT_PIN, this.dht22);
  }

  /** `prepare` sets the world up before the board is switched on. */
  static async start(engine: Engine, prepare?: (world: SensorsWorld) => void, resolution = 12): Promise<SensorsWorld> {
    const world = new SensorsWorld();
    world.detachBme280 = world.board.i2c.attach(world.bme280);
    world.board.i2c.attach(world.bmp280);
    prepare?.(world);
    const device = createDevice(await programFor(engine, resolution), world.board, { onAllocation: "error" });
    device.powerOn();
    await world.time.runFor(SETTLED_MS);
    return world;
  }

  /** What a sensor said last: its value, or `status n`. */
  last(name: string): number | string | undefined {
    const said = this.said.findLast((one) => one.name === name);
    return said?.isFault === true ? `status ${said.value}` : said?.value;
  }

  /** The next measurement of everything. */
  async measure(): Promise<void> {
    await this.time.runFor(EVERY_MS);
  }

  #hear(level: LogLevel, text: string): void {
    const [name = "", value = ""] = text.split(" ");
    this.said.push({ atMs: this.time.nowMs(), name, value: Number(value), isFault: level === LogLevel.Warning });
  }
}
