/** Connections that say little and slowly, on each door; and the doors with TLS. */
import { copyFileSync, statSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { join } from "node:path";
import { connect as connectTls } from "node:tls";
import mqtt from "mqtt";
import { generate } from "mqtt-packet";
import { afterEach, describe, expect, test } from "vitest";
import { StartError } from "./errors.ts";
import { HTTP_CHECK_EVERY_MS, HTTP_HEADERS_MAX_MS, MQTT_CONNECT_MAX_MS } from "./limits.ts";
import { hasOpenssl, makeCertificate } from "./testing/test-certificate.ts";
import { GuardedServer } from "./testing/test-login.ts";
import { makeFolder, startTestServer } from "./testing/test-server.ts";

const HOST = "127.0.0.1";
const MAC = "5ccf7f00000a";
const SECRET = "0123456789abcdef";
/** Of a machine that is busy. */
const LATE_MS = 15_000;

let guarded: GuardedServer | undefined;
let folder: ReturnType<typeof makeFolder> | undefined;
afterEach(async () => {
  await guarded?.stop();
  folder?.remove();
  guarded = undefined;
  folder = undefined;
});

/** Sends a byte each now and then, of a message that never ends; resolves with how long it was let, ms. */
async function drip(socket: Socket, bytes: Buffer): Promise<number> {
  const startMs = performance.now();
  let at = 0;
  const ticker = setInterval(() => socket.write(bytes.subarray(at, ++at)), 200);
  socket.on("error", () => {});
  socket.resume();
  await new Promise((resolve) => socket.once("close", resolve));
  clearInterval(ticker);
  return performance.now() - startMs;
}

describe("slow and silent", () => {
  test("a CONNECT by the byte, and none at all", { timeout: MQTT_CONNECT_MAX_MS + 2 * LATE_MS }, async () => {
    guarded = await GuardedServer.start();
    const { mqttPort } = guarded.server;
    const packet = generate({
      cmd: "connect",
      protocolId: "MQTT",
      protocolVersion: 4,
      clean: true,
      clientId: "x".repeat(100),
    });
    const open = () => connect({ host: HOST, port: mqttPort });
    const lasted = await Promise.all([drip(open(), packet), drip(open(), Buffer.alloc(0))]);
    for (const ms of lasted) {
      expect(ms).toBeGreaterThan(MQTT_CONNECT_MAX_MS - 1000);
      expect(ms).toBeLessThan(MQTT_CONNECT_MAX_MS + LATE_MS);
    }
    expect(await guarded.metric('lintel_refused_total{reason="connectLate"}')).toBe(2);
  });

  test("an HTTP request by the byte", { timeout: HTTP_HEADERS_MAX_MS + 2 * LATE_MS }, async () => {
    guarded = await GuardedServer.start();
    const request = Buffer.from(`GET /healthz HTTP/1.1\r\nHost: ${HOST}\r\nX-Slow: ${"x".repeat(1000)}\r\n\r\n`);
    const lasted = await drip(connect({ host: HOST, port: guarded.server.httpPort }), request);
    expect(lasted).toBeLessThan(HTTP_HEADERS_MAX_MS + HTTP_CHECK_EVERY_MS + LATE_MS);
    expect((await fetch(`${guarded.server.url}/healthz`)).status).toBe(200);
  });

  test("a device that goes silent is gone after one and a half of its keep alive [MQTT-3.1.2-24]", async () => {
    guarded = await GuardedServer.start();
    await guarded.call("POST", "/devices", { mac: MAC, secret: SECRET });
    const socket = connect({ host: HOST, port: guarded.server.mqttPort });
    const start = { cmd: "connect", protocolId: "MQTT", protocolVersion: 4, clean: true, keepalive: 1 } as const;
    socket.write(generate({ ...start, clientId: MAC, username: MAC, password: Buffer.from(SECRET) }));
    // Half of a PUBLISH, so that it is not silent altogether.
    const lasted = await drip(
      socket,
      generate({ cmd: "publish", topic: "x", payload: Buffer.alloc(1000), qos: 0, dup: false, retain: false }),
    );
    expect(lasted).toBeGreaterThan(1400);
    expect(lasted).toBeLessThan(LATE_MS);
  });
});

test("the folder and the database are their owner's alone", async () => {
  folder = makeFolder();
  const dataDir = join(folder.path, "new");
  const server = await startTestServer(dataDir);
  const modeOf = (name: string) => statSync(join(dataDir, name)).mode & 0o777;
  expect([modeOf("."), modeOf("lintel.db"), modeOf("lintel.db-wal"), modeOf("operator-token")]).toEqual([
    ...[0o700, 0o600, 0o600, 0o600],
  ]);
  await server.stop();
});

describe.skipIf(!hasOpenssl)("TLS", () => {
  function certify(name: string): { certFile: string; keyFile: string } {
    folder ??= makeFolder();
    return makeCertificate(folder.path, name);
  }

  async function shownName(port: number, more: object = {}): Promise<string | undefined> {
    const socket = connectTls({ host: HOST, port, rejectUnauthorized: false, ...more });
    try {
      await new Promise((resolve, reject) => socket.once("secureConnect", resolve).once("error", reject));
      const { CN } = socket.getPeerCertificate().subject;
      return Array.isArray(CN) ? CN[0] : CN;
    } finally {
      socket.destroy();
    }
  }

  test("the API and MQTT, from 1.2 on; another certificate without a restart; plain MQTT for boards, or none", async () => {
    const files = certify("first");
    guarded = await GuardedServer.start({ tls: files, mqttsPort: 0, plainMqtt: false });
    const { server } = guarded;
    const [mqttsPort, httpPort] = [server.mqttsPort ?? 0, server.httpPort];
    expect(server.mqttPort).toBe(0);
    expect(server.url).toBe(`https://${HOST}:${httpPort}`);
    expect([await shownName(mqttsPort), await shownName(httpPort)]).toEqual(["first", "first"]);
    for (const port of [mqttsPort, httpPort]) {
      await expect(
        shownName(port, { maxVersion: "TLSv1.1", minVersion: "TLSv1", ciphers: "ALL:@SECLEVEL=0" }),
      ).rejects.toThrow();
      expect(await shownName(port, { maxVersion: "TLSv1.2" })).toBe("first");
    }
    const refused = mqtt.connectAsync(
      `mqtts://${HOST}:${mqttsPort}`,
      { rejectUnauthorized: false, reconnectPeriod: 0 },
      false,
    );
    await expect(refused).rejects.toThrow(/Bad username or password/i);
    const second = certify("second");
    copyFileSync(second.certFile, files.certFile);
    // The key of the one before does not fit: that one stays.
    server.reloadCertificate();
    expect(await shownName(mqttsPort)).toBe("first");
    copyFileSync(second.keyFile, files.keyFile);
    server.reloadCertificate();
    expect([await shownName(mqttsPort), await shownName(httpPort)]).toEqual(["second", "second"]);
  });

  test("a certificate that cannot be used is told at the start", async () => {
    const files = certify("first");
    const other = certify("other");
    const start = startTestServer(join(folder?.path ?? "", "data"), { tls: { ...files, keyFile: other.keyFile } });
    await expect(start).rejects.toThrow(StartError);
    await expect(start).rejects.toThrow(/certificate .*first.crt or its key cannot be used/);
  });
});
