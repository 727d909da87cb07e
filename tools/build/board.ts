/**
 * Boards: JSON in boards/, or anywhere by path (board-schema.ts). What a file leaves out is as on the generic board, of which
 * only the chip is known.
 */
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { CHIP_PINS } from "../../runtime/board/chip-pins.ts";
import { FLASH_REGION_BYTES, FLASH_REGION_MAX_BYTES } from "../../runtime/contract/flash-map.ts";
import { boardFaults } from "./board-faults.ts";
import { BOARD_ID_MAX, type Board, BoardFile, type BoardPin } from "./board-schema.ts";
import { BuildError } from "./build-error.ts";
import { readJson } from "./json-file.ts";
import { PACKAGE_ROOT } from "./package-root.ts";
import { FileError } from "./read-file.ts";

export const DEFAULT_BOARD = "generic";

const FOLDER = join(PACKAGE_ROOT, "boards");
const FILE_NAME = /^([^.]+)\.json$/;
const MIB = 1024 * 1024;

/** Of the files in boards/, without their ending. */
export function boardNames(): string[] {
  const names = readdirSync(FOLDER).flatMap((file) => FILE_NAME.exec(file)?.slice(1) ?? []);
  return [DEFAULT_BOARD, ...names.filter((name) => name !== DEFAULT_BOARD).sort()];
}

/** A name of a file in boards/, without its ending, or the path of a file. */
export function readBoard(nameOrPath: string): Board {
  const isPath = /[/\\]|\.json$/.test(nameOrPath);
  const path = isPath ? nameOrPath : join(FOLDER, `${nameOrPath}.json`);
  let file: BoardFile;
  try {
    file = readJson(path, BoardFile, "a board file");
  } catch (error) {
    if (!(error instanceof FileError)) throw error;
    throw new BuildError(
      `there is no board ${nameOrPath}: name a file of boards/ (${boardNames().join(", ")}), or the path of one`,
    );
  }
  const board = completed(file, nameOrPath === DEFAULT_BOARD ? undefined : readBoard(DEFAULT_BOARD));
  const faults = boardFaults(board);
  if (faults.length > 0) throw new BuildError(`${path} is not a board file: ${faults.join("; ")}`);
  return board;
}

/** As readBoard, and by id; one that no file has is a board of which nothing else is known. */
export function findBoard(text: string): Board {
  if (!/^\d+$/.test(text)) return readBoard(text);
  const id = Number(text);
  if (id > BOARD_ID_MAX) throw new BuildError(`a board's id is a number up to ${BOARD_ID_MAX}, not ${text}`);
  const known = boardNames().find((name) => readBoard(name).id === id);
  return { ...readBoard(known ?? DEFAULT_BOARD), id };
}

function completed(file: BoardFile, generic: Board | undefined): Board {
  const { flash = generic?.flash, adc = generic?.adc, budgets = generic?.budgets } = file;
  if (flash === undefined || adc === undefined || budgets === undefined) {
    throw new BuildError(`boards/${DEFAULT_BOARD}.json has a flash, an ADC and budgets: others leave them out`);
  }
  const { name, title = name, description = "", id = 0, pins = allPins(), defaults = {} } = file;
  return { name, title, description, id, flash: { chips: [], ...flash }, adc, pins, budgets, defaults };
}

function allPins(): BoardPin[] {
  return CHIP_PINS.filter((pin) => !pin.carriesFlash).map(({ gpio }) => ({ gpio, label: `GPIO${gpio}` }));
}

/** The Lintel region on a flash of this size (contract/flash-map.ts): what is behind it stays at the end of the chip. */
export function flashRegionBytes({ flash }: Board): number {
  return Math.min(FLASH_REGION_BYTES + (flash.sizeMiB - 1) * MIB, FLASH_REGION_MAX_BYTES);
}
