/** `lintel monitor`: what a board says on its serial line. */
import type { Command } from "commander";
import { LogLevel, ResetReason } from "../../runtime/contract/host-abi.ts";
import { SERIAL_BAUD } from "../../runtime/contract/limits.ts";
import { DEFAULT_BOARD, readBoard } from "../build/board.ts";
import { type PinWishes, planPins } from "../build/pin-plan.ts";
import { BoardConsole } from "../monitor/board-console.ts";
import { CrashNames } from "../monitor/crash-names.ts";
import type { MonitorLine } from "../monitor/serial-line.ts";
import { showLine } from "../monitor/show-line.ts";
import { SerialError } from "../serial/serial-error.ts";
import { boardOption, pinOption } from "./board-options.ts";
import { parseDuration } from "./option-values.ts";
import { findPort, portOption } from "./serial-options.ts";
import { StopRequest } from "./stop-request.ts";

/** Longer than a start takes until its first line. */
const SILENCE_S = 5;
const SILENT =
  `nothing heard for ${SILENCE_S} s. A board that runs may have nothing to say: --reset starts it anew, which it tells. If it does ` +
  `not: is it this port (lintel ports), does the cable carry data, has the board power, does it speak at ${SERIAL_BAUD} baud?`;

interface MonitorOptions {
  port?: string;
  board: string;
  pin: PinWishes;
  reset: boolean;
  seconds?: number;
  json: boolean;
}

export function addMonitorCommand(program: Command): void {
  program
    .command("monitor")
    .description("show what a board says on its serial line: its log, why it started, where it crashed")
    .argument("[program]", "the sources that the board runs, for names in crashes", "firmware/counter")
    .addOption(portOption())
    .addOption(boardOption("board that the program was built for").default(DEFAULT_BOARD))
    .addOption(pinOption())
    .option("--reset", "reset the board first", false)
    .option("--seconds <s>", "end after this time (default: at Ctrl-C)", parseDuration)
    .option("--json", "one JSON object a line", false)
    .action(monitor);
}

async function monitor(path: string, options: MonitorOptions): Promise<void> {
  const { pins } = planPins(path, readBoard(options.board), options.pin);
  const names = new CrashNames(path, pins);
  const { name, port } = await findPort(options.port);
  const stop = new StopRequest();
  let shown = Promise.resolve();
  let hasHeard = false;
  const show = (line: MonitorLine): void => {
    hasHeard = true;
    // In the order that they came in, though names take their time.
    shown = shown.then(async () => {
      const crash = line.kind === "exception" ? await names.describe(line) : undefined;
      console.log(options.json ? JSON.stringify(factsOf(line, crash)) : showLine(line));
      if (crash !== undefined && !options.json) console.log(`--- ${crash}`);
    });
  };
  const board = await BoardConsole.open(port, show);
  if (!options.json) console.error(`listening on ${name}; Ctrl-C ends`);
  if (options.reset) await board.reset();
  const silence = setTimeout(() => {
    if (!hasHeard) console.error(SILENT);
  }, SILENCE_S * 1000);
  const lost = board.ended.catch((error: Error) => error);
  const end = await Promise.race([stop.wait(options.seconds).then(() => undefined), lost]);
  clearTimeout(silence);
  await board.close();
  await shown;
  if (end instanceof Error) throw new SerialError(`the cable was lost: ${end.message}`);
  // A port that was closed may hold the process.
  process.exit(0);
}

function factsOf(line: MonitorLine, crash: string | undefined): object {
  if (line.kind === "log") return { ...line, level: LogLevel[line.level]?.toLowerCase() };
  if (line.kind === "reset") return { ...line, reason: line.reason === undefined ? null : ResetReason[line.reason] };
  return crash === undefined ? line : { ...line, names: crash };
}
