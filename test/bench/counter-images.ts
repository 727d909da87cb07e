/** Signed images of the counter, and the flash of a board that runs it. */
import { writeConfig } from "../../runtime/board/config-image.ts";
import type { Flash } from "../../runtime/board/flash.ts";
import { buildNative } from "../../tools/build/build-native.ts";
import { compileProgram, type Engine } from "../../tools/build/compile-program.ts";
import { packPayload } from "../../tools/image/build-image.ts";
import { flashBoard } from "../../tools/image/flash-board.ts";
import { newKey, publicPoint } from "../../tools/image/keys.ts";
import { signImage } from "../../tools/image/pack-image.ts";
import { replaceOnce } from "../powercut/payloads.ts";

const BOOT = "firmware/boot";
const COUNTER = "firmware/counter";

export interface CounterImages {
  boot: Uint8Array;
  counter: Uint8Array;
  publicKey: Uint8Array;
}

export interface CounterBuild extends CounterImages {
  /** The counter with one line of a file replaced, as the next version. */
  edited: (change: { file: string; from: string; to: string }) => Promise<Uint8Array>;
}

export async function buildCounter(engine: Engine): Promise<CounterBuild> {
  const key = newKey();
  const build = async (
    folder: string,
    product: string,
    version: string,
    edit = (_path: string, text: string) => text,
  ) => {
    const payload =
      engine === "lx106"
        ? (await buildNative(folder, { edit })).module.image
        : (await compileProgram(folder, engine, { edit })).wasm;
    return signImage(packPayload(payload, { product, version }), key);
  };
  return {
    boot: await build(BOOT, "boot", "0.1.0"),
    counter: await build(COUNTER, "counter", "0.1.0"),
    publicKey: publicPoint(key),
    edited: ({ file, from, to }) =>
      build(COUNTER, "counter", "0.1.1", (path, text) =>
        path === `${COUNTER}/${file}` ? replaceOnce(text, from, to) : text,
      ),
  };
}

export function flashCounter(flash: Flash, { boot, counter, publicKey }: CounterImages): void {
  flashBoard(flash, { boot, image: counter, product: "counter", publicKeys: [publicKey] });
  writeConfig(flash, {
    ssid: "shop",
    passphrase: "virtual-shop",
    serverHost: "server",
    serverPort: 1883,
    secret: "",
    product: new Map(),
  });
}
