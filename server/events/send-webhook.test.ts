import { createServer, type RequestListener, type Server } from "node:http";
import { type AddressInfo, createServer as createTcpServer, type Server as TcpServer } from "node:net";
import { afterEach, describe, expect, test } from "vitest";
import { DELIVERY_ATTEMPTS_MAX, DELIVERY_RETRY_MAX_MS, WEBHOOK_ANSWER_MAX_BYTES } from "../limits.ts";
import { retryAfterMs } from "./alert-desk.ts";
import { isPrivateAddress } from "./private-address.ts";
import { DeliveryError, sendWebhook, urlFault } from "./send-webhook.ts";
import { newWebhookSecret, webhookHeaders } from "./webhook-signature.ts";

const SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
let server: Server | undefined;
const raw: TcpServer[] = [];
afterEach(() => {
  server?.closeAllConnections();
  server?.close();
  server = undefined;
  for (const made of raw.splice(0)) made.close();
});

async function listen(listener: RequestListener): Promise<string> {
  const made = createServer(listener);
  server = made;
  await new Promise<void>((resolve) => made.listen(0, "127.0.0.1", resolve));
  return `http://127.0.0.1:${(made.address() as AddressInfo).port}/hook`;
}

/** Whatever is asked, this is said, and nothing more. */
async function listenRaw(answer: string): Promise<string> {
  const made = createTcpServer((socket) => {
    socket.on("error", () => {});
    socket.once("data", () => socket.write(answer));
  });
  raw.push(made);
  await new Promise<void>((resolve) => made.listen(0, "127.0.0.1", resolve));
  return `http://127.0.0.1:${(made.address() as AddressInfo).port}/hook`;
}

function send(url: string, isPrivateAllowed = true, maxMs = 5000): Promise<string> {
  const webhook = { url, secret: SECRET, id: "msg_1", body: "{}", nowMs: 1_614_265_330_500 };
  return sendWebhook(webhook, { isPrivateAllowed, maxMs }).then(
    () => "taken",
    (error: unknown) => {
      expect(error).toBeInstanceOf(DeliveryError);
      return (error as Error).message;
    },
  );
}

test("the signature of Standard Webhooks, by the example that its libraries are tested with", () => {
  const headers = webhookHeaders(SECRET, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, '{"test": 2432232314}');
  expect(headers).toEqual({
    "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
    "webhook-timestamp": "1614265330",
    "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
  });
  const secrets = [newWebhookSecret(), newWebhookSecret()];
  expect(secrets[0]).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/);
  expect(secrets[0]).not.toBe(secrets[1]);
});

describe("one attempt", () => {
  test("what arrives", async () => {
    let seen: Record<string, unknown> = {};
    const url = await listen((request, response) => {
      const parts: Buffer[] = [];
      request.on("data", (part: Buffer) => parts.push(part));
      request.on("end", () => {
        seen = { method: request.method, url: request.url, body: Buffer.concat(parts).toString(), ...request.headers };
        response.writeHead(204).end();
      });
    });
    expect(await send(url)).toBe("taken");
    expect(seen).toMatchObject({
      method: "POST",
      url: "/hook",
      body: "{}",
      "content-type": "application/json",
      ...webhookHeaders(SECRET, "msg_1", 1_614_265_330, "{}"),
    });
  });

  test.each([301, 302, 307, 308])("a redirect (%i) is not followed", async (status) => {
    let requests = 0;
    const url = await listen((_, response) => {
      requests++;
      response.writeHead(status, { location: "/elsewhere" }).end();
    });
    expect(await send(url)).toContain(`it answered ${status}, a redirect`);
    expect(requests).toBe(1);
  });

  test.each([400, 404, 500, 503])("status %i", async (status) => {
    const url = await listen((_, response) => response.writeHead(status).end("no"));
    expect(await send(url)).toBe(`it answered ${status}`);
  });

  test("nobody there; one who hangs; one who ends the connection", async () => {
    expect(await send("http://127.0.0.1:1/")).toContain("ECONNREFUSED");
    expect(await send(await listen(() => {}), true, 100)).toBe("it did not answer in time");
    server?.closeAllConnections();
    server?.close();
    expect(await send(await listen((request) => request.socket.destroy()))).toContain("ECONNRESET");
  });

  test("one who would speak another protocol, or says only that he will go on", async () => {
    const made = listenRaw("HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n");
    expect(await send(await made)).toContain("it answered 101");
    const unasked = await listenRaw("HTTP/1.1 101 Switching Protocols\r\n\r\n");
    expect(await send(unasked, true, 500)).toMatch(/it answered 101|did not answer|without an answer|Parse Error/);
    expect(await send(await listenRaw("HTTP/1.1 100 Continue\r\n\r\n"), true, 200)).toBe("it did not answer in time");
  });

  test("one who answers without end, by the byte or in a flood, holds nobody up", async () => {
    const drip = await listen((_, response) => {
      response.writeHead(200);
      const timer = setInterval(() => response.write("."), 10);
      response.on("close", () => clearInterval(timer));
    });
    // That it was taken is known by the status; the rest is cut off.
    expect(await send(drip, true, 200)).toBe("taken");
    server?.closeAllConnections();
    server?.close();
    let written = 0;
    const flood = await listen((_, response) => {
      response.writeHead(200);
      const go = () => {
        while (!response.destroyed && written < 64 * 1024 * 1024) {
          written += 65_536;
          if (!response.write(Buffer.alloc(65_536))) {
            response.once("drain", go);
            return;
          }
        }
        response.end();
      };
      go();
    });
    expect(await send(flood)).toBe("taken");
    expect(written).toBeLessThan(64 * 1024 * 1024);
    expect(written).toBeGreaterThan(WEBHOOK_ANSWER_MAX_BYTES);
  });
});

