/** What goes onto a board, as the commands take it that put it there: host, image, key, server. */
import { existsSync } from "node:fs";
import { type Command, Option } from "commander";
import type { DeviceConfig } from "../../runtime/board/config-image.ts";
import { CONFIG_TEXT_MAX_BYTES } from "../../runtime/contract/config-record.ts";
import { FLASH_REGION_CHIP_OFFSET } from "../../runtime/contract/flash-map.ts";
import { emulatedHostImage } from "../../runtime/esp8266/device/emulated-host.ts";
import type { Board } from "../build/board-schema.ts";
import { type PinWishes, planPins } from "../build/pin-plan.ts";
import { readFile } from "../build/read-file.ts";
import { FlashError } from "../flash/flash-error.ts";
import type { FlashContents } from "../flash/flash-plan.ts";
import { type ContentsOptions, prepareContents } from "../flash/prepare-contents.ts";
import { keyFiles, newKey, readKey, readPrivateKey, writeKey } from "../image/keys.ts";
import { pinOption } from "./board-options.ts";
import { CommandError } from "./command-error.ts";
import { readBytes, shown } from "./command-files.ts";

const KEY_NAME = "lintel";
const HOST_FOLDER = "runtime/native";
/** For boards of lintel sim --serial. */
const EMULATED_HOST = "emulated";
const LOOPBACK = /^(localhost$|127\.|::1$)/;

/** What the options below choose, with those for the board. */
export interface ContentsChoice {
  pin: PinWishes;
  image?: string;
  host?: string;
  key?: string;
}

export function addContentsOptions(command: Command): Command {
  return command
    .addOption(pinOption())
    .option("--image <file>", "a signed image in place of the program's sources")
    .addOption(hostOption())
    .addOption(keyOption());
}

/** Builds, signs and checks it all. */
export function makeContents(
  path: string,
  board: Board,
  choice: ContentsChoice,
  config: DeviceConfig | undefined,
  say: (line: string) => void,
): Promise<FlashContents> {
  const { pins, warnings } = planPins(path, board, choice.pin);
  for (const warning of warnings) console.error(`lintel: warning: ${warning}`);
  if (choice.image === undefined) say(`building ${path} for ${board.title}`);
  return prepareContents({
    board,
    host: readHost(choice.host, board),
    key: keyOf(choice, say),
    program: choice.image === undefined ? { path, pins } : imageOf(choice.image),
    ...(config === undefined ? {} : { config }),
  });
}

function hostOption(): Option {
  const text = `the host, firmware.bin, or "${EMULATED_HOST}" (default: what PlatformIO made in ${HOST_FOLDER})`;
  return new Option("--host <file>", text);
}

function keyOption(): Option {
  const text = `key that signs, and that the board will trust (default: ${KEY_NAME}.key.pem, made if not there)`;
  return new Option("--key <file>", text);
}

function imageOf(file: string): Extract<ContentsOptions["program"], { image: Uint8Array }> {
  return { name: shown(file), image: readBytes(file) };
}

export function readHost(file: string | undefined, board: Board): ContentsOptions["host"] {
  if (file === EMULATED_HOST) return { name: "the emulated host", bytes: emulatedHostImage() };
  const path = file ?? `${HOST_FOLDER}/.pio/build/flash${board.flash.sizeMiB}m/firmware.bin`;
  if (file === undefined && !existsSync(path)) {
    throw new FlashError(
      `there is no host for this board yet (${path}): make it once with ` +
        `pio run -d ${HOST_FOLDER} -e flash${board.flash.sizeMiB}m, or name one with --host`,
    );
  }
  return { name: shown(path), bytes: readFile(path, FLASH_REGION_CHIP_OFFSET, "that is no host") };
}

function keyOf({ key, image }: { key?: string; image?: string }, say: (line: string) => void) {
  if (key !== undefined) return image === undefined ? readPrivateKey(key) : readKey(key);
  const files = keyFiles(KEY_NAME);
  if (existsSync(files.privateFile)) return readPrivateKey(files.privateFile);
  if (image !== undefined) throw new CommandError("--key names the public key that the image was signed for");
  const made = newKey();
  writeKey(made, files);
  say(`${files.privateFile} is new: it signs what your boards run. Keep a copy: without it they take no update`);
  return made;
}

/** `isEmulated`: the board runs on this machine, so the machine's own address leads somewhere. */
export function checkServer(host: string, isEmulated: boolean): void {
  if (LOOPBACK.test(host) && !isEmulated) {
    throw new CommandError(
      `${host} is the board itself, to a board: name the server by its address in the network, as 192.168.1.10`,
    );
  }
  checkText("--server", host, CONFIG_TEXT_MAX_BYTES);
}

export function checkText(what: string, text: string, maxBytes: number): void {
  const sizeBytes = Buffer.byteLength(text);
  if (sizeBytes > maxBytes) throw new CommandError(`${what} takes ${sizeBytes} bytes, more than ${maxBytes}`);
}

export function isEmulatedHost(file: string | undefined): boolean {
  return file === EMULATED_HOST;
}
