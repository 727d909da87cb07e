import { describe, expect, test } from "vitest";
import { HostError } from "../contract/error-codes.ts";
import { NetStatus, RADIO_RECORD_BYTES, RadioKind, ResetReason } from "../contract/host-abi.ts";
import { RADIO_FRAME_MAX_BYTES, RADIO_LOG_MAX } from "../contract/limits.ts";
import { hostFunctions } from "./host-functions.ts";
import { MemoryNetwork } from "./memory-network.ts";
import { RadioAir } from "./radio-air.ts";
import { SeededRandom } from "./random.ts";
import { VirtualBoard } from "./virtual-board.ts";
import { VirtualTime } from "./virtual-time.ts";

const PHONE = Uint8Array.of(0x02, 1, 2, 3, 4, 5);

function setUp(seed = 1) {
  const time = new VirtualTime();
  const random = new SeededRandom(seed);
  const network = new MemoryNetwork({ time, random: random.fork(1) });
  const air = new RadioAir(time, random.fork(2));
  const boards = [1, 2].map((number) => {
    const board = new VirtualBoard({
      time,
      random: random.fork(10 + number),
      network: network.station(),
      air,
      mac: Uint8Array.of(0x02, 0x4c, 0x4e, 0x54, 0, number),
    });
    board.start(ResetReason.PowerOn);
    const memory = new Uint8Array(4096);
    return { board, memory, host: hostFunctions(board, () => memory) };
  });
  const [one, two] = boards as [(typeof boards)[0], (typeof boards)[0]];
  return { time, air, one, two };
}

type Side = ReturnType<typeof setUp>["one"];

function records({ host, memory }: Side, capBytes = 4096) {
  const sizeBytes = host.radio_read(0, capBytes);
  return Array.from({ length: Math.max(0, sizeBytes) / RADIO_RECORD_BYTES }, (_, index) => {
    const view = new DataView(memory.buffer, index * RADIO_RECORD_BYTES, RADIO_RECORD_BYTES);
    return {
      kind: view.getUint8(0),
      strength: view.getUint8(1),
      dropped: view.getUint16(2, true),
      ageMs: view.getUint32(4, true),
      who: Buffer.from(memory.subarray(index * RADIO_RECORD_BYTES + 8, (index + 1) * RADIO_RECORD_BYTES)).toString(
        "hex",
      ),
    };
  });
}

const probe = (channel: number, address = PHONE) => ({ kind: RadioKind.Probe, address, channel });

describe("probe requests", () => {
  test("are heard on the channel that is listened to, with strength and age", async () => {
    const { time, air, one, two } = setUp();
    one.host.radio_sniff(6);
    two.host.radio_sniff(11);
    air.send(probe(6), (mac) => -50 - (mac[5] ?? 0));
    air.send(probe(1), -40);
    await time.run(700);
    air.send(probe(11), (mac) => -50 - (mac[5] ?? 0));
    expect(records(one)).toMatchObject([{ kind: RadioKind.Probe, strength: 51, ageMs: 700, dropped: 0 }]);
    expect(records(two)).toMatchObject([{ strength: 52, ageMs: 0 }]);
    expect(records(one)).toEqual([]);
  });

  test("show no address: the same phone is the same one until the board starts anew, and on this board only", () => {
    const { air, one, two } = setUp();
    const hear = (side: Side) => {
      side.host.radio_sniff(6);
      air.send(probe(6));
      const [record] = records(side);
      side.host.radio_sniff(0);
      return record?.who ?? "";
    };
    const first = hear(one);
    expect(first).not.toContain(Buffer.from(PHONE).toString("hex").slice(2));
    expect(hear(one)).toBe(first);
    expect(hear(two)).not.toBe(first);
    // As when boot hands over to a slot: the start goes on.
    one.board.halt();
    expect(hear(one)).toBe(first);
    one.board.start(ResetReason.Software);
    expect(hear(one)).not.toBe(first);
  });

  test("a full log drops the oldest and says how many", () => {
    const { air, one } = setUp();
    one.host.radio_sniff(6);
    for (let sent = 0; sent < RADIO_LOG_MAX + 3; sent++) air.send(probe(6));
    const heard = records(one);
    expect(heard).toHaveLength(RADIO_LOG_MAX);
    expect([heard[0]?.dropped, heard[1]?.dropped]).toEqual([3, 0]);
  });

  test("of phones replay with the seed, each with an address of its own", async () => {
    const run = async (seed: number) => {
      const { time, air, one } = setUp(seed);
      one.host.radio_sniff(6);
      const gone = air.phone({ meanIntervalMs: 1000 });
      air.phone({ meanIntervalMs: 2000, channels: [6], rssiDbm: -70 });
      await time.run(30_000);
      gone();
      const heard = records(one);
      await time.run(60_000);
      expect(new Set(records(one).map(({ strength }) => strength))).toEqual(new Set([70]));
      return heard;
    };
    const heard = await run(5);
    expect(new Set(heard.map(({ who }) => who)).size).toBe(2);
    expect(heard.length).toBeGreaterThan(10);
    expect(await run(5)).toEqual(heard);
    expect(await run(6)).not.toEqual(heard);
  });
});

