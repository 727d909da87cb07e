/** `lintel demo`: the whole product in one command. */
import type { Command } from "commander";
import type { Engine } from "../build/compile-program.ts";
import { CommandError } from "../cli/command-error.ts";
import { parseCount, parseDuration, parseEngine, parseMoment } from "../cli/option-values.ts";
import { DEFAULT_HOST, DEFAULT_HTTP_PORT, DEFAULT_MQTT_PORT } from "../cli/serve-command.ts";
import { StopRequest } from "../cli/stop-request.ts";
import { DEVICES_MAX } from "../sim/counter-fleet.ts";
import { type DemoResult, type Disturbance, isComplete, runDemo } from "./demo.ts";
import { freePort } from "./free-port.ts";

const DEFAULT_CUT_S = 5;

interface DemoCommandOptions {
  seconds?: number;
  engine: Engine;
  devices: number;
  seed: number;
  restartServerAt?: number;
  killServerAt?: number;
  cutNetworkAt?: number;
  for?: number;
  json: boolean;
}

export function addDemoCommand(program: Command): void {
  program
    .command("demo")
    .description("a server, a shop of virtual counters, and the proof that nobody was lost")
    .option("--seconds <s>", "close the doors after this time (default: at Ctrl-C)", parseDuration)
    .option("--engine <engine>", "wasm, or lx106: machine code on an emulated chip", parseEngine, "wasm")
    .option("--devices <n>", "how many counters", parseCount(1, DEVICES_MAX), 6)
    .option("--seed <n>", "the same seed gives the same visitors", parseCount(0), 1)
    .option("--restart-server-at <s>", "stop the server and start it again", parseMoment)
    .option("--kill-server-at <s>", "kill the server (SIGKILL) and start it again", parseMoment)
    .option("--cut-network-at <s>", "cut the devices' network", parseMoment)
    .option("--for <s>", `how long it stays cut (default: ${DEFAULT_CUT_S})`, parseDuration)
    .option("--json", "end with one line of JSON; everything else goes to standard error", false)
    .action(async (options: DemoCommandOptions) => {
      const stop = new StopRequest();
      const host = DEFAULT_HOST;
      const result = await runDemo({
        host,
        mqttPort: await freePort(host, DEFAULT_MQTT_PORT),
        httpPort: await freePort(host, DEFAULT_HTTP_PORT),
        engine: options.engine,
        devices: options.devices,
        seed: options.seed,
        terminal: options.json ? process.stderr : process.stdout,
        untilClosing: () => stop.wait(options.seconds),
        disturbances: disturbances(options),
      });
      console.log(options.json ? JSON.stringify(result) : summary(result));
      if (!isComplete(result)) process.exitCode = 1;
    });
}

function disturbances(options: DemoCommandOptions): Disturbance[] {
  if (options.for !== undefined && options.cutNetworkAt === undefined) {
    throw new CommandError("--for says how long the network stays cut: it goes with --cut-network-at");
  }
  const late = Math.max(options.restartServerAt ?? 0, options.killServerAt ?? 0, options.cutNetworkAt ?? 0);
  if (options.seconds !== undefined && late >= options.seconds) {
    throw new CommandError(`${late} s is after the end: --seconds ${options.seconds}`);
  }
  const forS = options.for ?? DEFAULT_CUT_S;
  const all: Array<[Disturbance["kind"], number | undefined]> = [
    ["restart", options.restartServerAt],
    ["kill", options.killServerAt],
    ["cut", options.cutNetworkAt],
  ];
  return all.flatMap(([kind, atS]) => (atS === undefined ? [] : [{ kind, atS, forS }]));
}

function summary(result: DemoResult): string {
  const { visitorsSimulated, visitorsCounted, readingsStored, duplicates, lost } = result;
  return [
    "",
    `${visitorsSimulated} visitors passed, ${visitorsCounted} were counted.`,
    `${readingsStored} readings stored, ${duplicates} of them twice, ${lost} lost.`,
  ].join("\n");
}
