/** Readings as text, in whatever pieces they come from the server; and files, which are whole or not there. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { ApiError } from "../client/api-client.ts";
import type { SeriesClient, StoredReading } from "../client/series-client.ts";
import { writeWhole } from "./command-files.ts";
import { type Chunks, csvOf, jsonOf, tableOf } from "./reading-texts.ts";

const HEAD = "time,value,epoch,sequence,clock,errorS";
const row = (sequence: number): StoredReading => {
  const time = new Date(sequence * 60_000).toISOString();
  return { time, value: sequence / 2, epoch: 7, sequence, clock: "device", errorS: null };
};
const ROWS = [1, 2, 3, 4, 5].map(row);
const csvRow = ({ time, value, sequence }: StoredReading) => `${time},${value},7,${sequence},device,`;
const CSV = Buffer.from([HEAD, ...ROWS.map(csvRow), ""].join("\r\n"));

async function* pieces<T>(all: ArrayLike<T> & { slice(from: number, to: number): ArrayLike<T> }, size: number) {
  for (let at = 0; at < all.length; at += size) yield all.slice(at, at + size);
}

/** Of a device with these readings in each stream, in pages and pieces of this size. */
function seriesOf(pageRows: number, pieceBytes: number): SeriesClient {
  return {
    readings: () => pieces(ROWS, pageRows),
    exported: async () => pieces(CSV, pieceBytes),
  } as unknown as SeriesClient;
}

async function textOf(chunks: Chunks): Promise<string> {
  const parts: string[] = [];
  for await (const chunk of chunks) parts.push(chunk.toString());
  return parts.join("");
}

const both = { mac: "024c4e540001", streams: ["5001", "5003"], hasNames: true };

test("CSV of two streams has one head, wherever the pieces are cut", async () => {
  const lines = [`stream,${HEAD}`, ...both.streams.flatMap((one) => ROWS.map((at) => `${one},${csvRow(at)}`)), ""];
  for (let size = 1; size <= CSV.length; size++) {
    expect(await textOf(csvOf(seriesOf(2, size), both, {}))).toBe(lines.join("\r\n"));
  }
});

test("JSON is one list, in pages of any size, and no more than asked for", async () => {
  for (let size = 1; size <= 6; size++) {
    const read = JSON.parse(await textOf(jsonOf(seriesOf(size, 1), both, { limit: 3 })));
    expect(read).toEqual(both.streams.flatMap((stream) => [1, 2, 3].map((at) => ({ stream, ...row(at) }))));
  }
  expect(await textOf(jsonOf(seriesOf(2, 1), { ...both, streams: [] }, {}))).toBe("[]\n");
});

test("a table says where it goes on, also when that is on another page", async () => {
  for (let size = 1; size <= 6; size++) {
    for (let limit = 1; limit <= 6; limit++) {
      const notes: string[] = [];
      const one = { ...both, streams: ["5001"], hasNames: false };
      const text = await textOf(tableOf(seriesOf(size, 1), one, { limit }, (line) => notes.push(line)));
      expect(text.trimEnd().split("\n")).toHaveLength(1 + Math.min(limit, 5));
      const next = limit >= 5 ? [] : [expect.stringContaining(`--from ${row(limit + 1).time}`)];
      expect(notes).toEqual(next);
    }
  }
});

test("a source that breaks off leaves the file of before, and no part", async () => {
  const folder = mkdtempSync(join(tmpdir(), "lintel-whole-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const file = join(folder, "readings.csv");
  writeFileSync(file, "before");
  async function* broken() {
    yield "half";
    throw new ApiError("the server broke off");
  }
  await expect(writeWhole(file, broken())).rejects.toThrow("the server broke off");
  expect([readFileSync(file, "utf8"), readdirSync(folder)]).toEqual(["before", ["readings.csv"]]);
  const whole = () => pieces(CSV, 7) as AsyncIterable<Uint8Array>;
  await writeWhole(file, whole());
  expect(readFileSync(file)).toEqual(CSV);
  await expect(writeWhole(join(file, "below.csv"), whole())).rejects.toThrow(/below.csv could not be written: ENOTDIR/);
});
