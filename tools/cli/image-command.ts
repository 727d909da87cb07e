/** `lintel image`: images and patches as files. */
import { existsSync, statSync } from "node:fs";
import { join } from "node:path";
import type { Command } from "commander";
import { UpdateFailure } from "../../runtime/contract/update-messages.ts";
import { applyPatch } from "../../runtime/image/apply-patch.ts";
import { checkImage, imageIdText } from "../../runtime/image/image-header.ts";
import { makePatch } from "../../runtime/image/make-patch.ts";
import { DEFAULT_BOARD, findBoard } from "../build/board.ts";
import type { Engine } from "../build/compile-program.ts";
import { type PinWishes, planPins } from "../build/pin-plan.ts";
import { buildImage, engineOf, packMeasured, productOfFile } from "../image/build-image.ts";
import { failureText } from "../image/failure-texts.ts";
import { describeFacts, inspectFile } from "../image/inspect-image.ts";
import { publicPoint, readKey, readPrivateKey } from "../image/keys.ts";
import { signImage, verifyImage } from "../image/pack-image.ts";
import { versionInSource } from "../image/program-version.ts";
import { boardOption, pinOption } from "./board-options.ts";
import { CommandError } from "./command-error.ts";
import { readBytes, shown, writeFiles } from "./command-files.ts";
import { parseCount, parseEngine, parseVersion } from "./option-values.ts";

const U32_MAX = 0xffffffff;

interface PackOptions {
  engine?: Engine;
  product?: string;
  version?: string;
  counter: number;
  board: string;
  pin: PinWishes;
  out?: string;
  json: boolean;
}

export function addImageCommand(program: Command): void {
  const image = program.command("image").description("images: programs as devices take them, and patches between them");
  addPack(image);
  image
    .command("sign")
    .description("sign an image")
    .argument("<file>", "image")
    .requiredOption("--key <file>", "private key, as lintel.key.pem")
    .option("-o, --out <file>", "file to write (default: the image itself)")
    .option("--json", "print one line of JSON", false)
    .action((file: string, { key, out = file, json }: { key: string; out?: string; json: boolean }) => {
      const signed = signImage(readBytes(file), readPrivateKey(key));
      writeFiles([[out, signed]]);
      tell(json, { file: out, id: imageIdText(signed) }, `${shown(out)}: signed, image ${imageIdText(signed)}`);
    });
  image
    .command("verify")
    .description("check that an image is whole and signed by one of these keys")
    .argument("<file>", "image")
    .requiredOption("--key <files...>", "public keys that are trusted")
    .option("--json", "print one line of JSON", false)
    .action((file: string, { key, json }: { key: string[]; json: boolean }) => {
      const bytes = readBytes(file);
      const keys = key.map((name) => publicPoint(readKey(name)));
      const verdict = verifyImage(bytes, keys);
      if (verdict.ok) return tell(json, { file, ok: true, id: imageIdText(bytes) }, `${shown(file)}: good`);
      const reason = failureText(verdict.failure);
      const failure = UpdateFailure[verdict.failure];
      process.exitCode = 1;
      if (json) console.log(JSON.stringify({ file, ok: false, failure, reason }));
      else console.error(`lintel: ${shown(file)} is refused: ${reason}`);
    });
  image
    .command("inspect")
    .description("print what an image or a patch says of itself")
    .argument("<file>", "image or patch")
    .option("--json", "print one line of JSON", false)
    .action((file: string, { json }: { json: boolean }) => {
      const facts = inspectFile(readBytes(file));
      if (facts.fault !== null) process.exitCode = 1;
      if (json) console.log(JSON.stringify({ file, ...facts }));
      else for (const line of describeFacts(facts)) console.log(line);
      if (facts.fault !== null) console.error(`lintel: no device takes ${shown(file)}: ${facts.fault}`);
    });
  image
    .command("delta")
    .description("make a patch that turns one image into another")
    .argument("<base>", "image that devices run")
    .argument("<target>", "image that they ought to run")
    .requiredOption("-o, --out <file>", "patch to write")
    .option("--json", "print one line of JSON", false)
    .action((base: string, target: string, { out, json }: { out: string; json: boolean }) => {
      const [from, to] = [readImage(base), readImage(target)];
      const patch = makePatch(from, to);
      writeFiles([[out, patch]]);
      const sizes = { patchBytes: patch.length, targetBytes: to.length };
      tell(json, { file: out, ...sizes }, `${shown(out)}: ${patch.length} bytes instead of ${to.length}`);
    });
  image
    .command("apply")
    .description("apply a patch to the image that it starts from")
    .argument("<base>", "image")
    .argument("<patch>", "patch")
    .requiredOption("-o, --out <file>", "image to write")
    .option("--json", "print one line of JSON", false)
    .action((base: string, patch: string, { out, json }: { out: string; json: boolean }) => {
      const result = applyPatch(readImage(base), readBytes(patch));
      if (typeof result === "number") throw new CommandError(`${patch} cannot be applied: ${failureText(result)}`);
      writeFiles([[out, result]]);
      tell(json, { file: out, id: imageIdText(result) }, `${shown(out)}: image ${imageIdText(result)}`);
    });
}

