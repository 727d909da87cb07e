/**
 * What a browser needs to put Lintel onto a board: parts of flash and a manifest of ESP Web Tools that says where they go
 * (https://esphome.github.io/esp-web-tools/, "Creating your manifest"). One kit is for one board and one product. It has the
 * address of the server and no Wi-Fi: that is told each board over serial (Improv).
 */

/** A stretch of flash. */
export interface FlashKitPart {
  /** As FLASH_KIT_NAME; the file is called so, and `.bin`. */
  name: string;
  /** Of the chip. */
  offset: number;
  bytes: Uint8Array;
}

/** Names of boards and of parts: they stand in addresses and are names of files. */
export const FLASH_KIT_NAME = "^[a-z0-9][a-z0-9-]{0,31}$";
export const FLASH_KIT_PARTS_MAX = 16;
export const FLASH_KIT_TITLE_MAX = 64;

export interface FlashManifest {
  name: string;
  version: string;
  /** Asked of a board that does not say over serial that it runs this. */
  new_install_prompt_erase: boolean;
  builds: Array<{ chipFamily: "ESP8266"; parts: Array<{ path: string; offset: number }> }>;
}

export interface ManifestFacts {
  /** Of the board, as people call it. */
  title: string;
  product: string;
  version: string;
  parts: ReadonlyArray<{ path: string; offset: number }>;
}

export function flashManifest({ title, product, version, parts }: ManifestFacts): FlashManifest {
  return {
    name: `${product} on ${title}`,
    version,
    new_install_prompt_erase: true,
    builds: [{ chipFamily: "ESP8266", parts: parts.map(({ path, offset }) => ({ path, offset })) }],
  };
}

export function partFile(name: string): string {
  return `${name}.bin`;
}
