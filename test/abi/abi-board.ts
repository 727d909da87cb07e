/** A virtual board for firmware/abi. The harness sits at the serial line only, as it does with a real board. */
import { writeConfig } from "../../runtime/board/config-image.ts";
import { Flash } from "../../runtime/board/flash.ts";
import type { HostImports } from "../../runtime/board/host-imports.ts";
import { VirtualBoard } from "../../runtime/board/virtual-board.ts";
import type { Engine } from "../../tools/build/compile-program.ts";
import { createDevice, createFlashDevice } from "../../tools/build/create-device.ts";
import { loadProgram } from "../../tools/build/load-program.ts";
import { type BoardImages, buildBoardImages } from "../../tools/image/board-images.ts";
import { flashBoard } from "../../tools/image/flash-board.ts";
import { AbiWorld, ADC, BOARD_ID, ENVIRONMENT, sensor } from "./abi-world.ts";
import { BOOT_CONFIG } from "./boot-config.ts";

const PROGRAM = "firmware/abi";
/** Of board time; a run takes about a minute. */
const RUN_MAX_MS = 300_000;
const RUN_STEP_MS = 1000;

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
  const world = new AbiWorld();
  const { time, random, network, air } = world;
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
  for (const [pin, device] of world.wires) board.wires.attach(pin, device);
  world.connect(board.pins);
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
  world.stop();
  return lines;
}

function answer(board: VirtualBoard): void {
  for (const fact of ENVIRONMENT) board.serial.send(Buffer.from(`env ${fact}\n`));
}
