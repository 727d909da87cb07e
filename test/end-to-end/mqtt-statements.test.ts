/**
 * Normative statements of MQTT 3.1.1 (OASIS Standard, 29 October 2014), by their numbers, byte by byte: to this server, and to
 * mosquitto, a broker that nobody here wrote, so that a mistake of the suite shows.
 *
 * Left out: what a kept session is for (3.1.2-4, 3.1.2-5, 4.4.0-1). This server keeps none, and says so in each CONNACK (Session
 * Present is 0).
 */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { connect, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { generate, type IConnectPacket, type Packet, parser } from "mqtt-packet";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { GuardedServer } from "../../server/testing/test-login.ts";
import { freePort } from "../../tools/demo/free-port.ts";

const HOST = "127.0.0.1";
const ROOT = "app/home";
const WAIT_MS = 10_000;
/** Behind the protocol name; MQTT 3.1.1, 3.1.2. */
const CONNECT_FLAGS_AT = 5;
const CLEAN_SESSION = 2;
/** Within this time a broker says what it has to say. */
const QUIET_MS = 300;

interface Broker {
  port: number;
  username?: string;
  password?: string;
}

class Talk {
  readonly #socket: Socket;
  readonly #broker: Broker;
  readonly #packets: Packet[] = [];
  isClosed = false;

  constructor(broker: Broker) {
    this.#broker = broker;
    this.#socket = connect({ host: HOST, port: broker.port });
    const incoming = parser();
    incoming.on("packet", (packet) => this.#packets.push(packet));
    this.#socket.on("data", (bytes) => incoming.parse(bytes));
    this.#socket.on("error", () => {});
    this.#socket.on("close", () => {
      this.isClosed = true;
    });
  }

  /** The packet as it is sent, so that it can be damaged. */
  greeting(more: Partial<IConnectPacket> = {}): Buffer {
    const { username, password } = this.#broker;
    const who = username === undefined ? {} : { username, password: Buffer.from(password ?? "") };
    const start = { cmd: "connect", protocolId: "MQTT", protocolVersion: 4, clean: true, keepalive: 60 } as const;
    return generate({ ...start, clientId: `c${Math.random().toString(36).slice(2)}`, ...who, ...more });
  }

  async connect(more: Partial<IConnectPacket> = {}): Promise<this> {
    this.write(this.greeting(more));
    expect(await this.next("connack")).toMatchObject({ returnCode: 0, sessionPresent: false });
    return this;
  }

  write(bytes: Uint8Array): void {
    this.#socket.write(bytes);
  }

  say(packet: Packet): void {
    this.write(generate(packet));
  }

  publish(topic: string, text: string, more: object = {}): void {
    this.say({ cmd: "publish", topic, payload: text, qos: 0, dup: false, retain: false, ...more } as Packet);
  }

  async subscribe(topic: string, qos: 0 | 1 | 2 = 0): Promise<unknown> {
    this.say({ cmd: "subscribe", messageId: 11, subscriptions: [{ topic, qos }] });
    const answer = await this.next("suback");
    expect(answer.messageId).toBe(11);
    return "granted" in answer ? (answer.granted as unknown[])[0] : undefined;
  }

  async next(cmd: Packet["cmd"]): Promise<Packet & Record<string, unknown>> {
    const endMs = Date.now() + WAIT_MS;
    for (;;) {
      const at = this.#packets.findIndex((packet) => packet.cmd === cmd);
      if (at >= 0) return this.#packets.splice(at, 1)[0] as never;
      if (Date.now() > endMs || this.isClosed)
        throw new Error(`no ${cmd} came; the connection is ${this.isClosed ? "closed" : "open"}`);
      await sleep(5);
    }
  }

  /** What was published to it until it is quiet. */
  async heard(): Promise<Array<{ topic: string; text: string; qos: number; retain: boolean }>> {
    await sleep(QUIET_MS);
    const found = this.#packets.filter((packet) => packet.cmd === "publish");
    return found.map((packet) => {
      const { topic, payload, qos, retain } = packet as never as {
        topic: string;
        payload: Buffer;
        qos: number;
        retain: boolean;
      };
      return { topic, text: payload.toString(), qos, retain };
    });
  }

  async closed(): Promise<void> {
    const endMs = Date.now() + WAIT_MS;
    while (!this.isClosed) {
      if (Date.now() > endMs) throw new Error("the connection stays open");
      await sleep(5);
    }
  }

  end(): void {
    this.#socket.destroy();
  }
}

const hasMosquitto = spawnSync("mosquitto", ["-h"]).error === undefined;
if (!hasMosquitto && process.env["CI"]) throw new Error("mosquitto is not installed, and CI must not skip this test");

