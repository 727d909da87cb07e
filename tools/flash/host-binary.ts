/**
 * The host as a file for offset 0 of flash (runtime/image/host-image.ts looks at it). Mode, size and frequency of the flash
 * stand in its header (esptool documentation, "Firmware Image Format", ESP8266); the checksum does not cover them.
 */
import { FLASH_REGION_CHIP_OFFSET } from "../../runtime/contract/flash-map.ts";
import { HOST_ABI_VERSION } from "../../runtime/contract/host-abi.ts";
import { readHostImage } from "../../runtime/image/host-image.ts";
import type { Board } from "../build/board-schema.ts";
import { FlashError } from "./flash-error.ts";

const MODE_OFFSET = 2;
const SIZE_OFFSET = 3;

const MODES = { qio: 0, qout: 1, dio: 2, dout: 3 } as const;
/** High half of the byte: size. 2 and 4 MiB have several codes; these are esptool's. */
const SIZES = new Map([
  [1, 0x20],
  [2, 0x30],
  [4, 0x40],
  [8, 0x80],
  [16, 0x90],
]);
/** Low half: frequency. */
const FREQUENCIES = { 40: 0, 26: 1, 20: 2, 80: 0xf } as const;

/** The bytes for offset 0 of this board. Throws a FlashError where the file is no host for it. */
export function hostFor(file: Uint8Array, name: string, board: Board): Uint8Array {
  const { flash } = board;
  const facts = readHostImage(file);
  if (!facts.ok) throw new FlashError(`${name} ${facts.reason}`);
  if (file.length > FLASH_REGION_CHIP_OFFSET) {
    throw new FlashError(
      `${name} has ${file.length} bytes, and a host has room for ${FLASH_REGION_CHIP_OFFSET}: programs begin behind it`,
    );
  }
  if (facts.abiVersion < HOST_ABI_VERSION) {
    throw new FlashError(
      `${name} has host ABI ${facts.abiVersion}, and programs need ${HOST_ABI_VERSION}: build the host anew`,
    );
  }
  const linkedMiB = facts.flashMiB;
  if (linkedMiB !== 0 && linkedMiB !== flash.sizeMiB) {
    throw new FlashError(
      `${name} was built for a flash of ${linkedMiB} MiB, and ${board.name} has ${flash.sizeMiB} MiB: ` +
        `build the host in its environment flash${flash.sizeMiB}m`,
    );
  }
  const size = SIZES.get(flash.sizeMiB);
  if (size === undefined) throw new FlashError(`a flash of ${flash.sizeMiB} MiB has no code in the header of a host`);
  // A Buffer's own slice would be the same bytes.
  const host = Uint8Array.from(file);
  host[MODE_OFFSET] = MODES[flash.mode];
  host[SIZE_OFFSET] = size | FREQUENCIES[flash.frequencyMHz];
  return host;
}
