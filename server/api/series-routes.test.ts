/** Aggregates, the last value, derived streams and Parquet over HTTP, of readings in the table and packed. */
import { tableFromIPC } from "apache-arrow";
import { readParquet } from "parquet-wasm/node";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { HOUSEKEEPING_EVERY_MS } from "../limits.ts";
import type { LintelServer } from "../server-options.ts";
import { encodePack, makeFolder, startDevice, startTestServer } from "../testing/test-server.ts";

const MAC = "5ccf7f123456";
const OTHER = "5ccf7f654321";
/** 2023-11-10T00:00:00Z: days that are over by TEST_NOW_MS, and are packed when the server starts again. */
const START_S = 1_699_574_400;
const HOURS = 48;

let folder: ReturnType<typeof makeFolder>;
let server: LintelServer;
let nowMs = (START_S + 86_400) * 1000;

beforeAll(async () => {
  folder = makeFolder();
  server = await startTestServer(folder.path, { nowMs: () => nowMs });
  const device = await startDevice(server, MAC);
  // A counter that goes on by the number of the hour, and begins again at zero before hour 30.
  let value = 0;
  const readings = Array.from({ length: HOURS }, (_, hour) => {
    value = hour === 30 ? 5 : value + hour;
    return { stream: "5001", value, timeS: START_S + hour * 3600 };
  });
  device.data(encodePack(1, 1, 1, readings));
  await device.ack(HOURS);
  const other = await startDevice(server, OTHER);
  other.data(
    encodePack(1, 1, 1, [
      { stream: "5001", value: 1000, timeS: START_S + 50 * 3600 },
      { stream: "5002", value: -1.5, timeS: START_S },
    ]),
  );
  await other.ack(2);
  await server.stop();
  nowMs += 10 * 86_400_000;
  server = await startTestServer(folder.path, { nowMs: () => nowMs });
  await packed();
});

afterAll(async () => {
  await server.stop();
  folder.remove();
});

