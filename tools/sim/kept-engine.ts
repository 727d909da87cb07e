/** Boards that were kept go on with the engine that they were made for: their boot program says which. */
import type { Flash } from "../../runtime/board/flash.ts";
import { FLASH_BOOT_OFFSET } from "../../runtime/contract/flash-map.ts";
import { IMAGE_HEADER_BYTES } from "../../runtime/contract/image-header.ts";
import { decodeImageHeader } from "../../runtime/image/image-header.ts";
import { ENGINES, type Engine } from "../build/compile-program.ts";
import { ENGINE_ARCH } from "../image/build-image.ts";
import { FlashFolderError } from "./flash-folder.ts";

/** `name`: of the board, for the message. */
export function checkKeptEngine(flash: Flash, engine: Engine, name: string): void {
  const header = new Uint8Array(IMAGE_HEADER_BYTES);
  flash.read(FLASH_BOOT_OFFSET, header);
  const boot = decodeImageHeader(header);
  const own = typeof boot === "number" ? undefined : ENGINES.find((known) => ENGINE_ARCH[known] === boot.arch);
  if (own === engine) return;
  throw new FlashFolderError(
    own === undefined
      ? `${name} has no boot program that an engine runs: remove its file, or name another folder`
      : `${name} is a board for --engine ${own}, not ${engine}: give that, or name another folder`,
  );
}
