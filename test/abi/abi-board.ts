/**
 * A virtual board for firmware/abi, and a small world around it: a Wi-Fi network with a peer that sends back what it is sent, a
 * wire between two pins, an I2C device, a phone and an access point in the air. The harness sits at the serial line only, as it does with a real board.
 */
import type { Duplex } from "node:stream";
import { writeConfig } from "../../runtime/board/config-image.ts";
import { Flash } from "../../runtime/board/flash.ts";
import type { HostImports } from "../../runtime/board/host-imports.ts";
import type { I2cDevice } from "../../runtime/board/i2c-bus.ts";
import { MemoryNetwork } from "../../runtime/board/memory-network.ts";
import { RadioAir } from "../../runtime/board/radio-air.ts";
import { SeededRandom } from "../../runtime/board/random.ts";
import type { Cancel } from "../../runtime/board/time-source.ts";
import { VirtualBoard } from "../../runtime/board/virtual-board.ts";
import { VirtualTime } from "../../runtime/board/virtual-time.ts";
import { RadioKind } from "../../runtime/contract/host-abi.ts";
import type { Engine } from "../../tools/build/compile-program.ts";
import { createDevice, createFlashDevice } from "../../tools/build/create-device.ts";
import { loadProgram } from "../../tools/build/load-program.ts";
import { type BoardImages, buildBoardImages } from "../../tools/image/board-images.ts";
import { flashBoard } from "../../tools/image/flash-board.ts";
import { BOOT_CONFIG } from "./boot-config.ts";

const PROGRAM = "firmware/abi";
/** Of board time; a run takes about a minute. */
const RUN_MAX_MS = 300_000;
const RUN_STEP_MS = 1000;

const WIFI = { ssid: "conformance", passphrase: "not-a-secret", rssiDbm: -61 };
const PEER = { host: "192.168.1.2", port: 1234 };
const WIRE = { out: 12, in: 14 };
const SENSOR = { address: 0x40, register: 3, value: 90 };
const ADC = 700;
const BOARD_ID = 7;
const PHONE_CHANNEL = 6;
const ACCESS_POINT = { kind: RadioKind.Beacon, address: Uint8Array.of(2, 0, 0, 0, 0, 9), channel: 11 };
const BEACON_EVERY_MS = 100;
/** EOT ends the connection. */
const LAST_BYTE = 4;

const ENVIRONMENT = [
  `wifi ${WIFI.ssid} ${WIFI.passphrase}`,
  `peer ${PEER.host}:${PEER.port}`,
  `wire ${WIRE.out} ${WIRE.in}`,
  `i2c ${SENSOR.address} ${SENSOR.register} ${SENSOR.value}`,
  `phone ${PHONE_CHANNEL}`,
  `beacon ${ACCESS_POINT.channel}`,
  `adc ${ADC}`,
  `board ${BOARD_ID}`,
  "wake",
  "end",
];

const images = new Map<Engine, Promise<BoardImages>>();

function imagesFor(engine: Engine): Promise<BoardImages> {
  const found = images.get(engine) ?? buildBoardImages(PROGRAM, engine);
  images.set(engine, found);
  return found;
}

export interface AbiBoardOptions {
  /** Nobody answers at the serial line, so the program knows of nothing around the board. */
  isBare?: boolean;
  /** The host runs the program by itself, not from flash. */
  isAlone?: boolean;
  /** Makes the host wrong. */
  alterHost?: (host: HostImports) => HostImports;
}

/** Runs the conformance to its end; the lines of the serial line. */
export async function runAbi(engine: Engine, options: AbiBoardOptions = {}): Promise<string[]> {
  const { isBare = false, isAlone = false, alterHost } = options;
  const time = new VirtualTime({ startUnixMs: 1_700_000_000_000 });
  const random = new SeededRandom(1);
  const network = new MemoryNetwork({ time, random: random.fork(1), accessPoints: [WIFI] });
  network.listen(PEER.host, PEER.port, echo);
  const air = new RadioAir(time, random.fork(3));
  const phoneGone = air.phone({ meanIntervalMs: 300, channels: [PHONE_CHANNEL] });
  const beaconsGone = sendBeacons(air, time);
  const flash = new Flash();
  flashBoard(flash, await imagesFor(engine));
  writeConfig(flash, BOOT_CONFIG);
  const board = new VirtualBoard({
    time,
    random: random.fork(2),
    network: network.station(),
    air,
    mac: Uint8Array.of(0x02, 0x4c, 0x4e, 0x54, 0, 1),
    flash,
    boardId: BOARD_ID,
    printsOnSerial: true,
    ...(alterHost === undefined ? {} : { alterHost }),
  });
  board.pins.setAdc(ADC);
  board.i2c.attach(sensor());
  board.pins.onOutput((pin, level) => {
    if (pin === WIRE.out) board.pins.setInput(WIRE.in, level);
  });
  const lines: string[] = [];
  let rest = "";
  let isDone = false;
  board.serial.onBytes = (bytes) => {
    const [...whole] = (rest + Buffer.from(bytes).toString("latin1")).split(/\r?\n/);
    rest = whole.pop() ?? "";
    for (const line of whole) {
      lines.push(line);
      if (!isBare && line.endsWith("abi env?")) answer(board);
      isDone ||= line.includes(" abi done ");
    }
  };
  const onAllocation = "error";
  const device = isAlone
    ? createDevice(await loadProgram(PROGRAM, engine), board, { onAllocation })
    : createFlashDevice(engine, board, { onAllocation });
  device.powerOn();
  while (!isDone && time.nowMs() < RUN_MAX_MS) await time.runFor(RUN_STEP_MS);
  device.stop();
  phoneGone();
  beaconsGone();
  return lines;
}

function answer(board: VirtualBoard): void {
  for (const fact of ENVIRONMENT) board.serial.send(Buffer.from(`env ${fact}\n`));
}

/** A register is written, then read. */
function sensor(): I2cDevice {
  let register = 0;
  return {
    address: SENSOR.address,
    write: (bytes) => {
      register = bytes[0] ?? 0;
    },
    read: () => Uint8Array.of(register === SENSOR.register ? SENSOR.value : 0),
  };
}

function sendBeacons(air: RadioAir, time: VirtualTime): Cancel {
  let next: Cancel;
  const send = () => {
    next = time.at(BEACON_EVERY_MS, send);
    air.send(ACCESS_POINT, -75);
  };
  send();
  return () => next();
}

function echo(stream: Duplex): void {
  stream.on("error", () => {});
  stream.on("data", (bytes: Buffer) => {
    const end = bytes.indexOf(LAST_BYTE);
    if (end < 0) stream.write(bytes);
    else stream.end(bytes.subarray(0, end));
  });
  stream.on("end", () => stream.end());
}