/** What was sent is in segments: the metric says so. */
async function packed(): Promise<void> {
  const endMs = Date.now() + HOUSEKEEPING_EVERY_MS;
  for (;;) {
    const text = await (await fetch(`${server.url}/metrics`)).text();
    if (text.includes(`\nlintel_readings_packed ${HOURS + 2}\n`)) return;
    if (Date.now() > endMs) throw new Error("the readings were not packed");
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

async function call<T = Record<string, unknown>>(
  method: string,
  path: string,
  body?: unknown,
): Promise<{ status: number; body: T }> {
  const response = await fetch(`${server.url}/api/v1/devices/${path}`, {
    method,
    ...(body !== undefined && { body: JSON.stringify(body), headers: { "content-type": "application/json" } }),
  });
  const text = await response.text();
  return { status: response.status, body: (text === "" ? null : JSON.parse(text)) as T };
}

interface Aggregates {
  resolution: string;
  approximate: boolean;
  unit: string | null;
  buckets: Array<Record<string, number | string | null>>;
}
const aggregates = async (query: string, stream = "5001", mac = MAC) =>
  (await call<Aggregates>("GET", `${mac}/streams/${stream}/aggregates?${query}`)).body;
const at = (hour: number) => new Date((START_S + hour * 3600) * 1000).toISOString();
const readings = async (stream: string, query = "") =>
  (await call<{ items: Array<{ time: string; value: number }> }>("GET", `${MAC}/streams/${stream}/readings?${query}`))
    .body.items;

describe("aggregates", () => {
  test("by day", async () => {
    const answer = await aggregates(`from=${at(0)}&to=${at(48)}&resolution=day`);
    const second = { time: at(24), count: 24, min: 5, first: 300, last: 668, max: 668 };
    expect(answer).toMatchObject({ resolution: "1d", tz: "UTC", approximate: false, unit: null });
    expect(answer.buckets).toMatchObject([
      { time: at(0), count: 24, sum: 2300, mean: 2300 / 24, min: 0, max: 276, first: 0, last: 276 },
      second,
    ]);
    expect(answer).not.toHaveProperty("rawFrom");
  });

  test("days of a place half an hour beside the hour", async () => {
    const { buckets } = await aggregates(`from=${at(0)}&to=${at(48)}&resolution=day&tz=Asia/Kolkata`);
    expect(buckets.map(({ time, count }) => [time, count])).toEqual([
      [at(0), 19],
      [at(18.5), 24],
      [at(42.5), 5],
    ]);
  });

  test("without `from` the first bucket begins where one does, as all others", async () => {
    // The first reading of this stream is of 02:00 on the third day.
    const first = async (query: string) => {
      const { from, buckets } = (await aggregates(query, "5001", OTHER)) as Aggregates & { from: string };
      return [from, buckets[0]?.["time"], buckets.length];
    };
    expect(await first("resolution=day")).toEqual([at(48), at(48), 1]);
    expect(await first("resolution=day&tz=Asia/Kolkata")).toEqual([at(42.5), at(42.5), 1]);
    expect(await first("resolution=90m")).toEqual([at(49.5), at(49.5), 1]);
    expect(await first("resolution=hour")).toEqual([at(50), at(50), 1]);
    expect(await first("resolution=raw")).toEqual([at(50), at(50), 1]);
    expect(await first(`resolution=day&from=${at(50)}`)).toEqual([at(50), at(50), 1]);
    expect((await aggregates("resolution=day")).approximate).toBe(false);
  });

  test("auto: readings where they are few, else a step that fits", async () => {
    expect(await aggregates("points=100")).toMatchObject({ resolution: "raw" });
    const coarse = await aggregates("points=10");
    expect(coarse.resolution).toBe("6h");
    expect(coarse.buckets).toHaveLength(8);
  });

  test.each([
    ["none", []],
    ["null", [null, null]],
    ["zero", [0, 0]],
    ["previous", [3, 3]],
    ["linear", [3.75, 5.25]],
  ])("fill=%s", async (fill, expected) => {
    // 3 at hour 2, 6 at hour 3: the half hours between.
    const { buckets } = await aggregates(`from=${at(2)}&to=${at(3.25)}&resolution=15m&fill=${fill}`);
    const empty = buckets.filter(({ count }) => count === 0);
    expect(buckets.filter(({ count }) => count === 1).map(({ mean }) => mean)).toEqual([3, 6]);
    expect([empty[0], empty.at(-1)].filter((bucket) => bucket !== undefined).map(({ mean }) => mean)).toEqual(
      fill === "linear" ? [3 + (3 * 22.5) / 60, 3 + (3 * 52.5) / 60] : expected,
    );
  });

  test.each([
    ["resolution=soon", "resolutionInvalid"],
    ["tz=Mars", "zoneUnknown"],
    ["from=2024-01-01&to=2023-01-01", "timeInvalid"],
    ["from=2000-01-01&to=2023-01-01&resolution=minute", "tooManyBuckets"],
    ["fill=guess", "badRequest"],
  ])("%s", async (query, code) => {
    const { status, body } = await call("GET", `${MAC}/streams/5001/aggregates?${query}`);
    expect([status, body["code"]]).toEqual([400, code]);
  });
});

test("the last value", async () => {
  expect(await call("GET", `${MAC}/streams/5001/last`)).toEqual({
    status: 200,
    body: { time: at(47), value: 668, unit: null },
  });
  expect(await call("GET", `${MAC}/streams/5009/last`)).toMatchObject({ status: 404, body: { code: "streamUnknown" } });
});

test("a range of all times, in any zone", async () => {
  const answer = await aggregates("from=-8640000000000000&to=8640000000000000&tz=Pacific/Apia&points=50");
  expect(answer.buckets.reduce((sum, { count }) => sum + Number(count), 0)).toBe(HOURS);
});

describe("derived streams", () => {
  const source = { device: MAC, stream: "5001" };
  const put = (stream: string, body: unknown) => call("PUT", `${MAC}/derived-streams/${stream}`, body);

  test("a unit", async () => {
    const made = await put("6001", { kind: "linear", source, factor: 0.5, offset: 10, unit: "kWh" });
    expect(made).toMatchObject({ status: 200, body: { stream: "6001", kind: "linear", unit: "kWh", offset: 10 } });
    expect((await readings("6001", "limit=3")).map(({ value }) => value)).toEqual([10, 10.5, 11.5]);
    const answer = await aggregates(`from=${at(0)}&to=${at(24)}&resolution=day`, "6001");
    expect(answer).toMatchObject({ unit: "kWh", buckets: [{ count: 24, sum: 1150 + 240, min: 10, max: 148 }] });
    expect(await call("GET", `${MAC}/streams/6001/last`)).toMatchObject({ body: { value: 344, unit: "kWh" } });
  });

  test("differences of a counter, across a reset and the bounds of a range", async () => {
    await put("6002", { kind: "difference", source });
    const expected = Array.from({ length: HOURS }, (_, hour) => (hour === 30 ? 5 : hour));
    expect((await readings("6002")).map(({ value }) => value)).toEqual(expected.slice(1));
    expect((await readings("6002", `from=${at(10)}&limit=2`)).map(({ value }) => value)).toEqual([10, 11]);
    const { buckets } = await aggregates(`from=${at(24)}&to=${at(48)}&resolution=day`, "6002");
    expect(buckets).toMatchObject([{ count: 24, sum: expected.slice(24).reduce((a, b) => a + b), min: 5, max: 47 }]);
  });

  test("the history of a board that was replaced", async () => {
    const sections = [
      { ...source, to: at(40) },
      { device: OTHER, stream: "5001", from: at(40) },
    ];
    expect(await put("6003", { kind: "alias", sections })).toMatchObject({ status: 200, body: { sections } });
    const joined = await readings("6003");
    expect(joined.slice(-2)).toMatchObject([{ time: at(39) }, { time: at(50), value: 1000 }]);
    expect(joined).toHaveLength(41);
    const { buckets } = await aggregates(`from=${at(0)}&to=${at(72)}&resolution=day`, "6003");
    expect(buckets.map(({ count }) => count)).toEqual([24, 16, 1]);
    await put("6004", { kind: "difference", source: { device: MAC, stream: "6003" } });
    expect((await readings("6004")).at(-1)).toMatchObject({ value: 1000 - 320 });
  });

  test("what cannot be", async () => {
    const linear = { kind: "linear", source, factor: 1 };
    expect(await put("5001", linear)).toMatchObject({ status: 409, body: { code: "streamMeasured" } });
    expect(await put("6005", { ...linear, source: { device: MAC, stream: "7777" } })).toMatchObject({
      status: 409,
      body: { code: "derivedBroken" },
    });
    const overlap = [{ ...source }, { device: OTHER, stream: "5001", from: at(40) }];
    expect(await put("6005", { kind: "alias", sections: overlap })).toMatchObject({
      status: 422,
      body: { code: "derivedRefused" },
    });
    expect(await put("6005", { kind: "sum", source })).toMatchObject({ status: 400, body: { code: "badRequest" } });
    // In a circle: 6001 from 6002, which is then derived from 6001.
    await put("6006", linear);
    await put("6007", { ...linear, source: { device: MAC, stream: "6006" } });
    await put("6006", { ...linear, source: { device: MAC, stream: "6007" } });
    expect(await call("GET", `${MAC}/streams/6006/readings`)).toMatchObject({
      status: 409,
      body: { code: "derivedBroken" },
    });
  });

  test("an alias of aliases that would be read too often", async () => {
    const wide = (stream: string) => ({
      kind: "alias",
      sections: Array.from({ length: 50 }, (_, hour) => ({
        device: MAC,
        stream,
        from: at(hour),
        ...(hour < 49 && { to: at(hour + 1) }),
      })),
    });
    expect(await put("6008", wide("5001"))).toMatchObject({ status: 200 });
    expect(await put("6009", wide("6008"))).toMatchObject({ status: 422, body: { code: "derivedRefused" } });
    // Made in another order.
    await put("600a", { kind: "linear", source, factor: 1 });
    expect(await put("6009", wide("600a"))).toMatchObject({ status: 200 });
    await put("600a", { kind: "linear", source: { device: MAC, stream: "6008" }, factor: 1 });
    expect(await call("GET", `${MAC}/streams/6009/last`)).toMatchObject({
      status: 409,
      body: { code: "derivedBroken", detail: expect.stringContaining("more than 200 streams") },
    });
  });

  test("listed and deleted", async () => {
    const { body } = await call<{ items: Array<{ stream: string }> }>("GET", `${MAC}/derived-streams`);
    expect(body.items.map(({ stream }) => stream).slice(0, 4)).toEqual(["6001", "6002", "6003", "6004"]);
    expect(await call("DELETE", `${MAC}/derived-streams/6004`)).toEqual({ status: 204, body: null });
    expect(await call("DELETE", `${MAC}/derived-streams/6004`)).toMatchObject({
      status: 404,
      body: { code: "derivedUnknown" },
    });
    expect(await call("GET", `${MAC}/streams/6004/last`)).toMatchObject({
      status: 404,
      body: { code: "streamUnknown" },
    });
  });
});

describe("Parquet, read by another implementation (arrow-rs)", () => {
  const table = async (path: string) => {
    const response = await fetch(`${server.url}/api/v1/devices/${path}`, {
      headers: { accept: "application/vnd.apache.parquet" },
    });
    expect(response.headers.get("content-type")).toBe("application/vnd.apache.parquet");
    return tableFromIPC(readParquet(new Uint8Array(await response.arrayBuffer())).intoIPCStream());
  };

  test("every column of every reading", async () => {
    const rows = (await table(`${MAC}/streams/5001/readings`)).toArray().map((row) => row.toJSON());
    const items = await readings("5001");
    expect(rows).toHaveLength(HOURS);
    expect(
      rows.map((row) => ({
        ...row,
        epoch: Number(row.epoch),
        sequence: Number(row.sequence),
        time: new Date(Number(row.time)).toISOString(),
      })),
    ).toEqual(items);
  });

  test("nothing is a good file as well", async () => {
    expect((await table(`${MAC}/streams/5001/readings?from=2030-01-01`)).numRows).toBe(0);
  });
});
