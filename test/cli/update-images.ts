/** Images for the tests of `lintel update`, and a board that gives a program on trial seconds instead of minutes. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { writeConfig } from "../../runtime/board/config-image.ts";
import { Flash } from "../../runtime/board/flash.ts";
import { IMAGE_HEADER_BYTES } from "../../runtime/contract/image-header.ts";
import { TRIAL_DEADLINE_MS } from "../../runtime/contract/slot-record.ts";
import { compileSource } from "../../runtime/wasm/compile-source.ts";
import { buildImage, packPayload } from "../../tools/image/build-image.ts";
import { flashBoard } from "../../tools/image/flash-board.ts";
import { keyFiles, newKey, publicPoint, writeKey } from "../../tools/image/keys.ts";
import { signImage } from "../../tools/image/pack-image.ts";
import { FlashFolder } from "../../tools/sim/flash-folder.ts";

const PRODUCT = "counter";
const COUNTER = "firmware/counter";
const SHORT_DEADLINE_MS = 3000;
const poll = (body: string) => `export function start(): void {}\nexport function poll(): u32 { ${body} }\n`;
/** Traps at its first poll; runs without a word to anybody. */
const CRASHING = poll("unreachable(); return 0;");
const SILENT = poll("return 1000;");

export interface UpdateFiles {
  /** Public half of the key that signs them. */
  publicKey: string;
  /** Counters that say their version, the newest last. */
  second: string;
  third: string;
  crashing: string;
  silent: string;
  /** A good one, signed by somebody else; one for another product. */
  strange: string;
  foreign: string;
  /** Of each counter. */
  imageBytes: number;
  /** Keeps the flash of a board that runs the first counter, with a short deadline for programs on trial. */
  putImpatientBoard: (flashFolder: string, mac: string, serverPort: number) => void;
}

export async function makeUpdateFiles(folder: string): Promise<UpdateFiles> {
  const key = newKey();
  const files = keyFiles(join(folder, "own"));
  writeKey(key, files);
  const put = (name: string, bytes: Uint8Array): string => {
    const file = join(folder, `${name}.image`);
    writeFileSync(file, bytes);
    return file;
  };
  // First: once a program was built, asc allocates as programs do, and these lines have no such memory.
  const crashing = await compileSource(CRASHING);
  const silent = await compileSource(SILENT);
  const counter = await buildImage(COUNTER, "wasm", { version: "0.2.0" });
  const payload = counter.subarray(IMAGE_HEADER_BYTES);
  const pack = (bytes: Uint8Array, version: string, product = PRODUCT) => packPayload(bytes, { product, version });
  const boot = await buildImage(
    "firmware/boot",
    "wasm",
    { product: "boot", version: "1" },
    {
      edit: (_path, text) =>
        text.replace(`TRIAL_DEADLINE_MS = ${TRIAL_DEADLINE_MS}`, `TRIAL_DEADLINE_MS = ${SHORT_DEADLINE_MS}`),
    },
  );
  const first = signImage(pack(payload, "0.1.0"), key);
  return {
    publicKey: files.publicFile,
    imageBytes: counter.length,
    second: put("second", signImage(pack(payload, "0.2.0"), key)),
    third: put("third", signImage(pack(payload, "0.3.0"), key)),
    crashing: put("crashing", signImage(pack(crashing, "0.4.0"), key)),
    silent: put("silent", signImage(pack(silent, "0.5.0"), key)),
    strange: put("strange", signImage(pack(payload, "0.6.0"), newKey())),
    foreign: put("foreign", signImage(pack(payload, "0.7.0", "gate"), key)),
    putImpatientBoard: (flashFolder, mac, serverPort) => {
      const flash = new Flash();
      flashBoard(flash, { boot: signImage(boot, key), image: first, product: PRODUCT, publicKeys: [publicPoint(key)] });
      writeConfig(flash, {
        ssid: "shop",
        passphrase: "virtual-shop",
        serverHost: "127.0.0.1",
        serverPort,
        secret: "",
        product: new Map(),
      });
      const folder = new FlashFolder(flashFolder);
      folder.open(mac, () => flash);
      folder.close();
    },
  };
}
