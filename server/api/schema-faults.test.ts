/** What people are told who mistype something: where it is and what is taken there. And MAC addresses, as people type them. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { LintelServer } from "../server-options.ts";
import { encodePack, makeFolder, startDevice, startTestServer } from "../testing/test-server.ts";

const MAC = "5ccf7f12abcd";
const folder = makeFolder();
let server: LintelServer;
beforeAll(async () => {
  server = await startTestServer(folder.path);
  const device = await startDevice(server, MAC);
  device.data(encodePack(1, 1, 1, [{ stream: "5001", value: 7 }]));
  await device.ack(1);
});
afterAll(async () => {
  await server.stop();
  folder.remove();
});

async function ask(method: string, path: string, body?: object) {
  const response = await fetch(`${server.url}/api/v1${path}`, {
    method,
    ...(body !== undefined && { headers: { "content-type": "application/json" }, body: JSON.stringify(body) }),
  });
  return { status: response.status, body: (await response.json()) as Record<string, unknown> };
}

test.each([
  [
    "GET",
    "/devices/nonsense",
    undefined,
    "mac has to be: a MAC address, as 5ccf7f123456 or 5C:CF:7F:12:34:56; or a slug",
  ],
  ["GET", `/devices/${MAC}/streams/5001/readings?format=xml`, undefined, "format is none of these: json, csv, senml"],
  ["GET", `/devices/${MAC}/streams/5001/aggregates?fill=guess`, undefined, "fill is none of these: none, null, zero"],
  ["GET", "/changes?kind=device.exploded", undefined, "kind is none of these: device.created, device.updated"],
  [
    "PATCH",
    `/devices/${MAC}/tags`,
    { add: ["Big Door"] },
    "body.add.0 has to be: a short word: lowercase letters and digits",
  ],
  [
    "PATCH",
    `/devices/${MAC}/tags`,
    { ad: ["door"] },
    "the body has ad, which means nothing here; there are add, remove",
  ],
  ["POST", "/fleets", {}, "the body lacks name"],
  ["GET", "/devices?limit=many", undefined, "limit has to be an integer"],
  [
    "POST",
    "/alert-rules",
    { name: "x", condition: { kind: "change", changes: ["device.exploded"] } },
    "body.condition.changes.0 is none of these: device.created, device.updated",
  ],
] as const)("%s %s", async (method, path, body, words) => {
  const answer = await ask(method, path, body);
  expect([answer.status, answer.body["code"]]).toEqual([400, "badRequest"]);
  expect(answer.body["detail"]).toContain(words);
  expect(answer.body["detail"]).not.toMatch(/\^|must match|anyOf/);
});

describe("a MAC address", () => {
  test.each(["5CCF7F12ABCD", "5C:CF:7F:12:AB:CD", "5c-cf-7f-12-ab-cd", "5ccf.7f12.abcd", "d--0000-5ccf-7f12-abcd"])(
    "%s",
    async (typed) => {
      expect((await ask("GET", `/devices/${typed}`)).body).toMatchObject({ mac: MAC });
      expect((await ask("GET", `/devices/${typed}/streams/5001/last`)).body).toMatchObject({ value: 7 });
      expect((await ask("GET", `/alerts?device=${typed}`)).body).toMatchObject({ items: [] });
      const { items } = (await ask("GET", `/changes?device=${typed}`)).body as { items: Array<{ device: string }> };
      expect(new Set(items.map(({ device }) => device))).toEqual(new Set([MAC]));
      const derived = { kind: "linear", source: { device: typed, stream: "5001" }, factor: 2 };
      const made = await ask("PUT", `/devices/${typed}/derived-streams/5f00`, derived);
      expect(made.body).toMatchObject({ source: { device: MAC, stream: "5001" } });
      const alias = { kind: "alias", sections: [{ device: typed, stream: "5001" }] };
      expect((await ask("PUT", `/devices/${MAC}/derived-streams/5f01`, alias)).body).toMatchObject({
        sections: [{ device: MAC }],
      });
      const { body: fleet } = await ask("POST", "/fleets", { name: typed });
      expect((await ask("PATCH", `/fleets/${fleet["id"]}/members`, { add: [typed] })).body).toMatchObject({
        members: 1,
      });
      const condition = { kind: "value", stream: "5001", above: 5 };
      const rule = await ask("POST", "/alert-rules", { name: typed, condition, scope: { devices: [typed] } });
      expect(rule.body).toMatchObject({ scope: { devices: [MAC] } });
      expect((await ask("POST", "/devices", { mac: typed })).body).toMatchObject({ mac: MAC, created: false });
    },
  );

  test.each(["5ccf7f12abc", "5ccf7f12abcg", "5c:cf:7f:12:ab", "5c:cf-7f:12-ab:cd", "5ccf:7f12:abcd"])(
    "%s is none",
    async (typed) => {
      expect((await ask("GET", `/devices/${typed}`)).status).toBe(400);
    },
  );
});
