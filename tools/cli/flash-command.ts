/** `lintel flash`: from a blank board to one that counts, over serial. */
import type { Command } from "commander";
import type { DeviceConfig } from "../../runtime/board/config-image.ts";
import { CONFIG_TEXT_MAX_BYTES } from "../../runtime/contract/config-record.ts";
import { SSID_MAX_BYTES } from "../../runtime/contract/host-abi.ts";
import { imageIdText } from "../../runtime/image/image-header.ts";
import { DEFAULT_BOARD, readBoard } from "../build/board.ts";
import { ApiClient } from "../client/api-client.ts";
import { findToken } from "../client/credentials.ts";
import { watchFirstBoot } from "../flash/first-boot.ts";
import { type FlashResult, flashDevice } from "../flash/flash-device.ts";
import { flashPlan } from "../flash/flash-plan.ts";
import { ProgressBar } from "../flash/progress-bar.ts";
import { showLine } from "../monitor/show-line.ts";
import { demandPlace, newSecret, type Place, tell } from "./board-credentials.ts";
import { boardOption } from "./board-options.ts";
import { CommandError } from "./command-error.ts";
import { addContentsOptions, type ContentsChoice, checkServer, checkText, makeContents } from "./contents-options.ts";
import { withPlace } from "./device-create-commands.ts";
import { parseAddress, parseDuration, parseUrl } from "./option-values.ts";
import { readSecret } from "./read-secret.ts";
import { connectOptions, findPort, hexId, type LoaderOptions, loaderOptions, tryPort } from "./serial-options.ts";
import { DEFAULT_HTTP_PORT } from "./serve-command.ts";
import { EXIT_INTERRUPTED, StopRequest } from "./stop-request.ts";
import { isUserError } from "./user-errors.ts";

const PASSPHRASE_VARIABLE = "LINTEL_PASSPHRASE";
const DEFAULT_TIMEOUT_S = 90;

interface FlashOptions extends LoaderOptions, ContentsChoice, Place {
  board: string;
  ssid?: string;
  passphrase?: string;
  server?: { host: string; port: number };
  secret?: string;
  keepConfig: boolean;
  erase: boolean;
  wait: boolean;
  api?: URL;
  timeout: number;
  json: boolean;
}

export function addFlashCommand(program: Command): void {
  const command = program
    .command("flash")
    .description("put the host, the boot program, a program and its configuration onto a board, and see it come online")
    .argument("[program]", "folder of the program", "firmware/counter")
    .addOption(boardOption("the board on the cable").default(DEFAULT_BOARD))
    .option("--ssid <name>", "Wi-Fi network; absent: the board waits to be told over serial (Improv)")
    .option("--passphrase <text>", `of that network; better in ${PASSPHRASE_VARIABLE}, or asked for`)
    .option("--server <host:port>", "MQTT listener of the server, as boards reach it", parseAddress)
    .option(
      "--secret <text>",
      "what the board shows the server: a claim code, or a claim token (default: a secret of its own, told to the server)",
    )
    .option("--keep-config", "leave the configuration on the board as it is", false)
    .option("--erase", "erase everything first, readings that were not sent included", false)
    .option("--no-wait", "end when the board is flashed, whether or not it comes online")
    .option("--api <url>", "API of the server (default: port 8080 of --server)", parseUrl)
    .option("--timeout <s>", "wait no longer than this for the board to come online", parseDuration, DEFAULT_TIMEOUT_S)
    .option("--json", "end with one line of JSON; progress goes to standard error", false);
  withPlace(command);
  addContentsOptions(command);
  for (const option of loaderOptions()) command.addOption(option);
  command.action(async (path: string, options: FlashOptions) => {
    const report: Record<string, unknown> = { port: options.port ?? null, board: options.board, online: false };
    try {
      await carryOut(path, options, report);
      if (options.json) console.log(JSON.stringify(report));
    } catch (error) {
      if (isUserError(error)) throw new CommandError(error.message, { ...report, error: error.message });
      throw error;
    }
    // A port that was closed may hold the process.
    process.exit(report["interrupted"] === true ? EXIT_INTERRUPTED : 0);
  });
}

async function carryOut(path: string, options: FlashOptions, report: Record<string, unknown>): Promise<void> {
  const say = options.json ? console.error : console.log;
  const startedMs = performance.now();
  const board = readBoard(options.board);
  const { name, port } = await findPort(options.port);
  report["port"] = name;
  const config = await configOf(options, name);
  // A port that cannot be opened is told before anything is compiled.
  await tryPort(port);
  if (config !== undefined && options.secret === undefined) await checkPlace(options);
  const contents = await makeContents(path, board, options, config, say);
  say(`connecting to ${name}`);
  const bar = new ProgressBar(options.json ? process.stderr : process.stdout);
  const job = { parts: flashPlan(contents), board, connect: connectOptions(options), erase: options.erase };
  const interrupted = () => {
    bar.leave();
    console.error("lintel: interrupted: the board may be written in part; run the same again to finish it");
    process.exit(EXIT_INTERRUPTED);
  };
  process.once("SIGINT", interrupted);
  const result = await flashDevice(port, job, {
    connected: ({ mac, flashBytes, flashId }) =>
      say(`${board.title}, MAC ${mac}, flash ${hexId(flashId)} of ${flashBytes / 0x100000} MiB`),
    note: say,
    progress: (what, done, total) => bar.show(what, done, total),
  }).finally(() => {
    process.off("SIGINT", interrupted);
    bar.leave();
  });
  Object.assign(report, reportOf(result));
  const seconds = () => Number(((performance.now() - startedMs) / 1000).toFixed(1));
  report["seconds"] = seconds();
  say(`${result.mac} is flashed${result.verified ? " and compared" : ", not compared (--no-stub)"}: ${seconds()} s`);
  if (config !== undefined && options.secret === undefined) await introduce(options, result.mac, config.secret, say);
  if (config?.ssid === "") say("it has no Wi-Fi yet: give it one over serial with any Improv tool (ESP Web Tools)");
  if (!options.wait || config?.ssid === "") return;
  const stop = new StopRequest();
  const api = await seeOnline(options, port, result.mac, config, stop, say).catch((error: unknown): undefined => {
    if (!stop.signal.aborted) throw error;
    console.error(`lintel: ${error instanceof Error ? error.message : error}`);
    report["interrupted"] = true;
  });
  if (report["interrupted"] === true) return;
  await tellOrder(api, result.mac, imageIdText(contents.image), say);
  Object.assign(report, { online: true, seconds: seconds() });
  say(`${result.mac} is online: ${seconds()} s from the start`);
}

