/**
 * The device's MQTT client against a server that has gone mad: seeded mutations of every packet a server may send, thrown
 * at the whole counter program. It must neither trap nor stall, and must work with a sane server again afterwards.
 */
import type { Duplex } from "node:stream";
import { generate, parser } from "mqtt-packet";
import { expect, test } from "vitest";
import { MemoryNetwork } from "../../runtime/board/memory-network.ts";
import { SeededRandom } from "../../runtime/board/random.ts";
import { VirtualTime } from "../../runtime/board/virtual-time.ts";
import { LogLevel } from "../../runtime/contract/host-abi.ts";
import { CounterFleet } from "../../tools/sim/counter-fleet.ts";
import { counterProgram } from "./counter-program.ts";
import { encodeAck, ScriptedServer } from "./scripted-server.ts";

const PACKETS = 12_000;
/** Mutated packets that one connection gets, at most. */
const PACKETS_A_CONNECTION = 12;
const MINUTE_MS = 60_000;
const MAX_BACKOFF_MS = 2 * MINUTE_MS;

/** What a server may send, and some things that it may not. */
function seedPackets(mac: string): Buffer[] {
  const topic = `lintel/1/${mac}/ack`;
  const publish = (payload: Buffer | string, to = topic) =>
    generate({ cmd: "publish", topic: to, payload, qos: 0, retain: false, dup: false });
  return [
    generate({ cmd: "connack", returnCode: 0, sessionPresent: false }),
    generate({ cmd: "connack", returnCode: 5, sessionPresent: false }),
    generate({ cmd: "suback", messageId: 1, granted: [0, 0, 0, 0, 0] }),
    generate({ cmd: "pingresp" }),
    publish(encodeAck({ epoch: 1, sequence: 1 })),
    publish(encodeAck({ epoch: 0xffffffff, sequence: 0xffffffff })),
    publish(Buffer.alloc(0)),
    publish(Buffer.alloc(1100, 0xbf)),
    publish(Buffer.alloc(5000, 0x5a)),
    publish("text", "a/topic/of/nobody"),
    generate({ cmd: "publish", topic, payload: "x", qos: 1, messageId: 7, retain: false, dup: false }),
    generate({ cmd: "disconnect" }),
  ];
}

function mutate(random: SeededRandom, packet: Buffer, other: Buffer): Buffer {
  const bytes = Buffer.from(packet);
  const at = random.integer(0, Math.max(0, bytes.length - 1));
  switch (random.integer(0, 5)) {
    case 0:
      return bytes;
    case 1:
      bytes[at] = (bytes[at] ?? 0) ^ (1 << random.integer(0, 7));
      return bytes;
    case 2:
      bytes[at] = random.integer(0, 255);
      return bytes;
    case 3:
      return bytes.subarray(0, at);
    case 4:
      return Buffer.concat([bytes.subarray(0, at), other.subarray(random.integer(0, other.length))]);
    default: {
      const noise = Buffer.alloc(random.integer(1, 40));
      random.fill(noise);
      return noise;
    }
  }
}

/** A server that greets as it should for a while, so that mutations meet the client in each of its states. */
function hostilePeer(random: SeededRandom, sent: { packets: number }) {
  return (stream: Duplex): void => {
    const sane = random.integer(0, 3);
    const reader = parser();
    let received = 0;
    stream.on("error", () => {});
    stream.on("data", (chunk: Buffer) => reader.parse(chunk));
    reader.on("packet", (packet) => {
      received++;
      if (received <= sane && packet.cmd === "connect") {
        stream.write(generate({ cmd: "connack", returnCode: 0, sessionPresent: false }));
        return;
      }
      if (received <= sane && packet.cmd === "subscribe") {
        const granted = packet.subscriptions.map(() => 0);
        stream.write(generate({ cmd: "suback", messageId: packet.messageId ?? 1, granted }));
        return;
      }
      const seeds = seedPackets("024c4e540001");
      for (let count = random.integer(1, PACKETS_A_CONNECTION); count > 0; count--) {
        const [packet, other] = [seeds, seeds].map((all) => all[random.integer(0, all.length - 1)]);
        if (packet !== undefined && other !== undefined) stream.write(mutate(random, packet, other));
        sent.packets++;
      }
    });
  };
}

test(`${PACKETS} mutated packets neither trap nor stall the client`, async () => {
  const time = new VirtualTime({ startUnixMs: 1_700_000_000_000 });
  const random = new SeededRandom(20261121);
  const network = new MemoryNetwork({ time, random: random.fork(1), latencyMs: 1, joinMs: 10, segmentMaxBytes: 400 });
  const sent = { packets: 0 };
  const stopHostile = network.listen("server", 1883, hostilePeer(random.fork(2), sent));
  const errors: string[] = [];
  const fleet = new CounterFleet({
    time,
    random: random.fork(3),
    program: await counterProgram(),
    devices: 1,
    network: () => network.station(),
    server: { host: "server", port: 1883 },
    periodS: 60,
    meanIntervalMs: 60_000,
    engine: { onAllocation: "error" },
    log: (_mac, level, text) => {
      if (level === LogLevel.Error) errors.push(text);
    },
  });
  fleet.start();
  // The client waits up to a minute between attempts; thousands of connections take months of its time.
  while (sent.packets < PACKETS) {
    const before = sent.packets;
    await time.runFor(60 * MINUTE_MS);
    expect(sent.packets, "the client has stopped to connect").toBeGreaterThan(before);
  }
  expect(errors).toEqual([]);
  expect(fleet.members[0]?.device.figures).toMatchObject({ crashes: 0, starts: 1, allocationsAfterStart: 0 });

  stopHostile();
  const server = new ScriptedServer();
  network.listen("server", 1883, server.accept);
  await time.runFor(MAX_BACKOFF_MS + 3 * MINUTE_MS);
  expect(server.packs.length).toBeGreaterThan(1);
  fleet.stop();
});
