/** `lintel sim`: virtual boards, in real time against a running server, or days of them in virtual time. */
import { randomInt } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import type { Command } from "commander";
import type { Flash } from "../../runtime/board/flash.ts";
import { SeededRandom } from "../../runtime/board/random.ts";
import { RealTime } from "../../runtime/board/real-time.ts";
import { TcpNetwork } from "../../runtime/board/tcp-network.ts";
import { CONFIG_TEXT_MAX_BYTES } from "../../runtime/contract/config-record.ts";
import { LogLevel, NO_PIN } from "../../runtime/contract/host-abi.ts";
import { DEFAULT_BOARD, flashRegionBytes, readBoard } from "../build/board.ts";
import type { Board } from "../build/board-schema.ts";
import type { Engine } from "../build/compile-program.ts";
import { type PinPlan, type PinWishes, planPins } from "../build/pin-plan.ts";
import { readProduct } from "../build/product.ts";
import { ApiClient } from "../client/api-client.ts";
import { buildBoardImages } from "../image/board-images.ts";
import { boardsInFlash } from "../image/flash-board.ts";
import { publicPoint, readKey } from "../image/keys.ts";
import { explainLogLine } from "../monitor/log-text.ts";
import {
  type BarrierPins,
  CounterFleet,
  DEVICES_MAX,
  type FleetOptions,
  fleetMacs,
  SHOP_WIFI,
} from "../sim/counter-fleet.ts";
import { FlashFolder } from "../sim/flash-folder.ts";
import { checkKeptEngine } from "../sim/kept-engine.ts";
import { tallyReadings } from "../sim/tally.ts";
import { VirtualShop } from "../sim/virtual-shop.ts";
import { apiBeside, type Place, registerBoards } from "./board-credentials.ts";
import { boardOption, pinOption } from "./board-options.ts";
import { checkCableOptions } from "./cable-options.ts";
import { ChipWatch, describeChip } from "./chip-watch.ts";
import { CommandError } from "./command-error.ts";
import { checkText } from "./contents-options.ts";
import { withPlace } from "./device-create-commands.ts";
import { parseAddress, parseCount, parseDuration, parseEngine, parseTcpPort, parseUrl } from "./option-values.ts";
import { reachServer } from "./reach-server.ts";
import { DEFAULT_HOST, DEFAULT_MQTT_PORT } from "./serve-command.ts";
import { simulateOnCable } from "./sim-cable.ts";
import { StopRequest } from "./stop-request.ts";

const HOUR_MS = 3_600_000;

interface SimOptions extends Place {
  engine: Engine;
  board?: string;
  pin: PinWishes;
  devices: number;
  first: number;
  server?: { host: string; port: number };
  api?: URL;
  seconds?: number;
  virtualHours?: number;
  data?: string;
  period: number;
  interval: number;
  seed: number;
  flash?: string;
  key?: string;
  secret?: string;
  stranger: boolean;
  profile: boolean;
  trace?: string;
  serial?: number;
  json: boolean;
}

