import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { GOLDEN_DATA_ESTIMATED } from "../../runtime/contract/golden-vectors.ts";
import { HelloKey } from "../../runtime/contract/messages.ts";
import type { LintelServer } from "../server-options.ts";
import {
  encodePack,
  makeFolder,
  startDevice,
  startTestServer,
  TEST_NOW_MS,
  type TestClient,
} from "../testing/test-server.ts";
import type { ApiRoute } from "./build-api.ts";

const MAC = "5ccf7f123456";
const EPOCH = 3;
const START_S = 1_700_000_000;
const MINUTES = 2500;
const READINGS = `/api/v1/devices/${MAC}/streams/5001/readings`;

let folder: ReturnType<typeof makeFolder>;
let server: LintelServer;
let device: TestClient;
const routes: ApiRoute[] = [];

beforeAll(async () => {
  folder = makeFolder();
  server = await startTestServer(folder.path, { onRoute: (route) => routes.push(route) });
  device = await startDevice(server, MAC);
  device.hello(EPOCH, [[HelloKey.Product, "counter"]]);
  for (let minute = 0; minute < MINUTES; minute += 50) {
    const readings = Array.from({ length: 50 }, (_, i) => ({
      stream: "5001",
      value: minute + i,
      timeS: START_S + (minute + i) * 60,
    }));
    device.data(encodePack(EPOCH, minute + 1, 1, readings));
  }
  await device.ack(MINUTES);
  device.data(
    encodePack(EPOCH, MINUTES + 11, MINUTES + 11, [
      { stream: "5003", value: 1.5, timeS: -10 },
      { stream: "5003", value: "text" },
    ]),
  );
  await device.ack(MINUTES + 12);
  await startDevice(server, "5ccf7f000001").then((other) => other.hello(1));
  await server.idle();
});
afterAll(async () => {
  await server.stop();
  folder.remove();
});

const fetchFrom = (path: string, headers: Record<string, string> = {}) => fetch(server.url + path, { headers });

interface Page {
  items: Array<Record<string, unknown>>;
  next: string | null;
}

async function json<T = Page>(path: string): Promise<T> {
  const response = await fetchFrom(path);
  expect(response.status).toBe(200);
  return (await response.json()) as T;
}

async function problem(
  path: string,
  headers: Record<string, string> = {},
): Promise<{ status: number; code: string; detail: string }> {
  const response = await fetchFrom(path, headers);
  expect(response.headers.get("content-type")).toContain("application/problem+json");
  const body = (await response.json()) as { status: number; code: string; detail: string; title: string; type: string };
  expect(body.status).toBe(response.status);
  expect(body.type).toBe("about:blank");
  return body;
}

describe("devices", () => {
  test("in pages", async () => {
    const first = await json("/api/v1/devices?limit=1");
    expect(first.items).toMatchObject([{ mac: "5ccf7f000001" }]);
    const second = await json(`/api/v1/devices?limit=1&cursor=${first.next}`);
    expect(second.items).toMatchObject([
      { mac: MAC, product: "counter", epoch: EPOCH, watermark: MINUTES + 12, online: true },
    ]);
    expect(second.next).toBeNull();
  });

  test("one by one", async () => {
    expect(await json(`/api/v1/devices/${MAC}`)).toMatchObject({
      mac: MAC,
      lastSeen: new Date(TEST_NOW_MS).toISOString(),
    });
    expect(await problem("/api/v1/devices/000000000000")).toMatchObject({ status: 404, code: "deviceUnknown" });
    expect(await problem("/api/v1/devices/XYZ")).toMatchObject({ status: 400, code: "badRequest" });
  });

  test("their streams", async () => {
    const { items } = await json(`/api/v1/devices/${MAC}/streams`);
    expect(items).toEqual([
      {
        stream: "5001",
        slug: "s--0000-0001--0000-5ccf-7f12-3456--5001",
        count: MINUTES,
        firstTime: "2023-11-14T22:13:20.000Z",
        lastTime: new Date((START_S + (MINUTES - 1) * 60) * 1000).toISOString(),
        lastValue: MINUTES - 1,
      },
      {
        stream: "5003",
        slug: "s--0000-0001--0000-5ccf-7f12-3456--5003",
        count: 1,
        firstTime: "2023-11-14T22:13:10.000Z",
        lastTime: "2023-11-14T22:13:10.000Z",
        lastValue: 1.5,
      },
    ]);
  });

  test("what they dropped and what could not be stored", async () => {
    expect(await json(`/api/v1/devices/${MAC}/gaps`)).toMatchObject({
      count: 1,
      readings: 10,
      items: [{ epoch: EPOCH, from: MINUTES + 1, to: MINUTES + 10 }],
    });
    expect(await json(`/api/v1/devices/${MAC}/rejected`)).toMatchObject({
      count: 1,
      items: [
        { epoch: EPOCH, sequence: MINUTES + 12, reason: "value", recordHex: "a3006435303033026474657874" + "0600" },
      ],
    });
  });
});

