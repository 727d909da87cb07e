/**
 * Nothing that tells one phone from another leaves the counter. The addresses are known here, and so are the salts, for the
 * board's random numbers are recorded; whatever the board writes to the network, flash, RTC memory and the serial line
 * is searched for addresses, for the host's hashes, for the device's own and for salts, in either byte order.
 */
import { createHash, createHmac } from "node:crypto";
import { afterEach, describe, expect, test } from "vitest";
import type { RandomSource } from "../../runtime/board/random.ts";
import { SeededRandom } from "../../runtime/board/random.ts";
import { STREAM_VISITS_ENDED, VISITS_TOLD_MIN } from "../../runtime/contract/stream-ids.ts";
import { loadProgram } from "../../tools/build/load-program.ts";
import { HeardPhones } from "../../tools/sim/street.ts";
import { type CounterRun, runCounterShop, storedSeries } from "./counter-shop.ts";

const SALT_BYTES = 16;
const WHO_BYTES = 8;

const open: CounterRun[] = [];

afterEach(async () => {
  for (const { shop } of open.splice(0)) await shop.close();
});

/** Tells all that is drawn, here and in its forks. */
class RecordedRandom implements RandomSource {
  readonly #random: RandomSource;
  readonly #onDrawn: (bytes: Uint8Array) => void;

  constructor(random: RandomSource, onDrawn: (bytes: Uint8Array) => void) {
    this.#random = random;
    this.#onDrawn = onDrawn;
  }

  fill(bytes: Uint8Array): void {
    this.#random.fill(bytes);
    this.#onDrawn(bytes);
  }

  integer(min: number, max: number): number {
    return this.#random.integer(min, max);
  }

  fraction(): number {
    return this.#random.fraction();
  }