export function addSimCommand(program: Command): void {
  const command = program
    .command("sim")
    .description("run virtual boards: counters at the doors of a virtual shop, or another program with nobody around")
    .argument("[program]", "folder of the program", "firmware/counter")
    .option("--engine <engine>", "wasm, or lx106: machine code on an emulated chip", parseEngine, "wasm")
    .addOption(
      boardOption("boards with this flash, this id and these pins (default: generic, pins from the configuration)"),
    )
    .addOption(pinOption())
    .option(
      "--devices <n>",
      "how many boards; every second one has two barriers, if it has a pin for the second",
      parseCount(1, DEVICES_MAX),
      1,
    )
    .option(
      "--first <n>",
      "number of the first board, which ends its MAC address; one that no other sim at the server has",
      parseCount(1, DEVICES_MAX),
      1,
    )
    .option(
      "--server <host:port>",
      `MQTT listener of a running server (default: ${DEFAULT_HOST}:${DEFAULT_MQTT_PORT})`,
      parseAddress,
    )
    .option("--api <url>", "API of the server (default: port 8080, if --server has port 1883)", parseUrl)
    .option(
      "--seconds <s>",
      "close the doors after this time (default: at Ctrl-C); the last counts take one period more",
      parseDuration,
    )
    .option(
      "--virtual-hours <h>",
      "virtual time instead, with a server inside: so many hours in seconds",
      parseDuration,
    )
    .option("--data <folder>", "with --virtual-hours: keep the server's data there")
    .option("--period <s>", "one count each so many seconds", parseCount(1), 60)
    .option("--interval <s>", "mean time between two visitors at one door, seconds", parseDuration, 20)
    .option("--seed <n>", "the same seed gives the same visitors", parseCount(0), 1)
    .option("--flash <folder>", "keep the boards' flash there from one run to the next")
    .option(
      "--secret <text>",
      "what new boards show the server: a claim token, or of one board a claim code (default: secrets of their own, told to the server)",
    )
    .option("--stranger", "new boards show nothing: they wait for lintel devices approve", false)
    .option("--key <file>", "new boards trust this public key too, so that lintel update can send them your images")
    .option(
      "--serial <tcp:port>",
      "one blank board on a serial cable instead, served on this port of 127.0.0.1 (RFC 2217)",
      parseTcpPort,
    )
    .option("--profile", "with lx106: say which functions take the time", false)
    .option("--trace <file>", "with lx106: write the first 200,000 instructions to a file")
    .option("--json", "end with one line of JSON; log to standard error", false);
  withPlace(command).action(async (path: string, options: SimOptions) => {
    if (options.serial !== undefined) checkCableOptions(command);
    checkSecret(options);
    const log = options.json ? console.error : console.log;
    const board = readBoard(options.board ?? DEFAULT_BOARD);
    const plan = planPins(path, board, options.pin);
    for (const warning of plan.warnings) log(`warning: ${warning}`);
    if (options.serial !== undefined) {
      const { serial: serialPort, seed, interval, seconds } = options;
      const cable = { board, plan, serialPort, seed, meanIntervalMs: interval * 1000, log };
      const result = await simulateOnCable({ ...cable, ...(seconds === undefined ? {} : { seconds }) });
      if (options.json) console.log(JSON.stringify(result));
      process.exit(0);
    }
    if (options.first + options.devices - 1 > DEVICES_MAX)
      throw new CommandError(`boards have the numbers 1 to ${DEVICES_MAX}: give a lower --first, or fewer --devices`);
    const server = options.server ?? { host: DEFAULT_HOST, port: DEFAULT_MQTT_PORT };
    if (options.virtualHours === undefined) await reachServer(server);
    else if (options.flash !== undefined && options.data === undefined) {
      throw new CommandError(
        "boards that remember need a server that does: with --flash, --virtual-hours takes --data",
      );
    }
    const flashes = options.flash === undefined ? undefined : new FlashFolder(options.flash);
    const trusted = options.key === undefined ? [] : [publicPoint(readKey(options.key))];
    const images = await buildBoardImages(path, options.engine, { trusted, board: board.id, pins: plan.pins });
    const watch = new ChipWatch(images, options);
    const isNew = (mac: string) => flashes?.has(mac) !== true;
    // Of boards that show something else, or nothing, the server is not told.
    const isTold = options.virtualHours === undefined && options.secret === undefined && !options.stranger;
    const api = isTold ? (options.api ?? apiBeside(server)) : undefined;
    const secrets = await registerBoards(api, fleetMacs(options.devices, options.first).filter(isNew), options);
    const pins = options.board === undefined && options.pin.size === 0 ? undefined : barrierPins(plan);
    const shop = {
      program: images,
      board: { id: board.id, regionBytes: flashRegionBytes(board) },
      ...(pins === undefined ? {} : { pins }),
      flashOf: (mac: string, makeNew: () => Flash) => {
        const flash = flashes?.open(mac, makeNew) ?? makeNew();
        checkKeptEngine(flash, options.engine, `${mac} in ${options.flash}`);
        return checkBoard(flash, board, `${mac} in ${options.flash}`);
      },
      secretOf: (mac: string) => options.secret ?? secrets.get(mac) ?? "",
      devices: options.devices,
      first: options.first,
      isOther: (readProduct(path)?.name ?? "counter") !== "counter",
      periodS: options.period,
      meanIntervalMs: options.interval * 1000,
      log: (mac: string, level: LogLevel, text: string) =>
        log(`${mac} ${LogLevel[level]?.toLowerCase()}: ${explainLogLine(text)}`),
    };
    const result =
      options.virtualHours === undefined
        ? await simulateInRealTime(shop, server, options, log, watch)
        : await simulateVirtually(shop, options.virtualHours, options, watch);
    flashes?.close();
    await watch.close();
    if (options.json) console.log(JSON.stringify(result));
    else {
      for (const [name, value] of Object.entries(result)) {
        if (typeof value !== "object") console.log(`${name}: ${value}`);
      }
      for (const line of describeChip(result)) console.log(line);
    }
  });
}

