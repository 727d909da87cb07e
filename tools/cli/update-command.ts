/** `lintel update`: an image onto a device by way of the server, and what becomes of it. */
import { setTimeout as sleep } from "node:timers/promises";
import type { Command } from "commander";
import { UpdateFailure } from "../../runtime/contract/update-messages.ts";
import { checkImage, imageIdText } from "../../runtime/image/image-header.ts";
import {
  type ApiClient,
  ApiError,
  type Device,
  type RegisteredDevice,
  type StoredImage,
  type UpdateStatus,
} from "../client/api-client.ts";
import { failureText } from "../image/failure-texts.ts";
import { inspectFile } from "../image/inspect-image.ts";
import { CommandError } from "./command-error.ts";
import { readBytes, shown } from "./command-files.ts";
import { parseDevice } from "./device-name.ts";
import { parseDuration } from "./option-values.ts";
import { apiOf, withServer } from "./server-options.ts";
import { EXIT_INTERRUPTED, StopRequest } from "./stop-request.ts";
import { type OrderEnd, OrderWatch, POLL_MS, TRIAL_MIN } from "./update-watch.ts";
import { isUserError } from "./user-errors.ts";

/** A trial, and a download. */
const DEFAULT_TIMEOUT_S = (TRIAL_MIN + 5) * 60;

interface UpdateOptions {
  server: URL;
  device: string;
  organisation?: string;
  image?: string;
  cancel: boolean;
  retry: boolean;
  wait: boolean;
  timeout: number;
  json: boolean;
}

/** What --json ends with. */
interface UpdateReport extends OrderEnd {
  device: string;
  image: string | null;
  imageBytes: number | null;
}

export function addUpdateCommand(program: Command): void {
  withServer(program.command("update"))
    .description("have a device run an image: upload it, offer it, and wait until it is confirmed there")
    .requiredOption("--device <mac>", "the device, by MAC address or slug")
    .option("--image <file>", "a signed image")
    .option("--cancel", "want no image of it any more; what it has begun goes on", false)
    .option("--organisation <slug>", "where the image is kept (default: where the device is)")
    .option("--retry", "even if it is the image that failed on this device last; it remembers no other", false)
    .option("--no-wait", "end as soon as the server has taken the order")
    .option("--timeout <s>", "wait no longer than this for the device", parseDuration, DEFAULT_TIMEOUT_S)
    .option("--json", "end with one line of JSON; progress goes to standard error", false)
    .action(update);
}

async function update(options: UpdateOptions): Promise<void> {
  const { device, json } = options;
  const report: UpdateReport = {
    ...{ device, image: null, imageBytes: null, offered: null },
    ...{ state: "error", failure: null, reason: null },
  };
  try {
    await carryOut(options, report);
  } catch (error) {
    if (isUserError(error)) throw new CommandError(error.message, { ...report, reason: error.message });
    throw error;
  }
  const { state, reason } = report;
  if (reason !== null) {
    console.error(`lintel: ${reason}`);
    process.exitCode = 1;
  }
  if (json) console.log(JSON.stringify(report));
  // A question to the server may be open.
  if (state === "interrupted") process.exit(EXIT_INTERRUPTED);
}

async function carryOut(options: UpdateOptions, report: UpdateReport): Promise<void> {
  const { server, retry, json, image: file } = options;
  const deadlineMs = performance.now() + options.timeout * 1000;
  const say = json ? console.error : console.log;
  const mac = parseDevice(options.device);
  report.device = mac;
  if (options.cancel === (file !== undefined))
    throw new CommandError("say --image FILE, or --cancel to want none any more");
  if (file === undefined) return cancel(apiOf(server), mac, report, say);
  const bytes = readSigned(file);
  const image = imageIdText(bytes);
  Object.assign(report, { image, imageBytes: bytes.length });
  const api = apiOf(server);
  const device = await findDevice(api, { ...options, device: mac }, deadlineMs, say);
  const stored = await api.uploadImage(bytes, options.organisation ?? (await organisationOf(api, device)));
  // From here on Ctrl-C ends the wait, not the order.
  const stop = new StopRequest();
  const status = await setDesired(api, device, stored, retry);
  say(`${mac} is to run ${stored.product} ${stored.version}: image ${image}, ${bytes.length} bytes`);
  if (!status.online) say("the device is offline; it hears of it when it is back");
  const url = new URL(`/api/v1/devices/${mac}/update`, server);
  const watch = new OrderWatch(api, { device, image, imageBytes: bytes.length, retry, status, url }, say);
  Object.assign(report, options.wait ? await watch.wait(options.timeout, deadlineMs, stop.signal) : watch.present);
  if (report.state === "confirmed") say(`${mac} runs ${stored.product} ${stored.version} and has confirmed it`);
}

async function cancel(api: ApiClient, mac: string, report: UpdateReport, say: (line: string) => void): Promise<void> {
  const { desired } = await api.update(mac);
  await api.clearDesiredImage(mac);
  Object.assign(report, { image: desired, state: "cancelled" });
  say(desired === null ? `no image was wanted of ${mac}` : `image ${desired} is wanted of ${mac} no more`);
}

/** Where the device is; undefined: in none yet, and the server takes the only one where one may. */
async function organisationOf(api: ApiClient, { project }: RegisteredDevice): Promise<string | undefined> {
  return project === null ? undefined : (await api.people.project(project)).organisation;
}

/** A board that was just powered may not have said hello yet. */
async function findDevice(
  api: ApiClient,
  { server, device, wait }: UpdateOptions,
  deadlineMs: number,
  say: (line: string) => void,
): Promise<RegisteredDevice> {
  for (let isFirst = true; ; isFirst = false) {
    try {
      return await api.registered(device);
    } catch (error) {
      const isUnknown = error instanceof ApiError && error.code === "deviceUnknown";
      if (!isUnknown || !wait || performance.now() > deadlineMs) throw error;
      if (isFirst) say(`no device ${device} has said hello yet, waiting for it; see ${server.origin}/api/v1/devices`);
    }
    await sleep(POLL_MS);
  }
}

async function setDesired(api: ApiClient, device: Device, image: StoredImage, retry: boolean): Promise<UpdateStatus> {
  try {
    return await api.setDesiredImage(device.mac, image.id, retry);
  } catch (error) {
    if (!(error instanceof ApiError) || error.code !== "imageUnsuitable" || device.product === null) throw error;
    throw new CommandError(
      `${device.mac} is a ${device.product}, and the image is for product ${image.product}: ` +
        `pack it with lintel image pack --product ${device.product}`,
    );
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
