/** `lintel update`: an image onto a device by way of the server, and what becomes of it. */
import { setTimeout as sleep } from "node:timers/promises";
import type { Command } from "commander";
import { TRIAL_ATTEMPTS, TRIAL_DEADLINE_MS } from "../../runtime/contract/slot-record.ts";
import { UpdateFailure } from "../../runtime/contract/update-messages.ts";
import { checkImage, imageIdText } from "../../runtime/image/image-header.ts";
import { ApiClient, ApiError, type UpdateStatus } from "../client/api-client.ts";
import { failureText, namedFailureText } from "../image/failure-texts.ts";
import { inspectFile } from "../image/inspect-image.ts";
import { CommandError } from "./command-error.ts";
import { readBytes, shown } from "./command-files.ts";
import { parseDuration, parseUrl } from "./option-values.ts";
import { DEFAULT_HOST, DEFAULT_HTTP_PORT } from "./serve-command.ts";

const POLL_MS = 500;
/** The time that a program on trial has to confirm itself, all starts together. */
const TRIAL_MIN = (TRIAL_ATTEMPTS * TRIAL_DEADLINE_MS) / 60_000;
/** That, and a download. */
const DEFAULT_TIMEOUT_S = (TRIAL_MIN + 5) * 60;

interface UpdateOptions {
  server: URL;
  device: string;
  image: string;
  retry: boolean;
  wait: boolean;
  timeout: number;
  json: boolean;
}

export function addUpdateCommand(program: Command): void {
  program
    .command("update")
    .description("have a device run an image: upload it, offer it, and wait until it is confirmed there")
    .option(
      "--server <url>",
      "API of a running server",
      parseUrl,
      new URL(`http://${DEFAULT_HOST}:${DEFAULT_HTTP_PORT}`),
    )
    .requiredOption("--device <mac>", "the device, twelve hex digits")
    .requiredOption("--image <file>", "a signed image")
    .option("--retry", "even if the image has failed on this device before", false)
    .option("--no-wait", "end as soon as the server has taken the order")
    .option("--timeout <s>", "wait no longer than this for the device", parseDuration, DEFAULT_TIMEOUT_S)
    .option("--json", "end with one line of JSON; progress goes to standard error", false)
    .action(update);
}

async function update(options: UpdateOptions): Promise<void> {
  const { server, device, retry, json } = options;
  if (!/^[0-9a-f]{12}$/.test(device)) {
    throw new CommandError(
      `--device takes 12 lowercase hex digits, not "${device}": see ${server.origin}/api/v1/devices`,
    );
  }
  const image = readSigned(options.image);
  const id = imageIdText(image);
  const say = json ? console.error : console.log;
  const api = new ApiClient(server);
  const { online } = await api.device(device);
  const { product, version } = await api.uploadImage(image);
  const ordered = await api.setDesiredImage(device, id, retry);
  say(`${product} ${version} (image ${id}) is offered to ${device}`);
  if (!online) say("the device is offline; it hears of it when it is back");
  const end = options.wait ? await watch(api, options, id, say) : { state: ordered.state, failure: null };
  const isGood = !options.wait || end.state === "confirmed";
  if (!isGood) process.exitCode = 1;
  if (json) {
    const reason = end.failure === null ? null : namedFailureText(end.failure);
    console.log(JSON.stringify({ device, image: id, state: end.state, failure: end.failure, reason }));
  } else if (options.wait) {
    if (isGood) console.log(`${device} runs ${product} ${version} and has confirmed it`);
    else console.error(`lintel: ${giveUpText(end, device)}`);
  }
}

function readSigned(file: string): Uint8Array {
  const image = readBytes(file);
  const fault = checkImage(image);
  if (fault !== UpdateFailure.None) throw new CommandError(`${shown(file)} is no image to send: ${failureText(fault)}`);
  if (inspectFile(image).keyId === null) {
    throw new CommandError(
      `${shown(file)} is not signed, so no device takes it: lintel image sign ${shown(file)} --key KEY`,
    );
  }
  return image;
}

interface End {
  state: string;
  failure: string | null;
}

/** Until the device runs the image and has confirmed it, has given it up, or the time is over. */
async function watch(api: ApiClient, options: UpdateOptions, id: string, say: (line: string) => void): Promise<End> {
  const deadline = performance.now() + options.timeout * 1000;
  let told = "";
  for (;;) {
    const status = await api.update(options.device).catch((error: unknown) => {
      // A server that is being restarted comes back.
      if (error instanceof ApiError && performance.now() < deadline) return undefined;
      throw error;
    });
    if (status !== undefined) {
      const line = progressOf(status, id);
      if (line !== undefined && line !== told) say(line);
      told = line ?? told;
      const end = endOf(status, id);
      if (end !== undefined) return end;
    }
    if (performance.now() > deadline) return { state: "timeout", failure: null };
    await sleep(POLL_MS);
  }
}

function endOf({ running, trial, desired, givenUp, history }: UpdateStatus, id: string): End | undefined {
  const last = history.filter(({ image }) => image === id).at(-1);
  // What a device runs, and whether on trial, is as of its last hello; it confirms after that.
  if (running === id && (!trial || last?.state === "confirmed")) return { state: "confirmed", failure: null };
  if (desired !== id) return { state: "replaced", failure: null };
  if (!givenUp) return undefined;
  return { state: last?.state ?? "failed", failure: last?.failure ?? null };
}

function progressOf({ history }: UpdateStatus, id: string): string | undefined {
  const last = history.at(-1);
  if (last?.image !== id) return undefined;
  if (last.state === "restarting") {
    return `restarting: the new program is on trial, and given up unless it reaches the server within ${TRIAL_MIN} minutes`;
  }
  if (last.percent === null) return last.state;
  const why = last.failure === null ? "" : ` without the patch: ${namedFailureText(last.failure)}`;
  return `${last.state} ${last.percent} %${why}`;
}

function giveUpText({ state, failure }: End, device: string): string {
  switch (state) {
    case "timeout":
      return `${device} has not confirmed the image yet; the order stands, see its /update in the API`;
    case "replaced":
      return `another order for ${device} has replaced this one`;
    case "rolled-back":
      return `${device} has tried the image and went back: ${namedFailureText(failure)}`;
    default:
      return `${device} refuses the image: ${namedFailureText(failure)}`;
  }
}