let guarded: GuardedServer | undefined;
let child: ChildProcess | undefined;
let folder = "";

async function startOurs(): Promise<Broker> {
  guarded = await GuardedServer.start();
  const { body } = await guarded.call("POST", "/mqtt-users", { name: "suite" });
  return { port: guarded.server.mqttPort, username: "suite", password: String(body["password"]) };
}

async function startMosquitto(): Promise<Broker> {
  folder = await mkdtemp(join(tmpdir(), "lintel-mosquitto-"));
  const port = await freePort(HOST, 0);
  await writeFile(join(folder, "conf"), `listener ${port} ${HOST}\nallow_anonymous true\npersistence false\n`);
  child = spawn("mosquitto", ["-c", join(folder, "conf")], { stdio: "ignore" });
  for (let left = WAIT_MS / 50; left > 0; left--) {
    const socket = connect({ host: HOST, port });
    const isUp = await Promise.race([
      once(socket, "connect").then(
        () => true,
        () => false,
      ),
      sleep(1000).then(() => false),
    ]);
    socket.destroy();
    if (isUp) return { port };
    await sleep(50);
  }
  throw new Error("mosquitto does not start");
}

afterAll(async () => {
  await guarded?.stop();
  if (child !== undefined) {
    const exited = once(child, "exit");
    child.kill("SIGKILL");
    await exited;
    await rm(folder, { recursive: true, force: true });
  }
});

const BROKERS: Array<[string, () => Promise<Broker>]> = [["this server", startOurs]];
if (hasMosquitto) BROKERS.push(["mosquitto", startMosquitto]);

