/** `lintel rollout`: a release onto many devices, in groups; what becomes of it, and what people do about it. */

import { setTimeout as sleep } from "node:timers/promises";
import { type Command, InvalidArgumentError } from "commander";
import * as Type from "typebox/type";
import { readJson } from "../build/json-file.ts";
import type { RolloutClient, RolloutStatus } from "../client/rollout-client.ts";
import { CommandError } from "./command-error.ts";
import { parseDevices } from "./device-name.ts";
import { parseCount, parseDuration } from "./option-values.ts";
import { clientOf, findRelease, withCommon } from "./release-command.ts";
import { type PlanOptions, parseCanary, parseLimit, parseSteps, parseWindow, planOf } from "./rollout-options.ts";
import { deviceRows, dryRunLines, noReturnLine, progressLine, showRollout } from "./rollout-show.ts";
import { EXIT_INTERRUPTED, StopRequest } from "./stop-request.ts";
import { tableOf } from "./text-table.ts";
import { LATER_HELP, timeOption } from "./time-words.ts";

const POLL_MS = 1000;
/** Nothing happens after these unless somebody does something. */
const ENDS = ["finished", "rolled-back", "aborted", "stopped"];

interface Common {
  server: URL;
  json: boolean;
}

interface CreateOptions extends Common, PlanOptions {
  release: string;
  plan?: string;
  dryRun: boolean;
}

export function addRolloutCommand(program: Command): void {
  const rollout = program.command("rollout").description("bring a release to many devices, a few of them first");
  addCreate(rollout);
  withCommon(rollout.command("list"))
    .description("rollouts, the newest first")
    .action(async (options: Common) => {
      const all = await clientOf(options).rollouts.rollouts();
      if (options.json) return void console.log(JSON.stringify(all));
      const rows = all.map((one) => [String(one.id), one.name, one.version, one.state, progressLine(one)]);
      console.log(tableOf(["ID", "NAME", "RELEASE", "STATE", "DEVICES"], rows));
    });
  withCommon(rollout.command("show"))
    .description("one rollout: its groups, its plan, and devices that need a look")
    .argument("<rollout>", "its number", parseCount(1))
    .action(async (id: number, options: Common) => {
      const { rollouts } = clientOf(options);
      await show(rollouts, await rollouts.rollout(id), options.json);
    });
  withCommon(rollout.command("devices"))
    .description("devices of a rollout, and how far each is")
    .argument("<rollout>", "its number", parseCount(1))
    .option("--state <state>", "only these, as failed")
    .action(async (id: number, { state, ...options }: Common & { state?: string }) => {
      const devices = await clientOf(options).rollouts.devices(id, state);
      if (options.json) console.log(JSON.stringify(devices));
      else console.log(tableOf(["DEVICE", "GROUP", "STATE", "REASON", "BEFORE", "SINCE"], deviceRows(devices)));
    });
  withCommon(rollout.command("watch"))
    .description("follow a rollout to its end; exit code 1 unless it is finished")
    .argument("<rollout>", "its number", parseCount(1))
    .option("--timeout <s>", "no longer than this", parseDuration)
    .action((id: number, options: Common & { timeout?: number }) => watch(id, options));
  for (const [verb, text] of [
    ["start", "begin with a draft"],
    ["approve", "approve a rollout that somebody else has made"],
    ["pause", "offer the image to no further device"],
    ["resume", "go on; after a stop, what has failed so far counts no more"],
    ["abort", "end it; devices that have not begun keep what they run"],
    ["roll-back", "have devices run again what they ran before"],
  ] as const) {
    withCommon(rollout.command(verb))
      .description(text)
      .argument("<rollout>", "its number", parseCount(1))
      .action(async (id: number, options: Common) => {
        const { rollouts } = clientOf(options);
        const status = await rollouts.changeRollout(id, verb);
        console.log(options.json ? JSON.stringify(status) : `rollout ${id}: ${status.state}, ${progressLine(status)}`);
      });
  }
  withCommon(rollout.command("delete"))
    .description("delete a draft; one that was started stays, for the record")
    .argument("<rollout>", "its number", parseCount(1))
    .action(async (id: number, options: Common) => {
      await clientOf(options).rollouts.deleteRollout(id);
      console.log(options.json ? JSON.stringify({ deleted: id }) : `rollout ${id} is deleted`);
    });
  withCommon(rollout.command("approval"))
    .description("say whether rollouts need the approval of somebody else than their maker")
    .argument("<on|off>", "on, or off", parseSwitch)
    .action(async (isOn: boolean, { organisation, ...options }: Common & { organisation?: string }) => {
      const policy = await clientOf(options).rollouts.setApproval(isOn, organisation);
      console.log(options.json ? JSON.stringify(policy) : `rollouts need ${isOn ? "an" : "no"} approval`);
    });
}

