/**
 * Boot's Improv in virtual time, packet by packet: what it owes the program that it was called from, and when it goes back to it.
 * What the packets are is that of the SDK of web pages (improv.test.ts) and of the device specs.
 */
import { crc32 } from "node:zlib";
import { beforeAll, beforeEach, expect, test } from "vitest";
import { writeConfig } from "../../runtime/board/config-image.ts";
import { Flash } from "../../runtime/board/flash.ts";
import { MemoryNetwork } from "../../runtime/board/memory-network.ts";
import { SeededRandom } from "../../runtime/board/random.ts";
import { VirtualBoard } from "../../runtime/board/virtual-board.ts";
import { VirtualTime } from "../../runtime/board/virtual-time.ts";
import {
  FLASH_SLOT_A_OFFSET,
  FLASH_SLOT_B_OFFSET,
  FLASH_SLOT_STATES_OFFSET,
  Slot,
} from "../../runtime/contract/flash-map.ts";
import { HelloKey } from "../../runtime/contract/messages.ts";
import {
  SLOT_RECORD_ATTEMPTS_OFFSET,
  SLOT_RECORD_BYTES,
  SLOT_RECORD_CRC_OFFSET,
  SLOT_RECORD_FLOOR_OFFSET,
  SLOT_RECORD_PREFERRED_OFFSET,
  SLOT_RECORD_SEQUENCE_OFFSET,
  SLOT_RECORD_STATES_OFFSET,
  SlotState,
  TRIAL_ATTEMPTS,
  TRIAL_DEADLINE_MS,
} from "../../runtime/contract/slot-record.ts";
import { WasmDevice } from "../../runtime/wasm/wasm-device.ts";
import { type BoardImages, buildBoardImages } from "../../tools/image/board-images.ts";
import { flashBoard } from "../../tools/image/flash-board.ts";
import { ScriptedServer } from "./scripted-server.ts";

const SECOND_MS = 1000;
/** As improv.ts has it. */
const SILENCE_MS = 60 * SECOND_MS;
/** Before boot has heard a packet itself. */
const FIRST_SILENCE_MS = 5 * SECOND_MS;
const ASK_STATE = packet(3, [2, 0]);
const STATE = { ready: packet(1, [2]), provisioning: packet(1, [3]), provisioned: packet(1, [4]) };

let images: BoardImages;
let time: VirtualTime;
let server: ScriptedServer;
let flash: Flash;
let board: VirtualBoard;
let device: WasmDevice;
let heard: Buffer;

beforeAll(async () => {
  images = await buildBoardImages("firmware/counter", "wasm");
});

beforeEach(() => {
  time = new VirtualTime();
  const random = new SeededRandom(5);
  server = new ScriptedServer();
  const network = new MemoryNetwork({
    time,
    random: random.fork(1),
    accessPoints: [
      { ssid: "shop", passphrase: "virtual-shop" },
      { ssid: "cellar", passphrase: "" },
    ],
  });
  network.listen("server", 1883, server.accept);
  flash = new Flash();
  flashBoard(flash, images);
  board = new VirtualBoard({
    time,
    random: random.fork(2),
    network: network.station(),
    mac: Uint8Array.of(2, 0, 0, 0, 0, 1),
    flash,
    printsOnSerial: true,
  });
  heard = Buffer.alloc(0);
  board.serial.onBytes = (bytes) => {
    heard = Buffer.concat([heard, bytes]);
  };
  device = WasmDevice.fromFlash(board, { onAllocation: "error" });
  return () => {
    expect(device.figures.crashes + device.figures.watchdogResets).toBe(0);
    device.stop();
  };
});

/** Each byte of the packet, without the newlines around it. */
function packet(type: number, data: number[]): Buffer {
  const bytes = [...Buffer.from("IMPROV"), 1, type, data.length, ...data];
  return Buffer.from([...bytes, bytes.reduce((sum, byte) => sum + byte, 0) & 0xff]);
}

function settings(ssid: string, passphrase: string): Buffer {
  const data = [ssid, passphrase].flatMap((text) => [text.length, ...Buffer.from(text)]);
  return packet(3, [1, data.length, ...data]);
}

function configure(ssid: string, passphrase: string): void {
  writeConfig(flash, { ssid, passphrase, serverHost: "server", serverPort: 1883, secret: "s", product: new Map() });
}

