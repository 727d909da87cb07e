/** What `lintel flash` puts onto a board: built from sources and signed, or an image that is there; checked for this board. */
import type { KeyObject } from "node:crypto";
import type { DeviceConfig } from "../../runtime/board/config-image.ts";
import { BOOT_PRODUCT } from "../../runtime/contract/image-header.ts";
import { UpdateFailure } from "../../runtime/contract/update-messages.ts";
import { decodeImageHeader } from "../../runtime/image/image-header.ts";
import type { Board } from "../build/board-schema.ts";
import type { PinNumbers } from "../build/product.ts";
import { buildImage, ENGINE_ARCH } from "../image/build-image.ts";
import { failureText } from "../image/failure-texts.ts";
import { publicPoint } from "../image/keys.ts";
import { signImage, verifyImage } from "../image/pack-image.ts";
import { programVersion } from "../image/program-version.ts";
import { FlashError } from "./flash-error.ts";
import type { FlashContents } from "./flash-plan.ts";
import { hostFor } from "./host-binary.ts";

const BOOT_PROGRAM = "firmware/boot";
const ENGINE = "lx106";

export interface ContentsOptions {
  board: Board;
  host: { name: string; bytes: Uint8Array };
  /** Private, where something is to be signed. */
  key: KeyObject;
  program: { path: string; pins: PinNumbers } | { name: string; image: Uint8Array };
  config?: DeviceConfig;
}

export async function prepareContents(options: ContentsOptions): Promise<FlashContents> {
  const { board, host, key, program, config } = options;
  // What takes no time first: a mistake is told before anything is compiled.
  const hostBytes = hostFor(host.bytes, host.name, board);
  const publicKeys = [publicPoint(key)];
  if ("image" in program) checkImage(program, board, publicKeys);
  const sign = (image: Uint8Array) => (key.type === "private" ? signImage(image, key) : image);
  const boot = await buildImage(BOOT_PROGRAM, ENGINE, { product: BOOT_PRODUCT, version: programVersion(BOOT_PROGRAM) });
  const image = "image" in program ? program.image : sign(await buildProgram(program, board));
  const header = decodeImageHeader(image);
  if (typeof header === "number") throw new FlashError(`the program is no image: ${failureText(header)}`);
  return {
    host: hostBytes,
    boot: sign(boot),
    image,
    product: header.product,
    publicKeys,
    board: board.id,
    ...(config === undefined ? {} : { config }),
  };
}

function buildProgram({ path, pins }: { path: string; pins: PinNumbers }, board: Board): Promise<Uint8Array> {
  return buildImage(path, ENGINE, { version: programVersion(path), board: board.id }, { pins });
}

function checkImage(
  { name, image }: { name: string; image: Uint8Array },
  board: Board,
  publicKeys: Uint8Array[],
): void {
  const verdict = verifyImage(image, publicKeys);
  if (!verdict.ok) throw new FlashError(`${name} is not for this board: ${failureText(verdict.failure)}`);
  const header = decodeImageHeader(image);
  if (typeof header === "number") throw new FlashError(`${name} is no image: ${failureText(header)}`);
  if (header.arch !== ENGINE_ARCH[ENGINE]) {
    throw new FlashError(`${name} is not for this board: ${failureText(UpdateFailure.WrongArch)}`);
  }
  if (header.board !== 0 && header.board !== board.id) {
    throw new FlashError(
      `${name} is for board ${header.board}, and ${board.name} is board ${board.id}: name the right one with --board`,
    );
  }
}