function addPack(image: Command): void {
  image
    .command("pack")
    .description("make an image of a program, or of a file that lintel build wrote; it is not signed")
    .argument("<program>", "folder of the program, or a .wasm or .lx106 file")
    .option(
      "--engine <engine>",
      "wasm, or lx106: machine code of the ESP8266 (default: wasm, or the file's)",
      parseEngine,
    )
    .option("--product <name>", "product that it is for (default: the name of the folder or file)")
    .option("--version <version>", "version of the program, as 1.2.0", parseVersion)
    .option(
      "--counter <n>",
      "security counter: once a device has confirmed it, images with a lower one are refused there",
      parseCount(0, U32_MAX),
      0,
    )
    .addOption(boardOption("board that it is for, and no other takes it; also by id, 0 = any").default(DEFAULT_BOARD))
    .addOption(pinOption())
    .option("-o, --out <file>", "file to write (default: build/<product>-<version>-<engine>.image)")
    .option("--json", "print one line of JSON", false)
    .action(pack);
}

async function pack(path: string, options: PackOptions): Promise<void> {
  const { engine, product, version, counter, pin, json } = options;
  if (version === undefined) {
    throw new CommandError("an image has a version: add --version, as --version 1.2.0; name the same in the program");
  }
  const board = findBoard(options.board);
  const identity = { version, securityCounter: counter, board: board.id };
  let bytes: Uint8Array;
  if (isPayload(path)) {
    if (pin.size > 0) throw new CommandError(`${path} is compiled already: give --pin to lintel build`);
    const payload = readBytes(path);
    const own = engineOf(payload);
    if (engine !== undefined && engine !== own) throw new CommandError(`${path} is for engine ${own}, not ${engine}`);
    bytes = await packMeasured(payload, { ...identity, product: product ?? productOfFile(path) });
  } else {
    const { pins, warnings } = planPins(path, board, pin);
    for (const warning of warnings) console.error(`lintel: warning: ${warning}`);
    const named = { ...identity, ...(product === undefined ? {} : { product }) };
    bytes = await buildImage(path, engine ?? "wasm", named, { pins });
  }
  const facts = inspectFile(bytes);
  const file = options.out ?? join("build", `${facts.product}-${version}-${facts.engine}.image`);
  writeFiles([[file, bytes]]);
  const own = isPayload(path) ? version : (versionInSource(path) ?? version);
  const warning = `devices will report version ${own}, as VERSION in the program's main.ts says, and not ${version}`;
  const warnings = own === version ? [] : [warning];
  tell(json, { file, ...facts, warnings }, `${shown(file)}: ${bytes.length} bytes, not signed yet: lintel image sign`);
  if (!json) for (const text of warnings) console.error(`lintel: warning: ${text}`);
}

function isPayload(path: string): boolean {
  return !path.endsWith(".ts") && existsSync(path) && statSync(path).isFile();
}

/** A whole image; whose it is does not matter here. */
function readImage(file: string): Uint8Array {
  const image = readBytes(file);
  const fault = checkImage(image);
  if (fault !== UpdateFailure.None) throw new CommandError(`${file} is no image to use: ${failureText(fault)}`);
  return image;
}

function tell(json: boolean, facts: object, line: string): void {
  console.log(json ? JSON.stringify(facts) : line);
}
