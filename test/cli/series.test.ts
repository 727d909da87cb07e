/** What devices have measured, on the command line: a day of a virtual shop, whose visitors are known. */
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { runLintel } from "./run-lintel.ts";
import { OPEN, type RunningLintel, startServe } from "./start-lintel.ts";

const TIMEOUT_MS = 240_000;
const [BOARD, OTHER] = ["024c4e540001", "024c4e540002"];
const HOURS = 24;

let folder: string;
let server: RunningLintel;
let url: string;
let visitors: number;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "lintel-series-"));
  // The tools find the operator's token there.
  process.env["LINTEL_DATA"] = join(folder, "data");
  const day = ["--virtual-hours", String(HOURS), "--data", join(folder, "data"), "--interval", "90", "--json"];
  const { stdout } = await runLintel("sim", "--devices", "2", ...day);
  visitors = JSON.parse(stdout).visitorsSimulated;
  ({ server, url } = await startServe(folder, OPEN));
}, TIMEOUT_MS);

afterAll(async () => {
  delete process.env["LINTEL_DATA"];
  await server?.stop();
  await rm(folder, { recursive: true, force: true });
});

const run = (...args: string[]) => runLintel(...args, "--server", url);
async function lintel(...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await run(...args);
  expect(code, stderr).toBe(0);
  return stdout;
}
const json = async (...args: string[]) => JSON.parse(await lintel(...args, "--json"));
const sum = (values: number[]) => values.reduce((total, value) => total + value, 0);

test("a device by its address as it is printed on boards, or by its slug", { timeout: TIMEOUT_MS }, async () => {
  const streams = await json("streams", BOARD);
  for (const name of ["02:4C:4E:54:00:01", "02-4c-4e-54-00-01", "024C4E540001", "d--0000-024c-4e54-0001"])
    expect(await json("streams", name)).toEqual(streams);
  const capitals = "02:4C:4E:54:00:02";
  expect(await json("readings", capitals, "5001")).toEqual(await json("readings", OTHER, "5001"));
  const joined = await json("derived", "add", "02:4C:4E:54:00:01", "5f01", "--section", `${capitals}/5001@..`);
  expect(joined.sections).toMatchObject([{ device: OTHER, stream: "5001" }]);
  await lintel("derived", "remove", BOARD, "5f01");
});

test("every visitor of the day is in the readings, in whatever form", { timeout: TIMEOUT_MS }, async () => {
  expect(visitors).toBeGreaterThan(1000);
  const file = join(folder, "files", "all.csv");
  expect(await lintel("readings", BOARD, "-o", file)).toMatch(/all\.csv: \d+ bytes of csv\n$/);
  const [head, ...lines] = (await readFile(file, "utf8")).trimEnd().split("\r\n");
  expect(head).toBe("stream,time,value,epoch,sequence,clock,errorS");
  const other = await json("readings", OTHER);
  const ofBoard = lines.map((line) => line.split(","));
  const counted = [
    ...ofBoard.map(([stream = "", , value]) => ({ stream, value: Number(value) })),
    ...(other as Array<{ stream: string; value: number }>),
  ].filter(({ stream }) => stream === "5001" || stream === "5002");
  expect(sum(counted.map(({ value }) => value))).toBe(visitors);

  const streams = await json("streams", BOARD);
  for (const { stream, count, lastValue } of streams) {
    const rows = ofBoard.filter(([name]) => name === stream);
    expect([rows.length, Number(rows.at(-1)?.[2])]).toEqual([count, lastValue]);
  }
  expect(await lintel("streams", BOARD)).toMatch(/^STREAM {2}READINGS {2}LAST .*\n5001 {4}\d+ +20\S+Z +\d+\n/);

  const one = await json("readings", BOARD, "5001");
  expect(one).toHaveLength(streams[0].count);
  const senml = JSON.parse(await lintel("readings", BOARD, "5001", "--format", "senml"));
  expect(sum(senml.map(({ v }: { v: number }) => v))).toBe(sum(one.map(({ value }: { value: number }) => value)));
  const parquet = join(folder, "5001.parquet");
  expect(await json("readings", BOARD, "5001", "-o", parquet)).toMatchObject({ format: "parquet" });
  expect((await readFile(parquet)).subarray(0, 4).toString()).toBe("PAR1");
});

test("a table has no more than can be looked at; ranges and limits hold in all forms", {
  timeout: TIMEOUT_MS,
}, async () => {
  const table = await run("readings", BOARD, "5001");
  expect(table.stdout.split("\n")).toHaveLength(1002);
  expect(table.stdout).toMatch(/^TIME {22}VALUE {9}CLOCK\n20\S+Z {2}\d+ +device, within \d+ s\n/);
  const [, next = ""] = /more of 5001: --from (\S+), or a higher --limit\n$/.exec(table.stderr) ?? [];
  const rest = await json("readings", BOARD, "5001", "--from", next);
  expect(rest[0].time).toBe(next);
  expect(rest.length).toBe((await json("readings", BOARD, "5001")).length - 1000);
  const range = ["--from", next, "--limit", "3"];
  expect(await json("readings", BOARD, "5001", ...range)).toEqual(rest.slice(0, 3));
  const csv = await lintel("readings", BOARD, "5001", "--format", "csv", ...range);
  expect(csv.split("\r\n").slice(1, -1)).toEqual(
    rest
      .slice(0, 3)
      .map(
        (row: Record<string, unknown>) =>
          `${row["time"]},${row["value"]},${row["epoch"]},${row["sequence"]},device,${row["errorS"]}`,
      ),
  );
  expect(await json("readings", BOARD, "--from", "2001-01-01", "--to", "2001-02-01")).toEqual([]);
  expect(await lintel("readings", BOARD, "5001", "--to", "2001", "--format", "csv")).toBe(
    "time,value,epoch,sequence,clock,errorS\r\n",
  );
});