/** Packets that have come since the last call: type and data, as `4:0100`. */
function packets(): string[] {
  const found: string[] = [];
  for (let at = heard.indexOf("IMPROV"); at >= 0; at = heard.indexOf("IMPROV", at + 1)) {
    const data = heard.subarray(at + 9, at + 9 + (heard[at + 8] ?? 0));
    const type = heard[at + 7] ?? 0;
    if (packet(type, [...data]).equals(heard.subarray(at, at + 10 + data.length)))
      found.push(`${type}:${data.toString("hex")}`);
  }
  heard = Buffer.alloc(0);
  return found;
}

async function say(bytes: Uint8Array): Promise<string[]> {
  packets();
  board.serial.send(bytes);
  await time.runFor(SECOND_MS);
  return packets();
}

/** What the log says, and whether packets stand on lines of their own. */
const linesHeard = () => heard.toString("latin1").split(/\r?\n/);

test("without a network: boot says so and waits for as long as it takes; with one the counter begins", async () => {
  configure("", "");
  device.powerOn();
  await time.runFor(SECOND_MS);
  expect(packets()).toEqual(["1:02"]);
  await time.runFor(3600 * SECOND_MS);
  expect([board.slot, device.figures.starts, server.hellos.length]).toEqual([Slot.Boot, 1, 0]);
  expect(await say(settings("cellar", ""))).toEqual(["1:03", "1:04", "4:0100"]);
  await time.runFor(10 * SECOND_MS);
  expect(board.slot).toBe(Slot.A);
  expect(server.hellos).toHaveLength(1);
  // Confirmed: it needs no server to stay.
  server.drop();
  for (let round = 0; round < 5; round++) {
    device.reset();
    await time.runFor(10 * SECOND_MS);
  }
  expect(server.hellos.length).toBe(6);
});

test("a packet is whole in the middle of what the host prints", async () => {
  configure("shop", "virtual-shop");
  device.powerOn();
  await time.runFor(SECOND_MS);
  board.serial.send(ASK_STATE);
  await time.runFor(SECOND_MS);
  const lines = linesHeard();
  expect(lines.filter((line) => line.startsWith("reset: "))).toEqual(["reset: PowerOn", "reset: Software"]);
  for (const line of lines.filter((line) => line.includes("IMPROV"))) expect(line.startsWith("IMPROV")).toBe(true);
  expect(packets()).toEqual(["1:04", "4:0200"]);
});

test("what only looks like a packet does not call a counter away, and who asks once costs it some seconds", async () => {
  configure("shop", "virtual-shop");
  device.powerOn();
  await time.runFor(10 * SECOND_MS);
  const bytes = [...ASK_STATE];
  const wrong = [
    Buffer.from([...bytes.slice(0, -1), (bytes.at(-1) as number) ^ 1]),
    Buffer.from(bytes.slice(0, -1)),
    packet(3, []),
    packet(3, [0, 0]),
    packet(3, [0xff, 0]),
  ];
  for (const heard of wrong) {
    expect(await say(heard)).toEqual([]);
    expect([board.slot, device.figures.starts]).toEqual([Slot.A, 1]);
  }
  // The one that was broken off is not finished by what comes behind it.
  expect(await say(ASK_STATE)).toEqual(["1:04", "4:0200"]);
  expect(board.slot).toBe(Slot.Boot);
  await time.runFor(FIRST_SILENCE_MS);
  expect(board.slot).toBe(Slot.A);
});

test("a counter that was called away counts again after a minute of silence, and nothing of the queue is lost", async () => {
  configure("shop", "virtual-shop");
  device.powerOn();
  await time.runFor(10 * SECOND_MS);
  const epoch = server.hellos[0]?.get(HelloKey.Epoch);
  expect(await say(ASK_STATE)).toEqual(["1:04", "4:0200"]);
  expect(board.slot).toBe(Slot.Boot);
  // Noise does not keep it there, packets do.
  await time.runFor(FIRST_SILENCE_MS - 2 * SECOND_MS);
  expect(await say(ASK_STATE)).toEqual(["1:04", "4:0200"]);
  await time.runFor(SILENCE_MS / 2);
  expect(await say(ASK_STATE)).toEqual(["1:04", "4:0200"]);
  await time.runFor(SILENCE_MS - 2 * SECOND_MS);
  board.serial.send(Buffer.from("IMPROV and other words\n"));
  expect(board.slot).toBe(Slot.Boot);
  await time.runFor(3 * SECOND_MS);
  expect(board.slot).toBe(Slot.A);
  await time.runFor(10 * SECOND_MS);
  expect(server.hellos.at(-1)?.get(HelloKey.Epoch)).toBe(epoch);
  expect(server.hellos).toHaveLength(2);
});

