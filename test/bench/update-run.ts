/** One update of a virtual board by the real server, over one link: what goes over it, and when. */

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Flash } from "../../runtime/board/flash.ts";
import { MemoryNetwork, type MemoryNetworkOptions } from "../../runtime/board/memory-network.ts";
import { SeededRandom } from "../../runtime/board/random.ts";
import { VirtualBoard } from "../../runtime/board/virtual-board.ts";
import { VirtualTime } from "../../runtime/board/virtual-time.ts";
import { NativeDevice } from "../../runtime/esp8266/device/native-device.ts";
import { CPU_CYCLES_PER_MS } from "../../runtime/esp8266/device/native-machine.ts";
import { OPEN_HOUSE } from "../../server/access/open-house.ts";
import { startServer } from "../../server/app.ts";
import { silentLogger } from "../../server/logger.ts";
import { ApiClient, type UpdateStep } from "../../tools/client/api-client.ts";
import { type CounterImages, flashCounter } from "./counter-images.ts";

/** Ten seconds after a full minute: no reading is due while an update of less than 15 seconds runs. */
const START_UNIX_MS = 1_789_999_990_000;
/** For the board to start, connect and say that it is there. */
const SETTLE_MS = 30_000;
const STEP_MS = 10;
/** What the new connection begins with, its first pack and the answer to that, is a part of the update. */
const QUIET_MS = 5000;
const LIMIT_MS = 600_000;
const MAC = "024c4e540001";

export type Link = Pick<MemoryNetworkOptions, "latencyMs" | "bytesPerS">;

export interface UpdateRun {
  /** Bytes of images and patches that the server sent; what it had to send again counts again. */
  payloadBytes: number;
  /** All bytes of the TCP connections, MQTT and payload, from the order until the new program has nothing to say any more. */
  bytesDown: number;
  bytesUp: number;
  /** From the order until the device says that the whole image is in flash and good. */
  verifiedS: number;
  /** From the order until the new program has said that it keeps running. */
  confirmedS: number;
  /** Computing of the chip by the cycle model, host functions left out. It is not in the seconds. */
  chipS: number;
  /** Erases of the most erased sector. */
  sectorErases: number;
}

/** A server that has the image that runs makes a patch; without, it sends the new one compressed. */
export async function runUpdate(
  images: CounterImages,
  next: Uint8Array,
  form: "full" | "patch",
  link: Link,
): Promise<UpdateRun> {
  const dataDir = mkdtempSync(join(tmpdir(), "lintel-bench-"));
  const time = new VirtualTime({ startUnixMs: START_UNIX_MS });
  const server = await startServer({
    ...OPEN_HOUSE,
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
    flashCounter(flash, images);
    const mac = Buffer.from(MAC, "hex");
    const board = new VirtualBoard({ time, random: random.fork(2), network: network.station(), mac, flash });
    const device = NativeDevice.fromFlash(board);
    device.powerOn();
    await time.runFor(SETTLE_MS);

    const api = new ApiClient(new URL(server.url));
    if (form === "patch") await api.uploadImage(images.counter);
    const { id } = await api.uploadImage(next);
    const sentBefore = await chunkBytes(server.url);
    const before = { ...network.counts, cycles: device.figures.cycles, erases: flash.sectorErases.slice() };
    const orderedMs = time.unixMs();
    await api.setDesiredImage(MAC, id);
    // The order came from outside of the network; the patch is made before time goes on.
    await network.settled();
    const history = await untilConfirmed(api, time);
    await time.runFor(QUIET_MS);
    const atS = (state: string) => {
      const step = history.findLast((each) => each.state === state);
      if (step === undefined) throw new Error(`the update was never ${state}`);
      return (step.atMs - orderedMs) / 1000;
    };
    const bytesDown = network.counts.bytesToBoards - before.bytesToBoards;
    if (form === "patch" && bytesDown > next.length) throw new Error("the update was to be a patch, and was whole");
    device.stop();
    return {
      payloadBytes: (await chunkBytes(server.url)) - sentBefore,
      bytesDown,
      bytesUp: network.counts.bytesToPeers - before.bytesToPeers,
      verifiedS: atS("verified"),
      confirmedS: atS("confirmed"),
      chipS: (device.figures.cycles - before.cycles) / CPU_CYCLES_PER_MS / 1000,
      sectorErases: Math.max(...flash.sectorErases.map((count, sector) => count - (before.erases[sector] ?? 0))),
    };
  } finally {
    await server.stop();
    rmSync(dataDir, { recursive: true, force: true });
  }
}

async function untilConfirmed(api: ApiClient, time: VirtualTime): Promise<UpdateStep[]> {
  const endMs = time.nowMs() + LIMIT_MS;
  for (;;) {
    await time.runFor(STEP_MS);
    const { state, failure, history } = await api.update(MAC);
    if (state === "confirmed") return history;
    if (failure !== null || time.nowMs() > endMs) throw new Error(`the update ended ${state}: ${failure}`);
  }
}

async function chunkBytes(url: string): Promise<number> {
  const text = await (await fetch(`${url}/metrics`)).text();
  const [, count] = /^lintel_chunk_bytes_total (\d+)$/m.exec(text) ?? [];
  if (count === undefined) throw new Error("the server does not count the bytes of images that it sends");
  return Number(count);
}
