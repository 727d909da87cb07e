import { afterEach, beforeEach, expect, test } from "vitest";
import { BatchBuilder, BatchKind, BlockPool } from "../ingest/batch.ts";
import type { Committed } from "../ingest/writer-messages.ts";
import { STORE_REQUESTS_MAX } from "../limits.ts";
import { silentLogger } from "../logger.ts";
import { countingPack, makeFolder, TEST_NOW_MS } from "../testing/test-server.ts";
import { openDataFolder } from "./open-database.ts";
import { KEEP_ALL } from "./retention.ts";
import { WriterClient } from "./writer-client.ts";

const MAC = 0x5ccf7f123456;

let folder: ReturnType<typeof makeFolder>;
beforeEach(() => {
  folder = makeFolder();
});
afterEach(() => folder.remove());

test("a writer thread that dies is started again, and goes on from what was committed", async () => {
  const data = openDataFolder(folder.path);
  const client = new WriterClient({ databasePath: data.databasePath, retention: KEEP_ALL }, silentLogger);
  const heard: string[] = [];
  let wake = () => {};
  let last: Committed | undefined;
  const note = (what: string) => {
    heard.push(what);
    wake();
  };
  const until = async (what: string) => {
    while (!heard.includes(what)) await new Promise<void>((resolve) => (wake = resolve));
    heard.splice(0);
  };
  await client.start({
    onReady: () => note("ready"),
    onLost: () => note("lost"),
    onFailed: (_id, error) => note(`failed: ${error}`),
    onBlocksBack: () => {},
    onCommitted: (committed) => {
      last = committed;
      note("committed");
    },
  });
  const post = (id: number, first: number, to: number) => {
    const builder = new BatchBuilder(new BlockPool());
    builder.add(BatchKind.Data, MAC, TEST_NOW_MS, countingPack(1, first, to));
    return client.post(id, builder.take());
  };
  await until("ready");
  expect(post(1, 1, 3)).toBe(true);
  await until("committed");

  await client.kill();
  await until("lost");
  expect(post(2, 4, 5)).toBe(false);
  await until("ready");
  expect(post(3, 2, 6)).toBe(true);
  await until("committed");
  expect([...(last?.acks ?? [])]).toEqual([MAC, 1, 6]);
  expect(last?.tallies).toMatchObject({ stored: 3, duplicates: 2 });

  const unknown = { kind: "deleteImage", id: "0011223344556677", organisation: 1 } as const;
  expect(await client.request(unknown)).toEqual({ outcome: "imageUnknown" });
  const tooMany = Array.from({ length: STORE_REQUESTS_MAX + 1 }, () => client.request(unknown));
  expect(await tooMany.at(-1)).toEqual({ outcome: "unavailable" });
  expect(await tooMany[0]).toEqual({ outcome: "imageUnknown" });
  const lost = client.request(unknown);
  await client.kill();
  expect((await lost).outcome).toMatch(/unavailable|imageUnknown/);
  expect(await client.request(unknown)).toEqual({ outcome: "unavailable" });
  await until("ready");
  expect(await client.request(unknown)).toEqual({ outcome: "imageUnknown" });

  await client.stop();
  data.release();
});
