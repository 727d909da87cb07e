/**
 * `bench update`: what an update of the counter by one line costs: bytes over the network and time until the new program has
 * confirmed itself, whole and as a patch, over several links; with the real server and a virtual board that boots from flash.
 * Flash takes its typical times (runtime/board/flash.ts). Not in the time: the chip's own computing, of which a signature is
 * most, and the Wi-Fi of a real shop.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { writeConfig } from "../../runtime/board/config-image.ts";
import { Flash } from "../../runtime/board/flash.ts";
import { MemoryNetwork, type MemoryNetworkOptions } from "../../runtime/board/memory-network.ts";
import { SeededRandom } from "../../runtime/board/random.ts";
import { VirtualBoard } from "../../runtime/board/virtual-board.ts";
import { VirtualTime } from "../../runtime/board/virtual-time.ts";
import { startServer } from "../../server/app.ts";
import { silentLogger } from "../../server/logger.ts";
import { buildNative } from "../../tools/build/build-native.ts";
import { createFlashDevice } from "../../tools/build/create-device.ts";
import { ApiClient } from "../../tools/client/api-client.ts";
import { packPayload } from "../../tools/image/build-image.ts";
import { flashBoard } from "../../tools/image/flash-board.ts";
import { newKey, publicPoint } from "../../tools/image/keys.ts";
import { signImage } from "../../tools/image/pack-image.ts";
import { type Edit, replaceOnce } from "../powercut/programs.ts";

export const UPDATE_HELP = `Usage: npm run bench -- update [options]

  --json   the last line is {"updates":[{"change","form","link","imageBytes","bytesDown","bytesUp","seconds"}]}
`;

const COUNTER = "firmware/counter";
const START_UNIX_MS = 1_790_000_000_000;
/** For the board to start, connect and say that it is there. */
const SETTLE_MS = 30_000;
const STEP_MS = 250;
const LIMIT_MS = 600_000;

const CHANGES: { name: string; edit: Edit }[] = [
  { name: "a constant", edit: editMain("TOTALS_EVERY_S: u32 = 3600;", "TOTALS_EVERY_S: u32 = 1800;") },
  {
    name: "a log line",
    edit: editMain(
      "session.record(STREAM_VISITORS_IN, countIn);",
      'logValue(LogLevel.Info, "visitors ", countIn); session.record(STREAM_VISITORS_IN, countIn);',
    ),
  },
];

const LINKS: { name: string; network: Pick<MemoryNetworkOptions, "latencyMs" | "bytesPerS"> }[] = [
  { name: "115,200 bit/s", network: { latencyMs: 1, bytesPerS: 11_520 } },
  { name: "50 ms each way", network: { latencyMs: 50 } },
  { name: "LAN, 1 ms", network: { latencyMs: 1 } },
];

interface UpdateFigures {
  change: string;
  form: "full" | "patch";
  link: string;
  imageBytes: number;
  bytesDown: number;
  bytesUp: number;
  seconds: number;
}

interface Images {
  boot: Uint8Array;
  before: Uint8Array;
  after: Uint8Array;
  publicKey: Uint8Array;
}

function editMain(from: string, to: string): Edit {
  return (path, text) => (path === `${COUNTER}/main.ts` ? replaceOnce(text, from, to) : text);
}

export async function benchUpdate(args: string[]): Promise<void> {
  const { values } = parseArgs({ args, options: { json: { type: "boolean", default: false } } });
  const key = newKey();
  const build = async (folder: string, product: string, version: string, edit: Edit = (_path, text) => text) =>
    signImage(packPayload((await buildNative(folder, { edit })).module.image, { product, version }), key);
  const boot = await build("firmware/boot", "boot", "0.1.0");
  const before = await build(COUNTER, "counter", "0.1.0");
  const updates: UpdateFigures[] = [];
  for (const change of CHANGES) {
    const after = await build(COUNTER, "counter", "0.1.1", change.edit);
    for (const { name: link, network } of LINKS) {
      for (const form of ["full", "patch"] as const) {
        const images = { boot, before, after, publicKey: publicPoint(key) };
        const figures = { change: change.name, form, link, ...(await measure(images, form, network)) };
        updates.push(figures);
        console.error(
          `${figures.change}, ${form}, ${link}: ${figures.bytesDown} bytes down, ${figures.bytesUp} up, ${figures.seconds} s`,
        );
      }
    }
  }
  if (values.json) console.log(JSON.stringify({ updates }));
}

async function measure(
  { boot, before, after, publicKey }: Images,
  form: "full" | "patch",
  link: Pick<MemoryNetworkOptions, "latencyMs" | "bytesPerS">,
): Promise<Pick<UpdateFigures, "imageBytes" | "bytesDown" | "bytesUp" | "seconds">> {
  const dataDir = mkdtempSync(join(tmpdir(), "lintel-bench-"));
  const time = new VirtualTime({ startUnixMs: START_UNIX_MS });
  const server = await startServer({
    dataDir,
    host: "127.0.0.1",
    mqttPort: 0,
    httpPort: 0,
    logger: silentLogger,
    nowMs: () => time.unixMs(),
  });
  try {
    const random = new SeededRandom(1);
    const network = new MemoryNetwork({ ...link, time, random: random.fork(1), idle: () => server.idle() });
    network.listen("server", 1883, (stream) => server.handle(stream));
    const flash = new Flash();
    flashBoard(flash, { boot, image: before, product: "counter", publicKeys: [publicKey] });
    writeConfig(flash, {
      ssid: "shop",
      passphrase: "virtual-shop",
      serverHost: "server",
      serverPort: 1883,
      secret: "",
      product: new Map(),
    });
    const mac = Buffer.from("024c4e540001", "hex");
    const board = new VirtualBoard({ time, random: random.fork(2), network: network.station(), mac, flash });
    const device = createFlashDevice("lx106", board);
    device.powerOn();
    await time.runFor(SETTLE_MS);
    const api = new ApiClient(new URL(server.url));
    // A patch can be made of what the server has.
    if (form === "patch") await api.uploadImage(before);
    const { id } = await api.uploadImage(after);
    const start = { ...network.counts };
    const startMs = time.nowMs();
    await api.setDesiredImage(mac.toString("hex"), id);
    for (;;) {
      await time.runFor(STEP_MS);
      const { state, failure } = await api.update(mac.toString("hex"));
      if (state === "confirmed") break;
      if (failure !== null || time.nowMs() - startMs > LIMIT_MS)
        throw new Error(`the update ended ${state}: ${failure}`);
    }
    device.stop();
    return {
      imageBytes: after.length,
      bytesDown: network.counts.bytesToBoards - start.bytesToBoards,
      bytesUp: network.counts.bytesToPeers - start.bytesToPeers,
      seconds: Number(((time.nowMs() - startMs) / 1000).toFixed(2)),
    };
  } finally {
    await server.stop();
    rmSync(dataDir, { recursive: true, force: true });
  }
}