function checkSecret({ secret, stranger, virtualHours, api }: SimOptions): void {
  if (secret !== undefined) checkText("--secret", secret, CONFIG_TEXT_MAX_BYTES);
  if (secret === undefined && !stranger) return;
  if (secret !== undefined && stranger) throw new CommandError("take one of --secret and --stranger");
  const option = stranger ? "--stranger" : "--secret";
  if (virtualHours !== undefined)
    throw new CommandError(`the server of --virtual-hours takes boards as they come: leave out ${option}`);
  if (api !== undefined)
    throw new CommandError(`with ${option} the server is not told of the boards: leave out --api, or that`);
}

type Shop = Omit<FleetOptions, "time" | "random" | "network" | "server" | "boardRandom" | "engine">;

/** The flash, unless it has programs that this board would refuse. */
function checkBoard(flash: Flash, board: Board, whose: string): Flash {
  const other = boardsInFlash(flash).find((id) => id !== board.id);
  if (other === undefined) return flash;
  throw new CommandError(
    `${whose} runs a program for board ${other}, and ${board.name} is board ${board.id}: ` +
      "give the --board of the run before, or name another folder",
  );
}

/** Undefined: the program declares no barriers, so doors are wired as the configuration has it. */
function barrierPins({ pins }: PinPlan): BarrierPins | undefined {
  const [outer, inner] = [pins.get("barrierA"), pins.get("barrierB")];
  if (outer === undefined) return undefined;
  return inner === undefined || inner === NO_PIN ? { outer } : { outer, inner };
}

async function simulateInRealTime(
  shop: Shop,
  server: { host: string; port: number },
  options: SimOptions,
  log: (line: string) => void,
  watch: ChipWatch,
) {
  const time = new RealTime();
  const fleet = new CounterFleet({
    ...shop,
    time,
    random: new SeededRandom(options.seed),
    boardRandom: freshRandom(),
    network: () => new TcpNetwork({ time, accessPoint: SHOP_WIFI }),
    server,
  });
  fleet.start();
  log(
    `${options.devices} virtual ${options.devices === 1 ? "board talks" : "boards talk"} to ${server.host}:${server.port}`,
  );
  await new StopRequest().wait(options.seconds);
  fleet.closeDoors();
  const lastS = fleet.longestPeriodS;
  log(`doors closed; waiting ${lastS} s for the last counts, Ctrl-C once more ends at once`);
  // The last visitors' period has to end, and its count to be acknowledged.
  await sleep((lastS + 2) * 1000);
  const chip = watch.figures(fleet.members.map(({ device }) => device));
  fleet.stop();
  return { devices: options.devices, visitorsSimulated: fleet.visitors, ...chip };
}

async function simulateVirtually(shop: Shop, hours: number, options: SimOptions, watch: ChipWatch) {
  const startedMs = performance.now();
  const virtual = await VirtualShop.open({
    ...shop,
    seed: options.seed,
    startUnixMs: Math.floor(Date.now() / HOUR_MS) * HOUR_MS - hours * HOUR_MS,
    ...(options.data === undefined ? {} : { dataDir: options.data, boardRandom: freshRandom() }),
  });
  try {
    const api = new ApiClient(new URL(virtual.server.url));
    const before = await tallyReadings(api);
    await virtual.run(hours * HOUR_MS);
    const simulatedMs = performance.now() - startedMs;
    const after = await tallyReadings(api);
    const visitorsSimulated = virtual.fleet.visitors;
    // What the folder held before this run is not this run's.
    const visitorsCounted = after.visitorsCounted - before.visitorsCounted;
    const duplicates = after.duplicates - before.duplicates;
    const lost = after.lost - before.lost;
    if (visitorsCounted !== visitorsSimulated || duplicates !== 0 || lost !== 0) {
      process.exitCode = 1;
      console.error(
        visitorsCounted === 0
          ? "no visitor was counted: the doors of this shop expect a program as firmware/counter"
          : "what was counted is not what passed the doors",
      );
    }
    return {
      devices: options.devices,
      visitorsSimulated,
      visitorsCounted,
      readingsStored: after.readingsStored - before.readingsStored,
      duplicates,
      lost,
      virtualHours: hours,
      realSeconds: Number((simulatedMs / 1000).toFixed(2)),
      ...watch.figures(virtual.fleet.members.map(({ device }) => device)),
    };
  } finally {
    await virtual.close();
  }
}

/** Boards that a server may know already: each run of them is one of its own, only the visitors repeat. */
function freshRandom(): SeededRandom {
  return new SeededRandom(randomInt(2 ** 31));
}