  fork(label: number): RandomSource {
    return new RecordedRandom(this.#random.fork(label), this.#onDrawn);
  }
}

interface Captured {
  run: CounterRun;
  /** Of all that left the board's memory. */
  windows: Set<number>;
  writtenBytes: number;
  /** Of the host, drawn when the chip started. */
  hostSalt: Uint8Array;
  /** Of the program, which draws one each minute at night; and those of them under which a phone was heard. */
  salts: Uint8Array[];
  usedSalts: Uint8Array[];
}

async function capture(edit: (path: string, text: string) => string = (_path, text) => text): Promise<Captured> {
  const pieces: Uint8Array[] = [];
  const drawn: Array<{ bytes: Uint8Array; frames: number }> = [];
  let heard: HeardPhones | undefined;
  const program = await loadProgram("firmware/counter", "wasm", { edit });
  const run = await runCounterShop({
    program,
    days: 0.5,
    onConnection: (stream) => {
      const push = stream.push.bind(stream);
      stream.push = (chunk: Uint8Array | null, ...rest) => {
        if (chunk !== null) pieces.push(chunk.slice());
        return push(chunk, ...rest);
      };
    },
    board: {
      random: new RecordedRandom(new SeededRandom(77), (bytes) => {
        if (bytes.length === SALT_BYTES) drawn.push({ bytes: bytes.slice(), frames: heard?.frames ?? 0 });
      }),
      log: (_level, text) => void pieces.push(Buffer.from(text, "latin1")),
      printsOnSerial: true,
    },
    prepare: ({ board }) => {
      heard = new HeardPhones(board);
      board.flash.onOperation = ({ data }) => void pieces.push(data.slice());
      board.serial.onBytes = (bytes) => void pieces.push(bytes.slice());
      const write = board.power.rtcWrite.bind(board.power);
      board.power.rtcWrite = (offset, bytes) => {
        pieces.push(bytes.slice());
        return write(offset, bytes);
      };
    },
  });
  open.push(run);
  // A byte between the pieces, so that nothing is made of two of them.
  const written = Buffer.concat(pieces.flatMap((bytes) => [bytes, Uint8Array.of(0)]));
  const [host, ...programs] = drawn;
  const used = programs.filter((draw, at) => (programs[at + 1]?.frames ?? run.heard.frames) > draw.frames);
  return {
    run,
    windows: windowsOf(written),
    writtenBytes: written.length,
    hostSalt: host?.bytes ?? new Uint8Array(),
    salts: programs.map(({ bytes }) => bytes),
    usedSalts: used.map(({ bytes }) => bytes),
  };
}

/** Every four bytes that follow each other in what was written, and in what its hexadecimal digits spell. */
function windowsOf(written: Buffer): Set<number> {
  const windows = new Set<number>();
  const add = (bytes: Buffer) => {
    for (let at = 0; at + 4 <= bytes.length; at++) windows.add(bytes.readUInt32LE(at));
  };
  add(written);
  for (const [digits] of written.toString("latin1").matchAll(/[0-9a-fA-F]{8,}/g)) {
    add(Buffer.from(digits, "hex"));
    add(Buffer.from(digits.slice(1), "hex"));
  }
  return windows;
}

/** All of its four bytes in a row, in either order. */
function isIn(windows: Set<number>, bytes: Uint8Array): boolean {
  return [Buffer.from(bytes), Buffer.from(bytes).reverse()].some((form) =>
    Array.from({ length: form.length - 3 }, (_, at) => windows.has(form.readUInt32LE(at))).every((found) => found),
  );
}

function leaks({ run, windows, hostSalt, salts, usedSalts }: Captured) {
  const { addresses } = run.street;
  const whos = addresses.map((address) =>
    createHash("sha256").update(hostSalt).update(address).digest().subarray(0, WHO_BYTES),
  );
  const hashes = usedSalts.flatMap((salt) => whos.map((who) => createHmac("sha256", salt).update(who).digest()));
  const count = (all: Uint8Array[]) => all.filter((bytes) => isIn(windows, bytes)).length;
  const chance = new SeededRandom(1);
  const others = hashes.map(() => {
    const bytes = new Uint8Array(4);
    chance.fill(bytes);
    return bytes;
  });
  return {
    addresses: count(addresses),
    whos: count(whos),
    hashes: count(hashes.map((hash) => hash.subarray(0, 4))),
    salts: count([hostSalt, ...salts].flatMap((salt) => [salt.subarray(0, 8), salt.subarray(8)])),
    /** Four bytes of so many hashes turn up in megabytes by themselves now and then: as often as these do. */
    byChance: count(others),
  };
}

describe("what leaves the board", { timeout: 240_000 }, () => {
  test("has nothing of a single phone in it", async () => {
    const captured = await capture();
    const found = leaks(captured);
    expect(captured.run.heard.frames).toBeGreaterThan(800);
    expect(captured.writtenBytes).toBeGreaterThan(100_000);
    expect(captured.salts.length).toBeGreaterThanOrEqual(2);
    expect(captured.usedSalts.length).toBeGreaterThanOrEqual(1);
    expect(found).toMatchObject({ addresses: 0, whos: 0, salts: 0 });
    expect(found.hashes).toBeLessThanOrEqual(2 * found.byChance + 5);
    for (const kind of [0, 1, 2]) {
      const told = await storedSeries(captured.run, STREAM_VISITS_ENDED + kind);
      expect(told.size).toBeGreaterThan(1);
      for (const visits of told.values()) expect(visits).toBeGreaterThanOrEqual(VISITS_TOLD_MIN);
    }
  });

  test("the search finds what a program would leak", async () => {
    const leaky = await capture((path, text) =>
      path.endsWith("firmware/counter/phones.ts")
        ? text
            .replace("import { hmac_sha256, random_fill }", "import { hmac_sha256, random_fill, rtc_write }")
            .replace(
              "const hash = load<u32>(digest);",
              "const hash = load<u32>(digest); rtc_write(300, digest, 4); rtc_write(304, salt, 16); rtc_write(320, who, 8);",
            )
        : text,
    );
    const found = leaks(leaky);
    expect(found.hashes).toBeGreaterThan(100);
    expect(found.whos).toBeGreaterThan(100);
    expect(found.salts).toBeGreaterThanOrEqual(2);
  });
});