function reportOf(result: FlashResult): object {
  const { mac, flashId, flashBytes, bytes, writtenBytes, verified } = result;
  return { mac, flashId: hexId(flashId), flashBytes, bytes, writtenBytes, verified };
}

async function seeOnline(
  options: FlashOptions,
  port: Awaited<ReturnType<typeof findPort>>["port"],
  mac: string,
  config: DeviceConfig | undefined,
  stop: StopRequest,
  say: (line: string) => void,
): Promise<ApiClient | undefined> {
  const url = apiOf(options);
  const { timeout } = options;
  const where = config === undefined ? "its server" : `${config.serverHost}:${config.serverPort}`;
  say(`waiting up to ${timeout} s until it is online at ${where}; Ctrl-C leaves it alone`);
  const serverApi = url === undefined ? undefined : new ApiClient(url, findToken(url));
  await watchFirstBoot(port, {
    mac,
    timeoutS: timeout,
    onLine: (line) => say(showLine(line)),
    signal: stop.signal,
    ...(serverApi === undefined ? {} : { api: serverApi }),
  });
  return serverApi;
}

function apiOf({ server, api }: Pick<FlashOptions, "server" | "api">): URL | undefined {
  return api ?? (server === undefined ? undefined : new URL(`http://${urlHost(server.host)}:${DEFAULT_HTTP_PORT}`));
}

/** A board that was given another secret would be locked out if the server cannot be told. */
async function checkPlace(options: FlashOptions): Promise<void> {
  const url = apiOf(options);
  if (url === undefined) return;
  const client = new ApiClient(url, findToken(url));
  if (await client.isHealthy()) await demandPlace(url, client, options);
}

/** Tells the server which secret the board has; where there is none to tell, the board is a stranger that can be taken in later. */
async function introduce(options: FlashOptions, mac: string, secret: string, say: (line: string) => void) {
  const url = apiOf(options);
  if (url === undefined) return;
  const client = new ApiClient(url, findToken(url));
  if (!(await client.isHealthy())) {
    say(
      `no API answers at ${url.origin}, so the server does not know ${mac}: lintel devices strangers shows it when it comes`,
    );
    return;
  }
  await tell(url, client, new Map([[mac, secret]]), options);
  say(`the server knows ${mac} and its secret`);
}

/** What the server was told before still holds: it would update the board again. */
async function tellOrder(api: ApiClient | undefined, mac: string, image: string, say: (line: string) => void) {
  const desired = api === undefined ? null : (await api.update(mac)).desired;
  if (desired === null || desired === image) return;
  say(
    `the server has an order for ${mac}, image ${desired}: it will be updated to that. ` +
      `To call it off: lintel update --device ${mac} --cancel`,
  );
}

function urlHost(host: string): string {
  return host.includes(":") ? `[${host}]` : host;
}

/** undefined: the board keeps what it has. */
async function configOf(options: FlashOptions, port: string): Promise<DeviceConfig | undefined> {
  const { ssid, server, secret, keepConfig } = options;
  if (keepConfig) {
    if (ssid === undefined && server === undefined) return undefined;
    throw new CommandError("--keep-config leaves Wi-Fi and server as they are: leave out --ssid and --server");
  }
  if (server === undefined) {
    throw new CommandError("--server says where the board finds its server, as 192.168.1.10:1883 (or --keep-config)");
  }
  checkServer(server.host, port.includes(":"));
  checkText("--ssid", ssid ?? "", SSID_MAX_BYTES);
  checkText("--secret", secret ?? "", CONFIG_TEXT_MAX_BYTES);
  const passphrase = ssid === undefined ? "" : await passphraseOf(options);
  checkText("the passphrase", passphrase, CONFIG_TEXT_MAX_BYTES);
  return {
    ssid: ssid ?? "",
    passphrase,
    serverHost: server.host,
    serverPort: server.port,
    secret: secret ?? newSecret(),
    product: new Map(),
  };
}

async function passphraseOf({ ssid, passphrase }: FlashOptions): Promise<string> {
  const given = passphrase ?? process.env[PASSPHRASE_VARIABLE];
  if (given !== undefined) return given;
  if (process.stdin.isTTY) return readSecret(`passphrase of ${ssid} (empty: an open network): `);
  throw new CommandError(`the passphrase of ${ssid}: set ${PASSPHRASE_VARIABLE}, empty for an open network`);
}