describe("readings", () => {
  test("all of them, page by page, each once", async () => {
    const values: unknown[] = [];
    let next: string | null = "";
    while (next !== null) {
      const page: Page = await json(`${READINGS}?limit=999${next === "" ? "" : `&cursor=${next}`}`);
      values.push(...page.items.map((item) => item["value"]));
      next = page.next;
    }
    expect(values).toEqual(Array.from({ length: MINUTES }, (_, i) => i));
  });

  test.each([
    ["2023-11-14T22:14:20Z", "2023-11-14T22:16:20Z"],
    [`${(START_S + 60) * 1000}`, `${(START_S + 180) * 1000}`],
  ])("from %s to %s, the end not included", async (from, to) => {
    const { items } = await json(`${READINGS}?from=${from}&to=${to}`);
    expect(items).toEqual([
      { time: "2023-11-14T22:14:20.000Z", value: 1, epoch: EPOCH, sequence: 2, clock: "device", errorS: null },
      { time: "2023-11-14T22:15:20.000Z", value: 2, epoch: EPOCH, sequence: 3, clock: "device", errorS: null },
    ]);
  });

  test("whose clock", async () => {
    const { items } = await json(`/api/v1/devices/${MAC}/streams/5003/readings`);
    expect(items).toMatchObject([{ time: "2023-11-14T22:13:10.000Z", value: 1.5, clock: "arrival" }]);
  });

  test("how sure their times are, in every format", async () => {
    const other = await startDevice(server, "5ccf7f000002");
    other.data(Buffer.from(GOLDEN_DATA_ESTIMATED, "hex"));
    await other.ack(2);
    other.drop();
    const path = "/api/v1/devices/5ccf7f000002/streams/5001/readings";
    const time = "2023-11-15T10:10:24.000Z";
    const { items } = await json(path);
    expect(items[0]).toMatchObject({ time, value: 9, clock: "estimated", errorS: 42_924 });
    const csv = (await (await fetchFrom(`${path}?format=csv`)).text()).split("\r\n");
    expect(csv[1]).toBe(`${time},9,3735928559,1,estimated,42924`);
    const senml = (await (await fetchFrom(`${path}?format=senml`)).json()) as unknown[];
    expect(senml[1]).toEqual({ n: "5001", v: -9, t: 1_700_043_084, te: 42_924, ts: true });
  });

  test("as CSV, whole", async () => {
    const response = await fetchFrom(READINGS, { accept: "text/csv" });
    expect(response.headers.get("content-type")).toContain("text/csv");
    const lines = (await response.text()).split("\r\n");
    expect(lines).toHaveLength(MINUTES + 2);
    expect(lines.slice(0, 2)).toEqual([
      "time,value,epoch,sequence,clock,errorS",
      "2023-11-14T22:13:20.000Z,0,3,1,device,",
    ]);
    expect(lines.at(-1)).toBe("");
  });

  test("as SenML, whole, resolvable by RFC 8428", async () => {
    const response = await fetchFrom(`${READINGS}?format=senml`);
    expect(response.headers.get("content-type")).toBe("application/senml+json");
    const records = (await response.json()) as Array<{ bn?: string; n: string; v: number; t: number }>;
    expect(records).toHaveLength(MINUTES);
    expect(records[0]).toEqual({ bn: "urn:dev:mac:5ccf7ffffe123456_", n: "5001", v: 0, t: START_S });
    expect(records[1]).toEqual({ n: "5001", v: 1, t: START_S + 60 });
    expect(records.filter((record) => record.bn !== undefined)).toHaveLength(1);
  });

  test("an empty range is a good answer in every format", async () => {
    const range = "from=2030-01-01T00:00:00Z";
    expect(await json(`${READINGS}?${range}`)).toEqual({ items: [], next: null });
    expect(await (await fetchFrom(`${READINGS}?${range}&format=csv`)).text()).toBe(
      "time,value,epoch,sequence,clock,errorS\r\n",
    );
    expect(await (await fetchFrom(`${READINGS}?${range}&format=senml`)).json()).toEqual([]);
  });

  test("a limit on an export", async () => {
    const text = await (await fetchFrom(`${READINGS}?format=csv&limit=1200`)).text();
    expect(text.trim().split("\r\n")).toHaveLength(1201);
  });

  test("the best of what a client accepts", async () => {
    const typeFor = async (accept: string) =>
      (await fetchFrom(`${READINGS}?limit=1`, { accept })).headers.get("content-type");
    expect(await typeFor("text/csv;q=0.5, application/senml+json")).toBe("application/senml+json");
    expect(await typeFor("text/html, */*;q=0.1")).toContain("application/json");
    expect(await problem(READINGS, { accept: "image/png" })).toMatchObject({ status: 406, code: "notAcceptable" });
  });

  test.each([
    [`${READINGS}?from=yesterday`, 400, "timeInvalid"],
    [`${READINGS}?cursor=abc`, 400, "cursorInvalid"],
    [`${READINGS}?cursor=${Buffer.from('["a",1,2]').toString("base64url")}`, 400, "cursorInvalid"],
    [`${READINGS}?limit=0`, 400, "badRequest"],
    [`${READINGS}?format=xml`, 400, "badRequest"],
    [`/api/v1/devices/${MAC}/streams/5002/readings`, 404, "streamUnknown"],
    [`/api/v1/devices/${MAC}/streams/500A/readings`, 400, "badRequest"],
    ["/api/v1/nothing", 404, "notFound"],
    ["/api/v1/devices/%ff", 400, "badRequest"],
    [`/api/v1/devices/${"0".repeat(200)}`, 400, "badRequest"],
  ])("%s", async (path, status, code) => {
    const answer = await problem(path);
    expect(answer).toMatchObject({ status, code });
    expect(answer.detail).not.toBe("");
  });
});