function addCreate(rollout: Command): void {
  withCommon(rollout.command("create"))
    .description("make a rollout of a release, and start it")
    .requiredOption("--release <release>", "its version, or its number")
    .option("--name <text>", "for people; the release's version if not given")
    .option("--plan <file>", "JSON as the API takes it, for what no option says; options count more")
    .option("--product <name>", "devices of this product")
    .option("--board <id>", "devices with this board", parseCount(0))
    .option("--running <range>", 'devices that run a version of this range, as ">=1.2.0 <2"')
    .option("--project <id>", "devices of this project", parseCount(1))
    .option("--fleet <id>", "devices that are in this fleet now, by number or slug")
    .option("--tag <word...>", "devices that have all these tags")
    .option("--device <mac...>", "these devices, and no others", parseDevices)
    .option("--canary <size>", "first group: a number of devices, or percent, as 5%", parseCanary)
    .option("--steps <percent,...>", "percent of all devices that each later group reaches, as 25,50,100", parseSteps)
    .option(
      "--stop-above <limit>",
      "stop when more devices are bad: a number in all, or percent of a group",
      parseLimit,
    )
    .option("--lost-after <min>", "bad if not heard of for so long after its restart", parseDuration)
    .option("--soak <min>", "a group has to be good for so long before the next", parseDuration)
    .option("--at-once <n>", "devices that are at it at the same time", parseCount(1))
    .option("--rate <bytes/s>", "for all downloads together", parseCount(100))
    .option("--window <days-hours>", 'offer within these only, as "mon-fri 22:00-05:00"', parseWindow)
    .option("--zone <name>", "time zone of the windows, as Europe/Rome")
    .option("--starts <time>", `not before; ${LATER_HELP}`, timeOption())
    .option("--expires <time>", `devices that were not there until then are left alone; ${LATER_HELP}`, timeOption())
    .option("--retry", "also where the image has failed before")
    .option("--roll-back", "when it has to stop, have all devices run what they ran before")
    .option("--draft", "do not start it yet")
    .option("--dry-run", "only say which devices would be in it, and why not the others", false)
    .action((options: CreateOptions) => create(options));
}

async function create({ release, plan, dryRun, ...options }: CreateOptions): Promise<void> {
  const { rollouts } = clientOf(options);
  const { id } = await findRelease(rollouts, release);
  const read = plan === undefined ? {} : readJson(plan, Type.Object({}), "a plan of a rollout");
  const body = { release: id, ...planOf(read, options) };
  if (!dryRun) {
    const noReturn = options.rollBack === true ? noReturnLine(await rollouts.dryRun(body)) : undefined;
    if (noReturn !== undefined) console.error(`lintel: ${noReturn}`);
    return show(rollouts, await rollouts.addRollout(body), options.json);
  }
  const found = await rollouts.dryRun(body);
  if (options.json) console.log(JSON.stringify(found));
  else for (const line of dryRunLines(found)) console.log(line);
}

async function show(rollouts: RolloutClient, status: RolloutStatus, json: boolean): Promise<void> {
  if (json) return void console.log(JSON.stringify(status));
  for (const line of showRollout(status)) console.log(line);
  const states = ["failed", "lost", "stayed"].filter((state) => (status.devices[state] ?? 0) > 0);
  const devices = await Promise.all(states.map((state) => rollouts.devices(status.id, state)));
  if (states.length > 0)
    console.log(tableOf(["DEVICE", "GROUP", "STATE", "REASON", "BEFORE", "SINCE"], deviceRows(devices.flat())));
}

async function watch(id: number, { json, timeout, ...options }: Common & { timeout?: number }): Promise<void> {
  const { rollouts } = clientOf(options);
  const say = json ? console.error : console.log;
  // From here on Ctrl-C ends the view, not the rollout.
  const stop = new StopRequest();
  const deadlineMs = performance.now() + (timeout ?? Number.POSITIVE_INFINITY) * 1000;
  let told = "";
  for (;;) {
    const status = await rollouts.rollout(id);
    const line = `${status.state}, group ${status.group} of ${status.groups.length}: ${progressLine(status)}`;
    if (line !== told) say(line);
    told = line;
    if (ENDS.includes(status.state)) {
      if (status.reason !== null) say(`stopped for ${status.reason}`);
      if (json) console.log(JSON.stringify(status));
      if (status.state !== "finished") process.exitCode = 1;
      return;
    }
    if (stop.signal.aborted) process.exit(EXIT_INTERRUPTED);
    if (performance.now() > deadlineMs)
      throw new CommandError(`still ${status.state} after ${timeout} s; the rollout goes on`, status);
    await sleep(POLL_MS);
  }
}

function parseSwitch(text: string): boolean {
  if (text !== "on" && text !== "off") throw new InvalidArgumentError("on or off is expected.");
  return text === "on";
}
