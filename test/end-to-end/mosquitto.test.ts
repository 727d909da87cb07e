/**
 * The device's MQTT client against mosquitto, a broker that nobody here wrote: connect, subscribe, publish, ping is not
 * needed within the time, last will, reconnect after the broker was away. The device runs in real time over TCP.
 */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Encoder } from "cbor-x";
import { connectAsync, type MqttClient } from "mqtt";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { SeededRandom } from "../../runtime/board/random.ts";
import { RealTime } from "../../runtime/board/real-time.ts";
import { TcpNetwork } from "../../runtime/board/tcp-network.ts";
import { AckKey, HelloKey, StateKey } from "../../runtime/contract/messages.ts";
import { SENML_EPOCH, SENML_SEQUENCE, SenmlLabel } from "../../runtime/contract/senml.ts";
import { freePort } from "../../tools/demo/free-port.ts";
import { CounterFleet } from "../../tools/sim/counter-fleet.ts";
import { counterProgram } from "./counter-program.ts";

const HOST = "127.0.0.1";
const CONNECT_ATTEMPTS = 200;
const CONNECT_POLL_MS = 50;
const hasMosquitto = spawnSync("mosquitto", ["-h"]).error === undefined;
if (!hasMosquitto) {
  if (process.env["CI"]) throw new Error("mosquitto is not installed, and CI must not skip this test");
  console.log("skipped: the device against mosquitto (install mosquitto to run it)");
}

const cbor = new Encoder({ useRecords: false, mapsAsObjects: false, variableMapSize: true });
type Message = { channel: string; payload: Buffer };

describe.skipIf(!hasMosquitto)("the device's MQTT client against mosquitto", () => {
  let folder: string;
  let port: number;
  let broker: ChildProcess | undefined;
  let peer: MqttClient;
  let fleet: CounterFleet;
  const messages: Message[] = [];
  let wake: () => void = () => {};

  async function startBroker(): Promise<void> {
    const config = join(folder, "mosquitto.conf");
    await writeFile(config, `listener ${port} ${HOST}\nallow_anonymous true\npersistence false\n`);
    broker = spawn("mosquitto", ["-c", config], { stdio: "ignore" });
    peer = await connectPeer();
    peer.on("message", (topic, payload) => {
      messages.push({ channel: topic.split("/")[3] ?? "", payload });
      answer(topic, payload);
      wake();
    });
    await peer.subscribeAsync("lintel/1/+/+");
  }

  /** The broker takes a moment to listen. */
  async function connectPeer(): Promise<MqttClient> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await connectAsync({ host: HOST, port, reconnectPeriod: 0 });
      } catch (error) {
        if (attempt === CONNECT_ATTEMPTS) throw error;
        await sleep(CONNECT_POLL_MS);
      }
    }
  }

  async function stopBroker(): Promise<void> {
    await peer.endAsync(true);
    const exited = broker === undefined ? undefined : once(broker, "exit");
    broker?.kill("SIGKILL");
    await exited;
  }

  /** Acknowledges as the server would. */
  function answer(topic: string, payload: Buffer): void {
    const [, , mac, channel] = topic.split("/");
    const ack = (epoch: number, sequence: number) =>
      peer.publish(
        `lintel/1/${mac}/ack`,
        Buffer.from(
          cbor.encode(
            new Map([
              [AckKey.Epoch, epoch],
              [AckKey.Sequence, sequence],
              [AckKey.UnixS, Math.floor(Date.now() / 1000)],
            ]),
          ),
        ),
      );
    const message = cbor.decode(payload);
    if (channel === "hello") ack(message.get(HelloKey.Epoch), message.get(HelloKey.Oldest) - 1);
    if (channel === "data") ack(message[0].get(SENML_EPOCH), message[0].get(SENML_SEQUENCE) + message.length - 1);
  }

  /** The next message that `matches`, counted from `from` on. */
  async function seen(matches: (message: Message) => boolean, from = 0): Promise<Message> {
    for (;;) {
      const found = messages.slice(from).find(matches);
      if (found !== undefined) return found;
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
  }

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "lintel-mosquitto-"));
    port = await freePort(HOST, 0);
    await startBroker();
    const time = new RealTime();
    fleet = new CounterFleet({
      time,
      random: new SeededRandom(5),
      program: await counterProgram(),
      devices: 1,
      network: () => new TcpNetwork({ time }),
      server: { host: HOST, port },
      periodS: 1,
      meanIntervalMs: 400,
    });
    fleet.start();
  });

  afterAll(async () => {
    fleet.stop();
    await stopBroker();
    await rm(folder, { recursive: true, force: true });
  });

  test("it says hello, then online, then sends its readings in order as they are acknowledged", async () => {
    const hello = cbor.decode((await seen(({ channel }) => channel === "hello")).payload);
    expect(hello.get(HelloKey.Product)).toBe("counter");
    const state = cbor.decode((await seen(({ channel }) => channel === "state")).payload);
    expect(state.get(StateKey.Online)).toBe(true);
    const isData = ({ channel }: Message) => channel === "data";
    await seen((message) => isData(message) && cbor.decode(message.payload)[0].get(SENML_SEQUENCE) > 3);
    let next = 1;
    for (const { payload } of messages.filter(isData)) {
      const pack = cbor.decode(payload);
      expect(pack[0].get(SENML_SEQUENCE)).toBe(next);
      next += pack.length;
      for (const record of pack) expect(record.get(SenmlLabel.Name)).toMatch(/^5[0-9a-f]{3}$/);
    }
  });

  test("it comes back when the broker was killed, and goes on where it was", async () => {
    const from = messages.length;
    await stopBroker();
    await startBroker();
    const hello = cbor.decode((await seen(({ channel }) => channel === "hello", from)).payload);
    expect(hello.get(HelloKey.Oldest)).toBeGreaterThan(1);
    const data = cbor.decode((await seen(({ channel }) => channel === "data", from)).payload);
    expect(data[0].get(SENML_SEQUENCE)).toBe(hello.get(HelloKey.Oldest));
  });

  test("when it vanishes, the broker publishes its last will", async () => {
    const from = messages.length;
    fleet.stop();
    const will = await seen(
      ({ channel, payload }) => channel === "state" && payload.toString("hex") === "a100f4",
      from,
    );
    expect(will.payload.toString("hex")).toBe("a100f4");
  });
});
