/** What a new virtual board has in its flash: boot program and product, built and signed with a key of this run. */
import { basename, resolve } from "node:path";
import { BOOT_PRODUCT, IMAGE_PRODUCT_BYTES } from "../../runtime/contract/image-header.ts";
import type { Engine } from "../build/compile-program.ts";
import type { PinNumbers } from "../build/product.ts";
import { buildImage } from "./build-image.ts";
import type { BoardContents } from "./flash-board.ts";
import { newKey, publicPoint } from "./keys.ts";
import { signImage } from "./pack-image.ts";

const BOOT_PROGRAM = "firmware/boot";
/** Of images that nobody gives a version. */
const VERSION = "sim";

export interface BoardImages extends BoardContents {
  engine: Engine;
  image: Uint8Array;
}

export interface BoardImageOptions {
  /** Public keys besides that of this run (x, then y), so that images signed with them can come as updates. */
  trusted?: readonly Uint8Array[];
  /** Id of the board that the product's image is for; absent: any. */
  board?: number;
  pins?: PinNumbers;
}

export async function buildBoardImages(
  path: string,
  engine: Engine,
  { trusted = [], board = 0, pins = new Map() }: BoardImageOptions = {},
): Promise<BoardImages> {
  const key = newKey();
  const product = productOf(path);
  return {
    engine,
    product,
    boot: signImage(await buildImage(BOOT_PROGRAM, engine, { product: BOOT_PRODUCT, version: VERSION }), key),
    image: signImage(await buildImage(path, engine, { product, version: VERSION, board }, { pins }), key),
    publicKeys: [publicPoint(key), ...trusted],
    board,
  };
}

/** As `lintel image pack` names it, cut to what a header holds. */
function productOf(path: string): string {
  const folder = path.endsWith(".ts") ? resolve(path, "..") : resolve(path);
  return (
    basename(folder)
      .replace(/[^\x21-\x7e]/g, "")
      .slice(0, IMAGE_PRODUCT_BYTES) || "program"
  );
}
