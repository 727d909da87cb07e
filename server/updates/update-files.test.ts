/** What is made when, with a thread and a store in the test's hands. */
import { beforeEach, expect, test } from "vitest";
import { FILE_RETRY_MS, FILES_UNDER_WAY_MAX } from "../limits.ts";
import { silentLogger } from "../logger.ts";
import type { StoreOutcome, StoreRequest } from "./store-requests.ts";
import { type SendableImage, UpdateFiles } from "./update-files.ts";

type Made = Uint8Array | null | undefined;

const SIZE_BYTES = 100;
const SHORT = new Uint8Array(10);

let images: Map<string, SendableImage>;
let patches: Map<string, number | null>;
/** What the thread was asked for, in that order, and how to answer it. */
let asked: string[];
let answers: Array<(made: Made) => void>;
let outcome: StoreOutcome;
let isReadable: boolean;
let nowMs: number;
let files: UpdateFiles;

beforeEach(() => {
  images = new Map();
  patches = new Map();
  asked = [];
  answers = [];
  outcome = "done";
  isReadable = true;
  nowMs = 1000;
  files = new UpdateFiles({
    store: {
      image: (id) => images.get(id),
      imageBytes: (id) => (images.has(id) ? named(id) : undefined),
      uncompressed: () => {
        if (!isReadable) throw new Error("disk I/O error");
        return [...images.values()].filter(({ compressTried }) => compressTried === 0).map(({ id }) => id);
      },
      patch: (base, image) => {
        const sizeBytes = patches.get(`${base}>${image}`);
        return sizeBytes === undefined ? undefined : { sizeBytes };
      },
    },
    request: async (request) => {
      if (outcome === "done") store(request);
      return { outcome };
    },
    makePatch: (base, target) => ask(`${nameOf(base)}>${nameOf(target)}`),
    compress: (target) => ask(nameOf(target)),
    logger: silentLogger,
    nowMs: () => nowMs,
  });
});

function named(id: string): Uint8Array {
  const bytes = Buffer.alloc(SIZE_BYTES);
  bytes.write(id);
  return bytes;
}

const nameOf = (bytes: Uint8Array) => Buffer.from(bytes).toString("latin1").replaceAll("\0", "");

function ask(what: string): Promise<Made> {
  asked.push(what);
  return new Promise((resolve) => answers.push(resolve));
}

function store(request: StoreRequest): void {
  if (request.kind === "addPatch") patches.set(`${request.base}>${request.image}`, request.bytes?.length ?? null);
  if (request.kind !== "addCompressed") return;
  images.set(request.image, { ...image(request.image), compressedBytes: request.bytes?.length ?? null });
  image(request.image).compressTried = 1;
}

function put(...ids: string[]): void {
  for (const id of ids) {
    images.set(id, { id, product: "p", arch: 1, sizeBytes: SIZE_BYTES, compressedBytes: null, compressTried: 0 });
  }
}

const image = (id: string) => images.get(id) as SendableImage;

/** The oldest question that is open. */
async function answer(made: Made): Promise<void> {
  answers.shift()?.(made);
  // A few turns of promises: the store's answer is one of them.
  await new Promise(setImmediate);
}

test("images are compressed one after the other, and not again where it is not worth while", async () => {
  put("a", "b", "c");
  files.goOn();
  files.goOn();
  expect([asked, files.isIdle]).toEqual([["a"], false]);
  await answer(SHORT);
  await answer(new Uint8Array(SIZE_BYTES));
  await answer(null);
  await files.settled();
  expect(asked).toEqual(["a", "b", "c"]);
  expect(["a", "b", "c"].map((id) => image(id).compressedBytes)).toEqual([SHORT.length, null, null]);
  files.goOn();
  expect([asked.length, files.isIdle]).toEqual([3, true]);
});

test("what an offer waits for goes before what nobody waits for", async () => {
  put("a", "b", "c", "d");
  files.goOn();
  const patch = files.toCome("d", image("c"));
  const compressed = files.toCome(null, image("c"));
  expect([patch === undefined, compressed === undefined]).toEqual([false, false]);
  for (let made = 0; made < 5; made++) await answer(SHORT);
  expect(asked).toEqual(["a", "d>c", "c", "b", "d"]);
});

test("an offer joins what is being made, and waits for the compressed image where no patch is worth while", async () => {
  put("a", "b");
  const first = files.toCome("a", image("b"));
  expect(files.toCome("a", image("b"))).toBe(first);
  await answer(new Uint8Array(SIZE_BYTES / 2));
  expect(files.shortest("a", image("b"))).toBeNull();
  files.toCome("a", image("b"));
  expect(asked).toEqual(["a>b", "a", "b"]);
  await answer(SHORT);
  await answer(SHORT);
  expect(files.toCome("a", image("b"))).toBeUndefined();
  expect(files.shortest("a", image("b"))).toEqual({ base: "0000000000000000", sizeBytes: SHORT.length });
  patches.set("a>b", 7);
  expect(files.shortest("a", image("b"))).toEqual({ base: "a", sizeBytes: 7 });
  expect(files.shortest(null, image("b"))).toMatchObject({ base: "0000000000000000" });
});

test("no more than so many are under way", () => {
  const ids = Array.from({ length: FILES_UNDER_WAY_MAX + 1 }, (_, index) => `image-${index}`);
  put(...ids);
  const isWaitedFor = ids.map((id) => files.toCome(null, image(id)) !== undefined);
  expect(isWaitedFor).toEqual([...Array(FILES_UNDER_WAY_MAX).fill(true), false]);
  expect(asked).toHaveLength(FILES_UNDER_WAY_MAX);
});

test.each<[string, Made, StoreOutcome]>([
  ["took too long", undefined, "done"],
  ["could not be stored", SHORT, "unavailable"],
])("what %s is left alone for a while, then tried again", async (_what, made, stored) => {
  put("a", "b");
  outcome = stored;
  files.toCome("a", image("b"));
  await answer(made);
  await answer(made);
  await answer(made);
  expect([asked, files.isIdle, patches.size, image("b").compressTried]).toEqual([["a>b", "a", "b"], true, 0, 0]);
  nowMs += FILE_RETRY_MS - 1;
  files.goOn();
  expect(files.toCome("a", image("b"))).toBeUndefined();
  nowMs++;
  outcome = "done";
  files.toCome("a", image("b"));
  await answer(SHORT);
  expect([asked.slice(3), patches.get("a>b")]).toEqual([["a>b", "a"], SHORT.length]);
});

test("a database that cannot be read ends nothing but this", async () => {
  put("a");
  isReadable = false;
  files.goOn();
  expect([asked, files.isIdle]).toEqual([[], true]);
  isReadable = true;
  files.goOn();
  isReadable = false;
  await answer(SHORT);
  expect([files.isIdle, image("a").compressedBytes]).toEqual([true, SHORT.length]);
});

test("after a stop nothing is begun and the store is not asked", async () => {
  put("a", "b");
  files.goOn();
  files.stop();
  isReadable = false;
  await answer(undefined);
  files.goOn();
  expect([asked, files.isIdle]).toEqual([["a"], true]);
  expect(files.toCome(null, image("b"))).toBeUndefined();
});
