/** `lintel kit`: what a browser needs to flash boards of one kind, for the server's page or for a folder. */
import { join } from "node:path";
import type { Command } from "commander";
import { DEFAULT_BOARD, readBoard } from "../build/board.ts";
import { type PinWishes, planPins } from "../build/pin-plan.ts";
import { ApiClient } from "../client/api-client.ts";
import { checkKitBoard, flashKit, kitConfig, kitFiles } from "../flash/flash-kit.ts";
import { flashPlan } from "../flash/flash-plan.ts";
import { prepareContents } from "../flash/prepare-contents.ts";
import { boardOption, pinOption } from "./board-options.ts";
import { shown, writeFiles } from "./command-files.ts";
import { checkServer, hostOption, imageOf, isEmulatedHost, keyOf, keyOption, readHost } from "./contents-options.ts";
import { parseAddress, parseUrl } from "./option-values.ts";

interface KitOptions {
  board: string;
  pin: PinWishes;
  image?: string;
  host?: string;
  key?: string;
  server: { host: string; port: number };
  out?: string;
  upload?: URL;
  json: boolean;
}

export function addKitCommand(program: Command): void {
  program
    .command("kit")
    .description("make what a browser needs to flash boards: an ESP Web Tools manifest and its parts, without Wi-Fi")
    .argument("[program]", "folder of the program", "firmware/counter")
    .addOption(boardOption("the boards that it is for").default(DEFAULT_BOARD))
    .addOption(pinOption())
    .option("--image <file>", "a signed image in place of the program's sources")
    .addOption(hostOption())
    .addOption(keyOption())
    .requiredOption("--server <host:port>", "MQTT listener of the server, as boards reach it", parseAddress)
    .option("--out <folder>", "where the files go (default: build/kit-BOARD, unless there is --upload)")
    .option("--upload <url>", "API of the server whose page is to offer it, in place of the kit it has", parseUrl)
    .option("--json", "end with one line of JSON; everything else goes to standard error", false)
    .action(makeKit);
}

async function makeKit(path: string, options: KitOptions): Promise<void> {
  const { server, upload } = options;
  const say = options.json ? console.error : console.log;
  const board = readBoard(options.board);
  checkKitBoard(board);
  checkServer(server.host, isEmulatedHost(options.host));
  const plan = planPins(path, board, options.pin);
  for (const warning of plan.warnings) console.error(`lintel: warning: ${warning}`);
  if (options.image === undefined) say(`building ${path} for ${board.title}`);
  const contents = await prepareContents({
    board,
    host: readHost(options.host, board),
    key: keyOf(options, say),
    program: options.image === undefined ? { path, pins: plan.pins } : imageOf(options.image),
    config: kitConfig(server.host, server.port),
  });
  const kit = flashKit(flashPlan(contents), board);
  const out = options.out ?? (upload === undefined ? `build/kit-${board.name}` : undefined);
  if (out !== undefined) {
    writeFiles(kitFiles(kit).map(([file, content]) => [join(out, file), content]));
    say(`${shown(out)}: manifest.json and ${kit.parts.length} parts, for a web server and ESP Web Tools`);
  }
  if (upload !== undefined) {
    await new ApiClient(upload).uploadKit(kit);
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
