/** esptool-js against boards on a virtual cable: what is checked, skipped, kept and erased. */
import { afterEach, describe, expect, test } from "vitest";
import { RealTime } from "../../runtime/board/real-time.ts";
import { TcpNetwork } from "../../runtime/board/tcp-network.ts";
import { WebSerialPort } from "../../runtime/board/web-serial-port.ts";
import type { FlashedBoard, FlashedBoardOptions } from "../../runtime/esp8266/device/flashed-board.ts";
import { readBoard } from "../build/board.ts";
import { encodeFactoryRecord } from "../image/flash-board.ts";
import { cableBoard } from "../sim/cable-board.ts";
import { EspConnection, type FlashPart } from "./esp-connection.ts";
import { flashDevice, unusedFlash } from "./flash-device.ts";

const QUEUE_OFFSET = 0xee000;
const FACTORY_OFFSET = 0xc7000;
const boards: FlashedBoard[] = [];

afterEach(() => {
  for (const board of boards.splice(0)) board.powerOff();
});

function setUp(name = "esp-01", cable: FlashedBoardOptions["cable"] = {}) {
  const time = new RealTime();
  const board = readBoard(name);
  const content = new Uint8Array(board.flash.sizeMiB * 0x100000).fill(0xff);
  const mac = Uint8Array.of(0x5c, 0xcf, 0x7f, 1, 2, 3);
  const device = cableBoard({ board, mac, time, content, seed: 1, network: new TcpNetwork({ time }), cable });
  boards.push(device);
  device.powerOn();
  return { board, content, port: new WebSerialPort(device.chip) };
}

const factory = new Uint8Array(4096).fill(0xff);
factory.set(encodeFactoryRecord("counter", [new Uint8Array(64)], 0));

function parts(fill = 1): FlashPart[] {
  return [
    { name: "host", offset: 0, bytes: new Uint8Array(3000).fill(fill) },
    { name: "factory record", offset: FACTORY_OFFSET, bytes: factory },
    { name: "program", offset: 0xcc000, bytes: new Uint8Array(8192).map((_, index) => (index * 31) & 0xff) },
  ];
}

interface Heard {
  notes: string[];
  ends: string[];
}

async function flash(
  set: ReturnType<typeof setUp>,
  options: { useStub?: boolean; erase?: boolean; fill?: number } = {},
) {
  const heard: Heard = { notes: [], ends: [] };
  const result = await flashDevice(
    set.port,
    {
      parts: parts(options.fill),
      board: set.board,
      connect: { baudRate: 921_600, useStub: options.useStub ?? true },
      erase: options.erase ?? false,
    },
    {
      connected: () => {},
      note: (text) => heard.notes.push(text),
      progress: (what, done, total) => done === total && heard.ends.push(`${what} ${total}`),
    },
  );
  return { result, ...heard };
}

function holds(content: Uint8Array, fill = 1): boolean {
  return parts(fill).every(({ offset, bytes }) =>
    content.subarray(offset, offset + bytes.length).every((byte, index) => byte === bytes[index]),
  );
}

test("what another firmware left is erased; a board of Lintel keeps its readings; what is right is skipped", async () => {
  const set = setUp();
  set.content.fill(0x42);
  const first = await flash(set);
  expect(first.notes).toEqual(["not a board of Lintel yet: its flash is erased first"]);
  expect(first.result).toMatchObject({ mac: "5ccf7f010203", flashBytes: 0x100000, flashId: 0x1440ef, verified: true });
  expect(first.result.writtenBytes).toBe(first.result.bytes);
  expect(holds(set.content)).toBe(true);
  expect(set.content.subarray(QUEUE_OFFSET).every((byte) => byte === 0xff)).toBe(true);

  set.content.fill(0, QUEUE_OFFSET, QUEUE_OFFSET + 64);
  const second = await flash(set);
  expect(second.notes).toEqual([]);
  expect(second.ends).toEqual(["host 0", "factory record 0", "program 0"]);
  expect(second.result.writtenBytes).toBe(0);

  const third = await flash(set, { fill: 2 });
  expect(third.ends).toEqual(["host 3000", "factory record 0", "program 0"]);
  expect(third.result.writtenBytes).toBe(3000);
  expect(holds(set.content, 2)).toBe(true);
  expect(set.content[QUEUE_OFFSET]).toBe(0);

  // An interrupted run has left the factory record blank; the boot program tells that the readings are Lintel's.
  set.content.fill(0xff, FACTORY_OFFSET, FACTORY_OFFSET + 4096);
  set.content.set(Buffer.from("LNTL"), 0xc0000);
  const repeated = await flash(set, { fill: 2 });
  expect(repeated.notes).toEqual([]);
  expect(set.content[QUEUE_OFFSET]).toBe(0);
  expect(holds(set.content, 2)).toBe(true);

  await flash(set, { erase: true });
  expect(set.content[QUEUE_OFFSET]).toBe(0xff);
  expect(holds(set.content)).toBe(true);
}, 60_000);