describe("beacons", () => {
  const beacon = ({ memory, board }: Side, sizeBytes = 60) => {
    memory.fill(0, 0, 512);
    memory.set([0x80, 0x00], 0);
    memory.set(board.mac, 10);
    return sizeBytes;
  };

  test("are heard by other boards, by address", () => {
    const { one, two } = setUp();
    one.host.radio_sniff(1);
    two.host.radio_sniff(1);
    expect(one.host.radio_beacon(0, beacon(one))).toBe(0);
    expect(records(two)).toMatchObject([{ kind: RadioKind.Beacon, who: "024c4e5400010100" }]);
    expect(records(one)).toEqual([]);
  });

  test("go out on channel 1 while the board listens nowhere", () => {
    const { one, two } = setUp();
    two.host.radio_sniff(1);
    one.host.radio_beacon(0, beacon(one));
    expect(records(two)).toHaveLength(1);
  });

  test("one at a time, and no other frame", async () => {
    const { time, one } = setUp();
    expect(one.host.radio_beacon(0, beacon(one, RADIO_FRAME_MAX_BYTES))).toBe(0);
    expect(one.host.radio_beacon(0, 60)).toBe(HostError.Busy);
    // 192 us and 400 bytes at 1 Mbit/s.
    await time.run(4);
    expect(one.host.radio_beacon(0, 35)).toBe(HostError.BadArgument);
    expect(one.host.radio_beacon(0, RADIO_FRAME_MAX_BYTES + 1)).toBe(HostError.BadArgument);
    // A deauthentication frame.
    one.memory[0] = 0xc0;
    expect(one.host.radio_beacon(0, 60)).toBe(HostError.BadArgument);
    one.memory[0] = 0x80;
    expect(one.host.radio_beacon(0, 60)).toBe(0);
  });
});

describe("a board that listens", () => {
  test("leaves the network, and neither joins nor scans until it has ended", async () => {
    const { time, one } = setUp();
    const { host, board, memory } = one;
    memory.set(Buffer.from("shop"));
    host.net_join(0, 4, 0, 0);
    await time.run(1000);
    expect(host.net_status()).toBe(NetStatus.Up);
    expect(host.radio_sniff(3)).toBe(0);
    expect(host.net_status()).toBe(NetStatus.Down);
    expect([host.net_join(0, 4, 0, 0), host.net_scan()]).toEqual([HostError.Busy, HostError.Busy]);
    host.radio_sniff(0);
    expect([host.net_scan(), host.radio_sniff(3)]).toEqual([0, HostError.Busy]);
    await time.runFor(5000);
    expect(host.net_join(0, 4, 0, 0)).toBe(0);
    host.radio_sniff(3);
    board.start(ResetReason.Software);
    expect(board.radio.isListening).toBe(false);
  });
});
