/** `lintel kit`: what a browser needs to flash boards of one kind, for the server's page or for a folder. */
import { join } from "node:path";
import { type Command, Option } from "commander";
import { DEFAULT_BOARD, readBoard } from "../build/board.ts";
import { checkKitBoard, flashKit, kitConfig, kitFiles } from "../flash/flash-kit.ts";
import { flashPlan } from "../flash/flash-plan.ts";
import { boardOption } from "./board-options.ts";
import { shown, writeFiles } from "./command-files.ts";
import {
  addContentsOptions,
  type ContentsChoice,
  checkServer,
  isEmulatedHost,
  makeContents,
} from "./contents-options.ts";
import { parseAddress, parseUrl } from "./option-values.ts";
import { apiOf, usualServer } from "./server-options.ts";

interface KitOptions extends ContentsChoice {
  board: string;
  server: { host: string; port: number };
  out?: string;
  upload?: URL;
  json: boolean;
}

export function addKitCommand(program: Command): void {
  const command = program
    .command("kit")
    .description("make what a browser needs to flash boards: an ESP Web Tools manifest and its parts, without Wi-Fi")
    .argument("[program]", "folder of the program", "firmware/counter")
    .addOption(boardOption("the boards that it is for").default(DEFAULT_BOARD))
    .requiredOption("--server <host:port>", "MQTT listener of the server, as boards reach it", parseAddress)
    .option("--out <folder>", "where the files go (default: build/kit-BOARD, unless there is --upload)")
    .addOption(
      new Option(
        "--upload [url]",
        "API of the server whose page is to offer it, in place of the kit it has; without one, that logged in to last",
      )
        .argParser(parseUrl)
        .preset(usualServer().origin),
    )
    .option("--json", "end with one line of JSON; everything else goes to standard error", false)
    .action(makeKit);
  addContentsOptions(command);
}

async function makeKit(path: string, options: KitOptions): Promise<void> {
  const { server, upload } = options;
  const say = options.json ? console.error : console.log;
  const board = readBoard(options.board);
  checkKitBoard(board);
  checkServer(server.host, isEmulatedHost(options.host));
  const contents = await makeContents(path, board, options, kitConfig(server.host, server.port), say);
  const kit = flashKit(flashPlan(contents), board);
  const out = options.out ?? (upload === undefined ? `build/kit-${board.name}` : undefined);
  if (out !== undefined) {
    writeFiles(kitFiles(kit).map(([file, content]) => [join(out, file), content]));
    say(`${shown(out)}: manifest.json and ${kit.parts.length} parts, for a web server and ESP Web Tools`);
  }
  if (upload !== undefined) {
    await apiOf(upload).uploadKit(kit);
    say(`${kit.product} ${kit.version} for ${board.title} is offered at ${new URL("/flash", upload)}`);
  }
  say(`boards flashed with it have no Wi-Fi and no secret; they look for ${server.host}:${server.port}`);
  if (!options.json) return;
  const { product, version, parts } = kit;
  const bytes = parts.reduce((sum, part) => sum + part.bytes.length, 0);
  const page = upload === undefined ? null : `${new URL("/flash", upload)}`;
  console.log(
    JSON.stringify({ board: board.name, product, version, parts: parts.length, bytes, out: out ?? null, page }),
  );
}
