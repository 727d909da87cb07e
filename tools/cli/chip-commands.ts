/** `lintel ports`, `lintel erase`, `lintel read`: boards on a cable, whatever is on them. */
import type { Command } from "commander";
import { FLASH_SECTOR_BYTES } from "../../runtime/contract/flash-map.ts";
import { type ChipFacts, EspConnection } from "../flash/esp-connection.ts";
import { ProgressBar } from "../flash/progress-bar.ts";
import { findPorts } from "../serial/find-ports.ts";
import { CommandError } from "./command-error.ts";
import { shown, writeFiles } from "./command-files.ts";
import { parseBytes } from "./option-values.ts";
import { connectOptions, findPort, hexId, type LoaderOptions, loaderOptions } from "./serial-options.ts";

interface ChipOptions extends LoaderOptions {
  json: boolean;
}

export function addChipCommands(program: Command): void {
  program
    .command("ports")
    .description("serial ports that a board may be on")
    .option("--json", "print one line of JSON", false)
    .action(async ({ json }: { json: boolean }) => {
      const ports = await findPorts();
      if (json) console.log(JSON.stringify(ports));
      else if (ports.length === 0) console.log("no serial port: plug a board in, with a cable that carries data");
      else for (const { path, title } of ports) console.log(title === undefined ? path : `${path}  ${title}`);
    });
  const erase = program
    .command("erase")
    .description("erase all of a board's flash: programs, configuration, readings that were not sent")
    .option("--yes", "required: says that all of it may go", false)
    .option("--json", "end with one line of JSON; progress goes to standard error", false);
  for (const option of loaderOptions()) erase.addOption(option);
  erase.action((options: ChipOptions & { yes: boolean }) => {
    // Before the board is touched: to ask it anything, it is reset.
    if (!options.yes) {
      throw new CommandError(
        "erase takes everything off a board, readings that were not sent too: say that with --yes",
      );
    }
    return withBoard(options, eraseAll);
  });
  const read = program
    .command("read")
    .description("write what is in a board's flash to a file")
    .argument("<file>", "file to write")
    .option("--offset <bytes>", "where to begin, as 0xc0000", parseBytes, 0)
    .option("--size <bytes>", "how much (default: up to the end)", parseBytes)
    .option("--json", "end with one line of JSON; progress goes to standard error", false);
  for (const option of loaderOptions()) read.addOption(option);
  read.action((file: string, options: ChipOptions & { offset: number; size?: number }) =>
    withBoard(options, (board, bar) => readTo(file, board, bar, options)),
  );
}

type Board = Pick<EspConnection, "facts" | "read" | "eraseAll" | "leave">;

async function eraseAll(board: Board, bar: ProgressBar) {
  await board.eraseAll((done, total) => bar.show("erasing", done, total));
  await board.leave();
  return { ...factsOf(board.facts), erasedBytes: board.facts.flashBytes };
}

async function readTo(file: string, board: Board, bar: ProgressBar, options: { offset: number; size?: number }) {
  const { flashBytes } = board.facts;
  const { offset, size = flashBytes - offset } = options;
  if (offset >= flashBytes || offset + size > flashBytes) {
    await board.leave();
    throw new CommandError(`this board has ${flashBytes} bytes of flash: --offset and --size go beyond it`);
  }
  const bytes = new Uint8Array(size);
  // In pieces: one that is damaged on the way does not cost the others.
  for (let at = 0; at < size; at += PIECE_BYTES) {
    const pieceBytes = Math.min(PIECE_BYTES, size - at);
    bytes.set(await board.read(offset + at, pieceBytes, (done) => bar.show("reading", at + done, size)), at);
  }
  await board.leave();
  writeFiles([[file, bytes]]);
  return { ...factsOf(board.facts), file: shown(file), offset, bytes: size };
}

const PIECE_BYTES = 64 * FLASH_SECTOR_BYTES;

function factsOf({ mac, flashId, flashBytes }: ChipFacts) {
  return { mac, flashId: hexId(flashId), flashBytes };
}

async function withBoard<T extends object>(
  options: ChipOptions,
  work: (board: EspConnection, bar: ProgressBar) => Promise<T>,
): Promise<void> {
  const say = options.json ? console.error : console.log;
  const { name, port } = await findPort(options.port);
  say(`connecting to ${name}`);
  const board = await EspConnection.open(port, connectOptions(options));
  const bar = new ProgressBar(options.json ? process.stderr : process.stdout);
  let result: T;
  try {
    result = await work(board, bar);
  } finally {
    bar.leave();
    await board.close();
  }
  if (options.json) console.log(JSON.stringify({ port: name, ...result }));
  else for (const [key, value] of Object.entries(result)) console.log(`${key}: ${value}`);
  // A port that was closed may hold the process.
  process.exit(0);
}