describe("live", () => {
  test("has no HEAD, which would never end", async () => {
    const response = await fetch(`${server.url}/api/v1/live`, { method: "HEAD" });
    expect(response.status).toBe(404);
  });

  /** Reads events until there are as many as wanted. */
  async function watch(query: string, wanted: number, act: () => void): Promise<string[]> {
    const abort = new AbortController();
    const response = await fetch(`${server.url}/api/v1/live${query}`, { signal: abort.signal });
    expect(response.headers.get("content-type")).toContain("text/event-stream");
    let text = "";
    let hasActed = false;
    for await (const chunk of response.body as unknown as AsyncIterable<Uint8Array>) {
      text += Buffer.from(chunk).toString();
      if (!hasActed) act();
      hasActed = true;
      if (text.split("event: reading").length > wanted) break;
    }
    abort.abort();
    return text.split("\n\n").filter((event) => event.includes("event: reading"));
  }

  test("readings as they are committed, filtered", async () => {
    const first = MINUTES + 13;
    const events = await watch(`?device=${MAC}&stream=5002`, 1, () => {
      device.data(
        encodePack(EPOCH, first, 1, [
          { stream: "5001", value: 1, timeS: START_S },
          { stream: "5002", value: 8, timeS: START_S },
        ]),
      );
    });
    const data = `{"device":"${MAC}","stream":"5002","time":"2023-11-14T22:13:20.000Z","value":8,"epoch":3,"sequence":${first + 1},"clock":"device","errorS":null}`;
    expect(events).toEqual([`id: ${MAC}-3-${first + 1}\nevent: reading\ndata: ${data}`]);
  });

  test("a filter that cannot be", async () => {
    expect(await problem("/api/v1/live?device=all")).toMatchObject({ status: 400 });
  });

  test("ends with the server", async () => {
    const other = makeFolder();
    const stopping = await startTestServer(other.path);
    const response = await fetch(`${stopping.url}/api/v1/live`);
    const text = response.text();
    await stopping.stop();
    expect(await text).toBe(": readings from now on\n\n");
    other.remove();
  });
});

