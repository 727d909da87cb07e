/** `lintel boards`: which boards there are, and what their pins are good for. */
import type { Command } from "commander";
import { CHIP_PINS } from "../../runtime/board/chip-pins.ts";
import { boardNames, readBoard } from "../build/board.ts";
import { findPin, pinText } from "../build/board-pins.ts";
import type { Board, BoardPin } from "../build/board-schema.ts";
import { LEVELS, usesOf } from "../build/pin-uses.ts";
import { showTable, tableOf } from "./text-table.ts";

export function addBoardsCommand(program: Command): void {
  const boards = program
    .command("boards")
    .description("boards that programs can be built for")
    .option("--json", "print one line of JSON", false)
    .action(({ json }: { json: boolean }) => {
      const all = boardNames().map(readBoard);
      if (json) return console.log(JSON.stringify(all.map(factsOf)));
      const rows = all.map((board) => [board.name, board.title, `${board.flash.sizeMiB} MiB`, onBoard(board)]);
      showTable(["name", "board", "flash", "on it"], rows);
    });
  boards
    .command("show")
    .description("print a board: its pins, what they must be while it starts, and what they are free for")
    .argument("<board>", "one of those that lintel boards lists, or a file")
    .option("--json", "print one line of JSON", false)
    .action((name: string, { json }: { json: boolean }) => {
      const facts = factsOf(readBoard(name));
      // Before `show` the option is that of `boards`.
      if (json || boards.opts<{ json: boolean }>().json) console.log(JSON.stringify(facts));
      else for (const line of describe(facts)) console.log(line);
    });
}

type PinFacts = ReturnType<typeof pinFacts>;

/** The board, with what the chip says of its pins. */
function factsOf(board: Board) {
  return { ...board, pins: board.pins.map(pinFacts) };
}

function pinFacts(pin: BoardPin) {
  const chip = CHIP_PINS[pin.gpio];
  const atStart = chip?.atStart === undefined ? null : LEVELS[chip.atStart];
  return { ...pin, atStart, serial: chip?.serial ?? null, uses: usesOf(pin) };
}

function describe(board: ReturnType<typeof factsOf>): string[] {
  const { name, title, description, id, flash, adc, pins, budgets, defaults } = board;
  const chips = flash.chips.map(({ manufacturer, device }) => `${manufacturer} ${device}`).join(", ");
  const bytes = (count: number | undefined) => (count === undefined ? "no limit" : `${count} bytes`);
  return [
    `${name}: ${title}, board id ${id}`,
    ...(description === "" ? [] : [description]),
    `flash: ${flash.sizeMiB} MiB, ${flash.mode}, ${flash.frequencyMHz} MHz${chips === "" ? "" : `; usual chips ${chips}`}`,
    adc === null
      ? "analogue input: not led out"
      : `analogue input: ${adc.label}, 0 to ${adc.maxVolts} V${adc.wired === undefined ? "" : `, ${adc.wired}`}`,
    `budgets: image ${bytes(budgets.imageBytes)}, RAM ${bytes(budgets.ramBytes)}, stack ${bytes(budgets.stackBytes)}`,
    ...Object.entries(defaults).map(([product, places]) => `${product}: ${placesText(places, pins)}`),
    tableOf(["pin", "GPIO", "at start", "on the board", "free for"], pins.map(pinRow)),
  ];
}

function pinRow({ label, gpio, atStart, serial, pull, wired, uses }: PinFacts): string[] {
  const notes = [
    ...(wired === undefined ? [] : [wired.title]),
    ...(wired?.activeLow ? ["on while low"] : []),
    ...(pull === undefined ? [] : [`pulled ${pull}`]),
    ...(serial === null ? [] : [`${serial} of the serial port`]),
  ];
  return [label, String(gpio), atStart ?? "", notes.join(", "), uses.join(", ")];
}

function placesText(places: Record<string, string>, pins: readonly BoardPin[]): string {
  return Object.entries(places)
    .map(([name, label]) => {
      const pin = findPin(pins, label);
      return `${name} ${pin === undefined ? label : pinText(pin)}`;
    })
    .join(", ");
}

function onBoard({ pins, adc }: Board): string {
  const wired = pins.flatMap(({ wired }) => wired?.title ?? []);
  return [...wired, ...(adc?.wired === undefined ? [] : [`${adc.label}: ${adc.wired}`])].join(", ");
}
