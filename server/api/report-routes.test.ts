/** IOTile reports over HTTP: taken, answered, seen as readings. */
import { afterEach, beforeEach, expect, test } from "vitest";
import { IOTILE_REPORT_MAX_BYTES } from "../limits.ts";
import type { LintelServer } from "../server-options.ts";
import { IOTILE_DEVICE, IOTILE_KEY, REPORTS } from "../testing/iotile-reports.ts";
import { makeFolder, startTestServer } from "../testing/test-server.ts";

let folder: ReturnType<typeof makeFolder>;
let server: LintelServer;

beforeEach(async () => {
  folder = makeFolder();
  server = await startTestServer(folder.path);
  await ask("POST", "/devices", { mac: IOTILE_DEVICE, secret: IOTILE_KEY });
});

afterEach(async () => {
  await server.stop();
  folder.remove();
});

async function ask(method: string, path: string, body?: object): Promise<{ status: number; [key: string]: unknown }> {
  const isFile = Buffer.isBuffer(body);
  const type = isFile ? "application/octet-stream" : "application/json";
  const response = await fetch(`${server.url}/api/v1${path}`, {
    method,
    ...(body !== undefined && {
      headers: { "content-type": type },
      body: isFile ? new Uint8Array(body) : JSON.stringify(body),
    }),
  });
  return { ...((await response.json()) as object), status: response.status };
}

const send = (report: Buffer) => ask("POST", "/iotile/reports", report);

test("a report is answered with what became of its readings, and these are where readings are", async () => {
  const counts = { device: IOTILE_DEVICE, rejected: 0, acknowledged: 11, status: 200 };
  expect(await send(REPORTS.keyed)).toEqual({ ...counts, stored: 3, duplicates: 0 });
  expect(await send(REPORTS.keyed)).toEqual({ ...counts, stored: 0, duplicates: 3 });
  const { items } = await ask("GET", `/devices/${IOTILE_DEVICE}/streams/5001/readings`);
  expect(items).toEqual([
    { time: "2023-11-14T22:11:20.000Z", value: 41, epoch: 0, sequence: 7, clock: "arrival", errorS: null },
    { time: "2023-11-14T22:12:20.000Z", value: 42, epoch: 0, sequence: 8, clock: "arrival", errorS: null },
  ]);
  expect(await ask("GET", `/devices/${IOTILE_DEVICE}/signatures`)).toMatchObject({
    items: [{ epoch: 0, from: 7, to: 11, verdict: "verified" }],
  });
  const metrics = await (await fetch(`${server.url}/metrics`)).text();
  expect(metrics).toContain("\nlintel_readings_stored_total 3\n");
});

test("what is no report, what is not to be believed, and whose device is not here", async () => {
  const code = async (report: Buffer) => {
    const { status, code: name } = await send(report);
    return `${status} ${name}`;
  };
  expect(await code(Buffer.alloc(0))).toBe("400 notAReport");
  expect(await code(Buffer.from("hi"))).toBe("400 notAReport");
  expect(await code(REPORTS.hashed.subarray(0, 50))).toBe("400 notAReport");
  expect(await code(REPORTS.text)).toBe("422 reportRefused");
  expect(await code(REPORTS.unsorted)).toBe("422 reportRefused");
  expect(await code(Buffer.alloc(IOTILE_REPORT_MAX_BYTES + 1))).toBe("413 bodyTooLarge");
  const elsewhere = Buffer.from(REPORTS.individual);
  elsewhere.writeUInt32LE(0x43, 4);
  expect(await code(elsewhere)).toBe("404 deviceUnknown");
  await ask("POST", `/devices/${IOTILE_DEVICE}/revoke`);
  expect(await code(REPORTS.keyed)).toBe("409 deviceNotActive");
  expect(await ask("GET", `/devices/${IOTILE_DEVICE}/streams`)).toMatchObject({ items: [] });
});