describe("for machines", () => {
  test("health", async () => {
    expect(await json("/healthz")).toEqual({ status: "ok" });
  });

  test("figures", async () => {
    const response = await fetchFrom("/metrics");
    expect(response.headers.get("content-type")).toContain("text/plain");
    const text = await response.text();
    for (const name of [
      "lintel_mqtt_connections 2",
      "lintel_readings_rejected_total 1",
      "lintel_readings_dropped_total 10",
      "lintel_readings_duplicate_total 0",
      "lintel_ingest_pending_bytes 0",
      "lintel_commit_seconds_count",
    ]) {
      expect(text).toContain(`\n${name}`);
    }
  });

  test("the description is OpenAPI 3.1 and names every route", async () => {
    const document = await json<{
      openapi: string;
      info: object;
      paths: Record<string, Record<string, { responses: object }>>;
    }>("/api/v1/openapi.json");
    expect(document.openapi).toMatch(/^3\.1\.\d+$/);
    expect(document.info).toMatchObject({ title: "Lintel", version: "1" });
    const described = routes
      .filter(({ url, method }) => method !== "HEAD" && /^\/(api|healthz|metrics)\b/.test(url))
      .map(({ url, method }) => `${method} ${url.replace(/:(\w+)/g, "{$1}")}`);
    const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
    );
    expect(described.length).toBeGreaterThan(50);
    expect(operations.sort()).toEqual(described.sort());
    for (const [path, operations] of Object.entries(document.paths)) {
      for (const [method, operation] of Object.entries(operations)) {
        const what = `${method} ${path}`;
        expect(operation, what).toMatchObject({ summary: expect.any(String) });
        const statuses = Object.keys(operation.responses);
        // What makes something new, or begins something, need not say that it was there before.
        const made = method === "post" && !statuses.includes("200") ? ["201", "202", "204"] : [];
        const [good, ...rest] = statuses.filter((status) => status !== "201" || made.length > 0);
        const isSilent = method === "delete" || statuses.includes("204");
        const allowed = isSilent ? ["204"] : made.length > 0 ? made : ["200"];
        expect(allowed, what).toContain(good);
        expect(rest, what).toEqual(["4XX", "5XX"]);
      }
    }
    for (const name of pathParameters(document.paths)) expect(name).toBe(true);
  });
});

/** OpenAPI 3.1: every name in braces is a required parameter in the path. */
function pathParameters(paths: Record<string, Record<string, unknown>>): boolean[] {
  return Object.entries(paths).flatMap(([path, operations]) =>
    [...path.matchAll(/\{(\w+)\}/g)].flatMap(([, name]) =>
      Object.values(operations).map((operation) => {
        const { parameters = [] } = operation as {
          parameters?: Array<{ name: string; in: string; required: boolean }>;
        };
        return parameters.some((parameter) => parameter.name === name && parameter.in === "path" && parameter.required);
      }),
    ),
  );
}