describe("private networks", () => {
  test("are refused, by address and by name", async () => {
    const url = await listen((_, response) => response.end());
    const { port } = new URL(url);
    for (const host of ["127.0.0.1", "[::1]", "10.0.0.1", "[::ffff:7f00:1]", "2130706433", "0x7f.1", "localhost"]) {
      expect([host, await send(`http://${host}:${port}/`, false, 3000)]).toEqual([
        host,
        expect.stringContaining("private network"),
      ]);
    }
    expect(await send(url)).toBe("taken");
  });

  // Registries: IANA "IPv4 and IPv6 Special-Purpose Address Space".
  test.each([
    ["8.8.8.8", false],
    ["172.15.0.1", false],
    ["172.16.0.1", true],
    ["172.31.255.255", true],
    ["192.168.1.1", true],
    ["169.254.169.254", true],
    ["100.64.0.1", true],
    ["0.0.0.0", true],
    ["255.255.255.255", true],
    ["224.0.0.1", true],
    ["2606:4700::1111", false],
    ["fd00::1", true],
    ["fe80::1", true],
    ["::1", true],
    ["::", true],
    ["::ffff:8.8.8.8", true],
    ["64:ff9b::7f00:1", true],
    ["2002:7f00:1::", true],
    ["2001:db8::1", true],
    ["no address", true],
  ])("%s", (address, isPrivate) => expect(isPrivateAddress(address)).toBe(isPrivate));
});

test("what is no address of a webhook", () => {
  expect(urlFault("https://example.org/hook?x=1", false)).toBeUndefined();
  for (const text of ["", "example.org", "ftp://example.org", "file:///etc/passwd", "https://a:b@example.org"]) {
    expect([text, urlFault(text, true)]).toEqual([text, expect.any(String)]);
  }
});

test("tries again later each time, within an hour, and gives up after about a day", () => {
  const waits = Array.from({ length: DELIVERY_ATTEMPTS_MAX }, (_, at) => retryAfterMs(at + 1, 0.5));
  expect(waits.slice(0, 4)).toEqual([30_000, 60_000, 120_000, 240_000]);
  expect(waits.at(-2)).toBe(DELIVERY_RETRY_MAX_MS);
  expect(waits.at(-1)).toBeNull();
  const hours = waits.reduce<number>((sum, ms) => sum + (ms ?? 0), 0) / 3_600_000;
  expect(hours).toBeGreaterThan(20);
  expect(hours).toBeLessThan(28);
  expect([retryAfterMs(1, 0), retryAfterMs(1, 0.999)]).toEqual([22_500, 37_485]);
});
