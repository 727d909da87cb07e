/**
 * The probe program (test/programs/probe) with a reading a minute instead of one a second. It also says when it begins its
 * session, which puts a reading of its own into the queue: so the harness knows of every number that the queue gives out.
 */
import { buildNative } from "../../tools/build/build-native.ts";
import { compileProgram, type Engine } from "../../tools/build/compile-program.ts";
import { packPayload } from "../../tools/image/build-image.ts";
import { newKey, publicPoint } from "../../tools/image/keys.ts";
import { signImage } from "../../tools/image/pack-image.ts";

export const PROBE_PRODUCT = "probe";
/** Seconds between two readings. */
export const PROBE_EVERY_S = 60;

const PROBE = "test/programs/probe";
const BOOT = "firmware/boot";
const VERSION = "1.0.0";
const BEGIN = "session.begin();";
const PROBE_EDITS = [
  ["EVERY_S: u32 = 1;", `EVERY_S: u32 = ${PROBE_EVERY_S};`],
  // Long records take twice the flash; with fewer of them a queue of 1 MB holds four days.
  ["LONG_EVERY: u32 = 4;", "LONG_EVERY: u32 = 16;"],
  [BEGIN, `logValue(LogLevel.Debug, "begin ", 0); ${BEGIN} logValue(LogLevel.Debug, "begun ", 0);`],
] as const;

type Edit = (path: string, text: string) => string;

export interface SoakImages {
  engine: Engine;
  publicKey: Uint8Array;
  boot: Uint8Array;
  probe: Uint8Array;
}

/** `mistake` changes sources of the device: for runs that must fail. */
export async function buildSoakImages(engine: Engine, mistake: Edit = (_path, text) => text): Promise<SoakImages> {
  const key = newKey();
  const build = async (folder: string, product: string, edit: Edit) => {
    const payload =
      engine === "lx106"
        ? (await buildNative(folder, { edit })).module.image
        : (await compileProgram(folder, engine, { edit })).wasm;
    return signImage(packPayload(payload, { product, version: VERSION, securityCounter: 1 }), key);
  };
  const editProbe: Edit = (path, text) => mistake(path, path === `${PROBE}/main.ts` ? edited(text) : text);
  return {
    engine,
    publicKey: publicPoint(key),
    boot: await build(BOOT, "boot", mistake),
    probe: await build(PROBE, PROBE_PRODUCT, editProbe),
  };
}

function edited(text: string): string {
  return PROBE_EDITS.reduce((before, [from, to]) => {
    const parts = before.split(from);
    if (parts.length !== 2) throw new Error(`"${from}" is in the probe ${parts.length - 1} times, not once`);
    return parts.join(to);
  }, text);
}