describe.each(BROKERS)("%s", (name, start) => {
  let broker: Broker;
  const talks: Talk[] = [];
  beforeAll(async () => {
    broker = await start();
  });
  afterEach(() => {
    for (const talk of talks.splice(0)) talk.end();
  });
  const open = () => {
    const talk = new Talk(broker);
    talks.push(talk);
    return talk;
  };
  const joined = (more?: Partial<IConnectPacket>) => open().connect(more);

  test("[MQTT-3.1.0-1] what comes first must be CONNECT", async () => {
    const talk = open();
    talk.say({ cmd: "pingreq" });
    await talk.closed();
  });

  test("[MQTT-3.1.0-2] a second CONNECT ends the connection", async () => {
    const talk = await joined();
    talk.write(talk.greeting());
    await talk.closed();
  });

  test("[MQTT-3.1.2-1] another protocol name ends the connection", async () => {
    const talk = open();
    const bytes = talk.greeting();
    bytes.write("MQTX", bytes.indexOf("MQTT"));
    talk.write(bytes);
    await talk.closed();
  });

  test("[MQTT-3.1.2-3] the reserved flag of CONNECT ends the connection", async () => {
    const talk = open();
    const bytes = talk.greeting();
    const at = bytes.indexOf("MQTT") + CONNECT_FLAGS_AT;
    bytes[at] = (bytes[at] ?? 0) | 1;
    talk.write(bytes);
    await talk.closed();
  });

  test("[MQTT-3.1.3-6] a client without an id is given one, if it wants no session", async () => {
    await joined({ clientId: "" });
    await joined({ clientId: "" });
  });

  test("[MQTT-3.1.3-8] [MQTT-3.2.2-4] without an id and with a session it is refused with 2", async () => {
    const talk = open();
    const bytes = talk.greeting({ clientId: "" });
    const at = bytes.indexOf("MQTT") + CONNECT_FLAGS_AT;
    bytes[at] = (bytes[at] ?? 0) & ~CLEAN_SESSION;
    talk.write(bytes);
    expect(await talk.next("connack")).toMatchObject({ returnCode: 2, sessionPresent: false });
    await talk.closed();
  });

  test("[MQTT-3.1.4-2] the same client id ends the connection before", async () => {
    const former = await joined({ clientId: "twice" });
    await joined({ clientId: "twice" });
    await former.closed();
  });

  test("[MQTT-3.1.2-24] silence of one and a half keep alives ends the connection", async () => {
    const talk = await joined({ keepalive: 1 });
    const startMs = Date.now();
    await talk.closed();
    expect(Date.now() - startMs).toBeGreaterThan(1400);
  });

  test("[MQTT-3.1.2-8] [MQTT-3.14.4-3] a will is published, but not after DISCONNECT", async () => {
    const watcher = await joined();
    await watcher.subscribe(`${ROOT}/will/+`);
    const will = (topic: string) => ({
      topic: `${ROOT}/will/${topic}`,
      payload: Buffer.from("gone"),
      qos: 0 as const,
      retain: false,
    });
    const dropped = await joined({ will: will("dropped") });
    const left = await joined({ will: will("left") });
    left.say({ cmd: "disconnect" });
    await left.closed();
    dropped.end();
    expect(await watcher.heard()).toEqual([{ topic: `${ROOT}/will/dropped`, text: "gone", qos: 0, retain: false }]);
  });

  test("[MQTT-3.3.1-4] both QoS bits end the connection", async () => {
    const talk = await joined();
    const bytes = generate({ cmd: "publish", topic: `${ROOT}/x`, payload: "x", qos: 0, dup: false, retain: false });
    bytes[0] = (bytes[0] ?? 0) | 6;
    talk.write(bytes);
    await talk.closed();
  });

  test.each(["+", "#"])("[MQTT-3.3.2-2] %s in the topic of a PUBLISH ends the connection", async (wildcard) => {
    const talk = await joined();
    talk.publish(`${ROOT}/${wildcard}`, "x");
    await talk.closed();
  });

  test("[MQTT-3.3.1-5] [MQTT-3.3.1-8] [MQTT-3.3.1-9] [MQTT-3.3.1-10] [MQTT-3.3.1-11] retained messages", async () => {
    const topic = `${ROOT}/kept`;
    const speaker = await joined();
    const early = await joined();
    await early.subscribe(topic);
    speaker.publish(topic, "first", { retain: true });
    speaker.publish(topic, "second", { retain: true });
    expect((await early.heard()).map(({ text, retain }) => [text, retain])).toEqual([
      ["first", false],
      ["second", false],
    ]);
    const late = await joined();
    await late.subscribe(`${ROOT}/+`);
    expect(await late.heard()).toEqual([{ topic, text: "second", qos: 0, retain: true }]);
    speaker.publish(topic, "", { retain: true });
    await sleep(QUIET_MS);
    const last = await joined();
    await last.subscribe(topic);
    expect(await last.heard()).toEqual([]);
  });

  test("[MQTT-3.8.1-1] reserved bits of SUBSCRIBE end the connection", async () => {
    const talk = await joined();
    const bytes = generate({ cmd: "subscribe", messageId: 5, subscriptions: [{ topic: `${ROOT}/x`, qos: 0 }] });
    bytes[0] = 0x80;
    talk.write(bytes);
    await talk.closed();
  });

  test("[MQTT-3.8.3-3] a SUBSCRIBE without a filter ends the connection", async () => {
    const talk = await joined();
    talk.write(Buffer.from([0x82, 2, 0, 5]));
    await talk.closed();
  });

  test("[MQTT-3.8.4-2] [MQTT-3.8.4-5] [MQTT-3.8.4-6] each filter of a SUBSCRIBE has its answer", async () => {
    const talk = await joined();
    const subscriptions = [0, 1, 2].map((qos) => ({ topic: `${ROOT}/${qos}`, qos: qos as 0 | 1 | 2 }));
    talk.say({ cmd: "subscribe", messageId: 77, subscriptions });
    const answer = await talk.next("suback");
    expect(answer).toMatchObject({ messageId: 77, granted: [0, 1, 2] });
  });

  test("[MQTT-3.10.4-1] [MQTT-3.10.4-4] [MQTT-3.10.4-5] UNSUBSCRIBE is answered, and nothing comes any more", async () => {
    const talk = await joined();
    await talk.subscribe(`${ROOT}/left`);
    talk.say({ cmd: "unsubscribe", messageId: 12, unsubscriptions: [`${ROOT}/left`, `${ROOT}/never`] });
    expect((await talk.next("unsuback")).messageId).toBe(12);
    (await joined()).publish(`${ROOT}/left`, "x");
    expect(await talk.heard()).toEqual([]);
  });

  test("[MQTT-3.12.4-1] PINGREQ is answered", async () => {
    const talk = await joined();
    talk.say({ cmd: "pingreq" });
    await talk.next("pingresp");
  });

  test("[MQTT-4.3.2-2] a message of QoS 1 is acknowledged, and comes with the lower QoS of the two", async () => {
    const [one, none] = [await joined(), await joined()];
    expect(await one.subscribe(`${ROOT}/q1`, 1)).toBe(1);
    await none.subscribe(`${ROOT}/q1`, 0);
    const speaker = await joined();
    speaker.publish(`${ROOT}/q1`, "x", { qos: 1, messageId: 9 });
    expect((await speaker.next("puback")).messageId).toBe(9);
    expect([(await one.heard())[0]?.qos, (await none.heard())[0]?.qos]).toEqual([1, 0]);
  });

  test("[MQTT-4.3.3-2] a message of QoS 2 that is sent again comes once", async () => {
    const listener = await joined();
    await listener.subscribe(`${ROOT}/q2`);
    const speaker = await joined();
    speaker.publish(`${ROOT}/q2`, "x", { qos: 2, messageId: 21 });
    await speaker.next("pubrec");
    speaker.publish(`${ROOT}/q2`, "x", { qos: 2, messageId: 21, dup: true });
    await speaker.next("pubrec");
    speaker.say({ cmd: "pubrel", messageId: 21 });
    expect((await speaker.next("pubcomp")).messageId).toBe(21);
    expect(await listener.heard()).toHaveLength(1);
  });

  test("[MQTT-4.6.0-6] messages of one client come in the order in which it sent them", async () => {
    const listener = await joined();
    await listener.subscribe(`${ROOT}/order`);
    const speaker = await joined();
    const sent = Array.from({ length: 100 }, (_, n) => String(n));
    for (const text of sent) speaker.publish(`${ROOT}/order`, text);
    expect((await listener.heard()).map(({ text }) => text)).toEqual(sent);
  });

  // Section 4.7.1, with its own examples below a root.
  test.each<[string, string, boolean]>([
    ["sport/tennis/#", "sport/tennis", true],
    ["sport/tennis/#", "sport/tennis/player1/ranking", true],
    ["sport/+", "sport", false],
    ["sport/+", "sport/", true],
    ["+/tennis/#", "sport/tennis/a", true],
    ["sport/+/player1", "sport/tennis/player1", true],
    ["sport/+/player1", "sport/tennis/player2", false],
    ["/+", "/finance", true],
    ["+", "/finance", false],
    ["Sport", "sport", false],
  ])("[MQTT-4.7.1-2] [MQTT-4.7.1-3] [MQTT-4.7.3-4] %s on %s: %s", async (filter, topic, matches) => {
    const listener = await joined();
    await listener.subscribe(`${ROOT}/${filter}`);
    (await joined()).publish(`${ROOT}/${topic}`, "x");
    expect(await listener.heard()).toHaveLength(matches ? 1 : 0);
  });

  test.each(["a/#/b", "a#", "a+", "+a/b"])(
    "[MQTT-4.7.1-2] [MQTT-4.7.1-3] filter %s ends the connection",
    async (filter) => {
      const talk = await joined();
      talk.say({ cmd: "subscribe", messageId: 5, subscriptions: [{ topic: `${ROOT}/${filter}`, qos: 0 }] });
      await talk.closed();
    },
  );

  test("[MQTT-4.7.2-1] a wildcard at the beginning does not match $", async () => {
    const listener = await joined();
    await listener.subscribe("#");
    await listener.subscribe("+/broker/#");
    expect((await listener.heard()).filter(({ topic }) => topic.startsWith("$"))).toEqual([]);
  });

  test.each([
    ["[MQTT-4.7.3-1] an empty topic", Buffer.from([0x30, 3, 0, 0, 0x78])],
    ["[MQTT-1.5.3-2] the null character in a topic", Buffer.from([0x30, 6, 0, 3, 0x61, 0, 0x62, 0x78])],
    ["[MQTT-1.5.3-1] a topic that is no UTF-8", Buffer.from([0x30, 6, 0, 3, 0x61, 0xc3, 0x28, 0x78])],
    ["[MQTT-2.3.1-1] packet id 0", Buffer.from([0x32, 6, 0, 1, 0x78, 0, 0, 0x78])],
    ["a packet of a type that there is not", Buffer.from([0xf0, 0])],
  ])("%s ends the connection", async (_what, bytes) => {
    const talk = await joined();
    talk.write(bytes);
    await talk.closed();
  });

  // mosquitto 2.0.11 does not look at them.
  test.runIf(name === "this server")("[MQTT-2.2.2-2] reserved flags of PINGREQ end the connection", async () => {
    const talk = await joined();
    talk.write(Buffer.from([0xc1, 0]));
    await talk.closed();
  });

  test.runIf(name === "this server")(
    "[MQTT-3.9.3-1] a filter that is not granted answers 0x80, beside others that are",
    async () => {
      const talk = await joined();
      const subscriptions = ["nosubscribe", `${ROOT}/yes`, "$SYS/#"].map((topic) => ({ topic, qos: 1 as const }));
      talk.say({ cmd: "subscribe", messageId: 5, subscriptions });
      expect(await talk.next("suback")).toMatchObject({ granted: [0x80, 1, 0x80] });
    },
  );
});