test("a reset or a power cut ends provisioning that a program has asked for", async () => {
  configure("shop", "virtual-shop");
  device.powerOn();
  await time.runFor(SECOND_MS);
  for (const end of [() => device.reset(), () => (device.powerCut(), device.powerOn())]) {
    await say(ASK_STATE);
    expect(board.slot).toBe(Slot.Boot);
    end();
    await time.runFor(SECOND_MS);
    expect(board.slot).toBe(Slot.A);
  }
});

test("a wrong passphrase changes nothing: after the silence the program is on its old network", async () => {
  configure("shop", "virtual-shop");
  device.powerOn();
  await time.runFor(10 * SECOND_MS);
  await say(ASK_STATE);
  expect(await say(settings("shop", "wrong"))).toEqual(["1:03", "2:03", "1:02"]);
  await time.runFor(SILENCE_MS + 10 * SECOND_MS);
  expect(server.hellos).toHaveLength(2);
});

/** Slot A as it was flashed and confirmed, in B the same image on trial with one attempt left. */
function putTrial(): void {
  const image = new Uint8Array(Math.ceil(images.image.length / 4) * 4).fill(0xff);
  image.set(images.image);
  flash.write(FLASH_SLOT_B_OFFSET, image);
  const record = Buffer.alloc(SLOT_RECORD_BYTES, 0xff);
  record.writeUInt32LE(1, SLOT_RECORD_SEQUENCE_OFFSET);
  record.fill(0, SLOT_RECORD_STATES_OFFSET, 36);
  record[SLOT_RECORD_STATES_OFFSET + Slot.A] = SlotState.Confirmed;
  record[SLOT_RECORD_STATES_OFFSET + Slot.B] = SlotState.Trial;
  record[SLOT_RECORD_PREFERRED_OFFSET] = Slot.B;
  record.writeUInt32LE(0, SLOT_RECORD_FLOOR_OFFSET);
  record.writeUInt32LE(crc32(record.subarray(0, SLOT_RECORD_CRC_OFFSET)), SLOT_RECORD_CRC_OFFSET);
  record.writeUInt32LE((0xffffffff << (TRIAL_ATTEMPTS - 1)) >>> 0, SLOT_RECORD_ATTEMPTS_OFFSET);
  flash.write(FLASH_SLOT_STATES_OFFSET, record);
}

test("a trial in its last attempt outlasts being called away, and is confirmed by the server behind the new network", async () => {
  configure("moved away", "");
  putTrial();
  device.powerOn();
  await time.runFor(SECOND_MS);
  expect(board.slot).toBe(Slot.B);
  for (let round = 0; round < 3; round++) {
    await say(ASK_STATE);
    await say(ASK_STATE);
    expect(board.slot).toBe(Slot.Boot);
    await time.runFor(SILENCE_MS + SECOND_MS);
    expect(board.slot).toBe(Slot.B);
  }
  await say(ASK_STATE);
  expect(await say(settings("shop", "virtual-shop"))).toEqual(["1:03", "1:04", "4:0100"]);
  await time.runFor(10 * SECOND_MS);
  expect(server.hellos.at(-1)?.get(HelloKey.Slot)).toBe(Slot.B);
  await time.runFor(2 * TRIAL_DEADLINE_MS);
  expect(board.slot).toBe(Slot.B);
  expect(device.figures.deadlineResets).toBe(0);
});

test("a trial that nobody confirms still ends, called away or not", async () => {
  configure("moved away", "");
  putTrial();
  device.powerOn();
  await time.runFor(SECOND_MS);
  await say(ASK_STATE);
  await time.runFor(SILENCE_MS + SECOND_MS);
  expect(board.slot).toBe(Slot.B);
  await time.runFor(TRIAL_DEADLINE_MS + SECOND_MS);
  expect(board.slot).toBe(Slot.A);
});

test("the recovery program takes Wi-Fi settings too, beside its search for the server", async () => {
  configure("moved away", "");
  flash.erase(FLASH_SLOT_A_OFFSET);
  device.powerOn();
  await time.runFor(30 * SECOND_MS);
  expect(board.slot).toBe(Slot.Boot);
  expect(await say(ASK_STATE)).toEqual(["1:04", "4:0200"]);
  expect(await say(settings("nowhere", ""))).toEqual(["1:03", "2:03", "1:02"]);
  await time.runFor(2 * SILENCE_MS);
  expect(await say(settings("shop", "virtual-shop"))).toEqual(["2:00", "1:03", "1:04", "4:0100"]);
  await time.runFor(10 * SECOND_MS);
  expect(server.hellos.at(-1)?.get(HelloKey.Product)).toBe("boot");
});