test("without the stub: written, not compared, and erased when that is asked for", async () => {
  const set = setUp();
  set.content.fill(0x42);
  const first = await flash(set, { useStub: false });
  expect(first.result.verified).toBe(false);
  expect(holds(set.content)).toBe(true);
  expect(set.content[QUEUE_OFFSET]).toBe(0x42);
  const second = await flash(set, { useStub: false, erase: true });
  expect(second.ends[0]).toBe("erasing 1048576");
  expect(holds(set.content)).toBe(true);
  expect(set.content[QUEUE_OFFSET]).toBe(0xff);
}, 60_000);

test("a flash that is larger than the board's works, and it is told what is lost", async () => {
  // Rooms for readings: the table in contract/flash-map.ts.
  const lost = "it keeps readings that are not sent in 56 KiB, and 3072 KiB more stay unused";
  const other = "if it is another board, name that with --board (lintel boards)";
  const set = setUp("nodemcu-v2");
  set.board = readBoard("esp-01");
  // A board of Lintel: nothing is erased.
  set.content.set(factory, FACTORY_OFFSET);
  const { notes, result } = await flash(set);
  expect(notes).toEqual([`its flash has 4 MiB, and esp-01 has 1 MiB: ${lost}; ${other}`]);
  expect(result.verified).toBe(true);
  expect(holds(set.content)).toBe(true);
  expect(unusedFlash(0x200000, readBoard("esp-01"))).toContain(" 56 KiB, and 1024 KiB more");
  expect(unusedFlash(0x1000000, readBoard("nodemcu-v2"))).toBe(
    `its flash has 16 MiB, and nodemcu-v2 has 4 MiB: the rest stays unused, for no board keeps readings in more than 3128 KiB; ${other}`,
  );
}, 60_000);

describe("refused, and nothing is written", () => {
  test("a flash that is too small for the board", async () => {
    const set = setUp("esp-01");
    set.board = readBoard("nodemcu-v2");
    await expect(flash(set)).rejects.toThrow(/has 1 MiB, and nodemcu-v2 has 4 MiB: it is another board/);
    expect(set.content.every((byte) => byte === 0xff)).toBe(true);
  });

  test("another chip", async () => {
    // What the ROM of an ESP32-S2 has in that place (esptool-js, targets/esp32s2).
    const set = setUp("esp-01", { romMagic: 0x000007c6 });
    await expect(flash(set)).rejects.toThrow(/this is an ESP32-S2, and Lintel runs on the ESP8266/);
    expect(set.content.every((byte) => byte === 0xff)).toBe(true);
  });

  test("a flash chip that does not answer", async () => {
    const set = setUp("esp-01", { flashId: 0xffffff });
    await expect(flash(set)).rejects.toThrow(/the flash chip does not answer \(id ffffff\)/);
  });

  test("a board that does not answer", async () => {
    const set = setUp("esp-01", { disturb: () => undefined });
    await expect(flash(set)).rejects.toThrow(/no board answers: check that the cable carries data/);
  }, 60_000);
});

test("flash is read as it is, in whatever pieces", async () => {
  const set = setUp();
  set.content.forEach((_, index) => {
    set.content[index] = (index * 7 + (index >> 8)) & 0xff;
  });
  const connection = await EspConnection.open(set.port, { baudRate: 921_600, useStub: true });
  for (const [offset, sizeBytes] of [
    [0, 1],
    [4095, 4098],
    [0xff000, 0x1000],
  ] as const) {
    const bytes = await connection.read(offset, sizeBytes, () => {});
    expect(Buffer.compare(bytes, set.content.subarray(offset, offset + sizeBytes))).toBe(0);
  }
  await connection.close();
}, 60_000);

test("a cable that is pulled ends the work at once, and says so", async () => {
  const set = setUp();
  const connection = await EspConnection.open(set.port, { baudRate: 921_600, useStub: true });
  const reading = connection.read(0, 0x10000, () => boards[0]?.chip.onLost(new Error("it was unplugged")));
  await expect(reading).rejects.toThrow(/reading flash failed: it was unplugged. Check the cable/);
  await connection.close();
}, 20_000);