test("what cannot be is told, and leaves no file", { timeout: TIMEOUT_MS }, async () => {
  const file = join(folder, "none.json");
  const refusals = [
    [["readings", BOARD, "5aff", "-o", file], "has no stream 5aff"],
    [["readings", "shop"], "named by its MAC address"],
    [["readings", BOARD, "--format", "parquet"], "parquet has one stream"],
    [["readings", BOARD, "5001", "--from", "soon"], "A time is expected"],
    [["readings", BOARD, "-o", join(folder, "none.xlsx")], ".csv, .json, .senml, .parquet, or say"],
    [["readings", BOARD, "--from", "2026-11-02", "--to", "2026-11-01"], "is after --to"],
    [["aggregates", BOARD, "5001", "--by", "fortnight"], "resolution"],
    [["derived", "add", BOARD, "6001", "--linear", "5001"], "--linear needs --factor"],
    [["derived", "add", BOARD, "6001"], "one of --linear, --difference and --section"],
    [["derived", "add", BOARD, "5001", "--difference", "5003"], "sends 5001 itself"],
    [["derived", "add", BOARD, "6001", "--difference", "front"], "as 5001 or 024c4e540001/5001"],
    [["derived", "remove", BOARD, "6001"], "no derived stream 6001"],
  ] as const;
  for (const [args, words] of refusals) {
    const { code, stderr } = await run(...args);
    expect([code, stderr]).toEqual([1, expect.stringContaining(words)]);
  }
  expect((await readdir(folder)).filter((name) => name.startsWith("none"))).toEqual([]);
  await lintel("readings", BOARD, "5001", "--limit", "1", "-o", file);
  const before = await readFile(file, "utf8");
  expect((await run("readings", BOARD, "5001", "-o", file)).stderr).toContain("use --force");
  expect(await readFile(file, "utf8")).toBe(before);
  expect(JSON.parse(await readFile(file, "utf8"))).toHaveLength(1);
});

test("sums by the hour, and streams that are computed from others", { timeout: TIMEOUT_MS }, async () => {
  const readings = await json("readings", BOARD, "5001");
  const total = sum(readings.map(({ value }: { value: number }) => value));
  const hours = await json("aggregates", BOARD, "5001", "--by", "hour");
  expect(hours.resolution).toBe("1h");
  expect(sum(hours.buckets.map((bucket: { sum: number }) => bucket.sum))).toBe(total);
  const table = await lintel(
    "aggregates",
    BOARD,
    "5001",
    "--by",
    "6h",
    "--from",
    "30h",
    "--to",
    "now",
    "--fill",
    "zero",
  );
  expect(table).toMatch(/^by 6h, UTC\nTIME +COUNT {2}SUM +MEAN +MIN {2}MAX {2}FIRST {2}LAST\n20\S+Z +\d/);

  const linear = ["--linear", "5001", "--factor", "0.5", "--offset", "-1", "--unit", "pairs"];
  expect(await lintel("derived", "add", BOARD, "6001", ...linear)).toBe(
    `${BOARD}/6001 is linear of 0.5 × ${BOARD}/5001 - 1; see lintel readings ${BOARD} 6001\n`,
  );
  const halves = await json("readings", BOARD, "6001");
  expect(sum(halves.map(({ value }: { value: number }) => value))).toBe(total / 2 - readings.length);
  const middle = readings[700].time;
  await lintel(
    "derived",
    "add",
    BOARD,
    "6002",
    "--section",
    `5001@..${middle}`,
    "--section",
    `${OTHER}/5001@${middle}..`,
  );
  const joined = await json("readings", BOARD, "6002");
  expect(joined.slice(0, 700)).toEqual(readings.slice(0, 700));
  expect(joined.slice(700)).toEqual(await json("readings", OTHER, "5001", "--from", middle));
  await lintel("derived", "add", BOARD, "6003", "--difference", `${OTHER}/5003`);
  expect(await lintel("derived", "list", BOARD)).toMatch(/6003 +difference +024c4e540002\/5003\n$/);
  expect((await json("streams", BOARD)).filter((one: { derived: unknown }) => one.derived !== null)).toMatchObject([
    { stream: "6001", derived: "linear", lastValue: halves.at(-1).value, unit: "pairs" },
    { stream: "6002", derived: "alias" },
    { stream: "6003", derived: "difference" },
  ]);
  expect(await lintel("derived", "remove", BOARD, "6002")).toBe(`${BOARD}/6002 is deleted\n`);
});
