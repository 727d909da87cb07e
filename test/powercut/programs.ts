/** The images that the scenarios play with, built and signed once, and the flash of a board as it leaves the bench. */
import { writeConfig } from "../../runtime/board/config-image.ts";
import { Flash, type FlashSnapshot } from "../../runtime/board/flash.ts";
import { imageId } from "../../runtime/image/image-header.ts";
import { makePatch } from "../../runtime/image/make-patch.ts";
import { buildNative } from "../../tools/build/build-native.ts";
import { compileProgram, type Engine } from "../../tools/build/compile-program.ts";
import { packPayload } from "../../tools/image/build-image.ts";
import { flashBoard } from "../../tools/image/flash-board.ts";
import { newKey, publicPoint } from "../../tools/image/keys.ts";
import { signImage } from "../../tools/image/pack-image.ts";
import type { Shelf } from "./model-server.ts";

const PROBE = "test/programs/probe";
const BOOT = "firmware/boot";

/** Changes a source on its way to the compiler. */
export type Edit = (path: string, text: string) => string;

/** Plain bytes, so that worker threads need not build them again. */
export interface ProgramImages {
  engine: Engine;
  publicKey: Uint8Array;
  boot: Uint8Array;
  first: Uint8Array;
  second: Uint8Array;
  crash: Uint8Array;
  hang: Uint8Array;
  /** A bit of its payload is not what was signed. */
  damaged: Uint8Array;
}

type ProbeName = "first" | "second" | "crash" | "hang" | "damaged";

export interface Programs {
  engine: Engine;
  /** A board flashed with the first version. */
  flash: (regionBytes: number) => FlashSnapshot;
  shelf: Shelf;
  /** Hexadecimal digits. */
  ids: Record<ProbeName, string>;
}

const same: Edit = (_path, text) => text;

/** `edit` puts a mistake into the sources: of the device library, or of the boot program. */
export async function buildImages(engine: Engine, edit: Edit = same): Promise<ProgramImages> {
  const key = newKey();
  const build = async (folder: string, product: string, version: string, change: Edit = same) => {
    const edits: Edit = (path, text) => edit(path, change(path, text));
    const payload =
      engine === "lx106"
        ? (await buildNative(folder, { edit: edits })).module.image
        : (await compileProgram(folder, engine, { edit: edits })).wasm;
    return signImage(packPayload(payload, { product, version, securityCounter: 1 }), key);
  };
  const probe = (version: string, defect = "None") =>
    build(PROBE, "probe", version, (path, text) =>
      path.startsWith(PROBE)
        ? replaceOnce(replaceOnce(text, '"1.0.0"', `"${version}"`), "= Defect.None;", `= Defect.${defect};`)
        : text,
    );
  const damaged = await probe("1.0.4");
  const last = damaged.length - 100;
  damaged[last] = (damaged[last] ?? 0) ^ 1;
  return {
    engine,
    publicKey: publicPoint(key),
    boot: await build(BOOT, "boot", "1.0.0"),
    first: await probe("1.0.0"),
    second: await probe("1.0.1"),
    crash: await probe("1.0.2", "Crash"),
    hang: await probe("1.0.3", "Hang"),
    damaged,
  };
}

export function programsOf({ engine, publicKey, boot, ...probes }: ProgramImages): Programs {
  const entries = Object.entries(probes).map(([name, image]) => [name, hexId(image), image] as const);
  const { first, second } = probes;
  return {
    engine,
    ids: Object.fromEntries(entries.map(([name, id]) => [name, id])) as Record<ProbeName, string>,
    shelf: {
      images: new Map(entries.map(([, id, image]) => [id, image])),
      patches: new Map([[`${hexId(first)}:${hexId(second)}`, makePatch(first, second)]]),
    },
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

function hexId(image: Uint8Array): string {
  return Buffer.from(imageId(image)).toString("hex");
}

export function replaceOnce(text: string, from: string, to: string): string {
  const parts = text.split(from);
  if (parts.length !== 2) throw new Error(`"${from}" is there ${parts.length - 1} times, not once`);
  return parts.join(to);
}
