/** The images that the scenarios play with, built and signed once, and the flash of a board as it leaves the bench. */
import { writeConfig } from "../../runtime/board/config-image.ts";
import { Flash, type FlashSnapshot } from "../../runtime/board/flash.ts";
import { IMAGE_HEADER_BYTES } from "../../runtime/contract/image-header.ts";
import { compressImage } from "../../runtime/image/compress.ts";
import { imageId } from "../../runtime/image/image-header.ts";
import { makePatch } from "../../runtime/image/make-patch.ts";
import { NO_BASE } from "../../server/updates/update-messages.ts";
import type { Engine } from "../../tools/build/compile-program.ts";
import { packPayload } from "../../tools/image/build-image.ts";
import { flashBoard } from "../../tools/image/flash-board.ts";
import { newKey, publicPoint } from "../../tools/image/keys.ts";
import { signImage } from "../../tools/image/pack-image.ts";
import { buildPayloads, type Payloads } from "./payloads.ts";
import type { Shelf } from "./server-state.ts";

/** Plain bytes, so that worker threads need not build them again. */
export interface ProgramImages {
  engine: Engine;
  publicKey: Uint8Array;
  boot: Uint8Array;
  first: Uint8Array;
  second: Uint8Array;
  crash: Uint8Array;
  hang: Uint8Array;
  /** The second one again, with a higher security counter. */
  newer: Uint8Array;
  /** The first one again, with the security counter of that. */
  old: Uint8Array;
  /** A bit of its payload is not what was signed. */
  damaged: Uint8Array;
  /** A bit of its signature is wrong. */
  forged: Uint8Array;
}

export type ProbeName = "first" | "second" | "crash" | "hang" | "newer" | "old" | "damaged" | "forged";

/** A board may run these. */
const FIT = ["first", "second", "crash", "hang", "newer"] as const;

export interface Programs {
  engine: Engine;
  /** A board flashed with the first version. */
  flash: (regionBytes: number) => FlashSnapshot;
  shelf: Shelf;
  /** A patch that makes something else than it says. */
  badPatches: Shelf["patches"];
  /** Compressed images. */
  compressed: Shelf["patches"];
  /** Hexadecimal digits. */
  ids: Record<ProbeName, string>;
  /** Ids of the images that a board may run. */
  fit: readonly string[];
}

export async function buildImages(engine: Engine): Promise<ProgramImages> {
  return imagesOf(engine, await buildPayloads(engine));
}

/** Signed with a new key. */
export function imagesOf(engine: Engine, payloads: Payloads): ProgramImages {
  const key = newKey();
  const sign = (payload: Uint8Array, version: string, securityCounter = 1, product = "probe") =>
    signImage(packPayload(payload, { product, version, securityCounter }), key);
  const { boot, first, second, crash, hang } = payloads;
  const damaged = sign(second, "1.0.4");
  flipBit(damaged);
  const forged = sign(second, "1.0.6");
  flipBit(forged, IMAGE_HEADER_BYTES - 1);
  return {
    engine,
    publicKey: publicPoint(key),
    boot: sign(boot, "1.0.0", 1, "boot"),
    first: sign(first, "1.0.0"),
    second: sign(second, "1.0.1"),
    crash: sign(crash, "1.0.2"),
    hang: sign(hang, "1.0.3"),
    newer: sign(second, "1.0.5", 2),
    old: sign(first, "0.9.0"),
    damaged,
    forged,
  };
}

export function programsOf({ engine, publicKey, boot, ...probes }: ProgramImages): Programs {
  const entries = Object.entries(probes).map(([name, image]) => [name, hexId(image), image] as const);
  const { first, second } = probes;
  const update = `${hexId(first)}:${hexId(second)}`;
  const wrong = second.slice();
  flipBit(wrong);
  return {
    engine,
    ids: Object.fromEntries(entries.map(([name, id]) => [name, id])) as Record<ProbeName, string>,
    fit: FIT.map((name) => hexId(probes[name])),
    shelf: {
      images: new Map(entries.map(([, id, image]) => [id, image])),
      patches: new Map([[update, makePatch(first, second)]]),
    },
    badPatches: new Map([[update, makePatch(first, wrong)]]),
    compressed: new Map([[`${NO_BASE}:${hexId(second)}`, compressImage(second)]]),
    flash: (regionBytes) => {
      const flash = new Flash({ regionBytes });
      flashBoard(flash, { boot, image: first, product: "probe", publicKeys: [publicKey] });
      writeConfig(flash, {
        ssid: "shop",
        passphrase: "virtual-shop",
        serverHost: "server",
        serverPort: 1883,
        secret: "secret",
        product: new Map(),
      });
      return flash.snapshot();
    },
  };
}

function flipBit(image: Uint8Array, at = image.length - 100): void {
  image[at] = (image[at] ?? 0) ^ 1;
}

function hexId(image: Uint8Array): string {
  return Buffer.from(imageId(image)).toString("hex");
}
