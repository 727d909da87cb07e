/** A flash kit out of what goes onto a board, and its files: the same for a folder and for the server. */
import type { DeviceConfig } from "../../runtime/board/config-image.ts";
import {
  FLASH_KIT_NAME,
  FLASH_KIT_TITLE_MAX,
  type FlashKitPart,
  flashManifest,
  partFile,
} from "../../runtime/image/flash-kit.ts";
import { checkFlashKit } from "../../runtime/image/flash-kit-check.ts";
import type { Board } from "../build/board-schema.ts";
import type { FlashPart } from "./esp-connection.ts";
import { FlashError } from "./flash-error.ts";

export interface FlashKit {
  board: string;
  title: string;
  flashMiB: number;
  product: string;
  version: string;
  parts: FlashKitPart[];
}

/**
 * What every board of a kit is told. No Wi-Fi: that each one is told over serial. No secret: all boards would share it, and
 * everyone who can open the page could read it.
 */
export function kitConfig(serverHost: string, serverPort: number): DeviceConfig {
  return { ssid: "", passphrase: "", secret: "", serverHost, serverPort, product: new Map() };
}

/** Before anything is built. */
export function checkKitBoard({ name }: Board): void {
  if (new RegExp(FLASH_KIT_NAME).test(name)) return;
  throw new FlashError(
    `a kit is named after its board, and ${name} is not lowercase letters, digits and hyphens, 32 at most: rename it`,
  );
}

export function flashKit(parts: readonly FlashPart[], { name: board, title, flash }: Board): FlashKit {
  const named = parts.map(({ name, offset, bytes }) => ({ name: name.replaceAll(" ", "-"), offset, bytes }));
  const verdict = checkFlashKit(named, flash.sizeMiB);
  if (!verdict.ok) throw new FlashError(`this kit would not make a board that works: ${verdict.reason}`);
  const { product, version } = verdict;
  return { board, title: title.slice(0, FLASH_KIT_TITLE_MAX), flashMiB: flash.sizeMiB, product, version, parts: named };
}

/** For a folder that any web server can give out. */
export function kitFiles(kit: FlashKit): [string, Uint8Array | string][] {
  const parts = kit.parts.map(({ name, offset }) => ({ path: partFile(name), offset }));
  const manifest = `${JSON.stringify(flashManifest({ ...kit, parts }), null, 2)}\n`;
  return [
    ...kit.parts.map(({ name, bytes }): [string, Uint8Array] => [partFile(name), bytes]),
    ["manifest.json", manifest],
  ];
}
