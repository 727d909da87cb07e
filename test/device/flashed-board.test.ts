/** A board on a cable: how it starts, what a reset keeps, what is wired to the pins that decide the start. */
import { afterEach, beforeAll, describe, expect, test } from "vitest";
import { RealTime } from "../../runtime/board/real-time.ts";
import { TcpNetwork } from "../../runtime/board/tcp-network.ts";
import { WebSerialPort } from "../../runtime/board/web-serial-port.ts";
import { emulatedHostImage } from "../../runtime/esp8266/device/emulated-host.ts";
import type { FlashedBoard } from "../../runtime/esp8266/device/flashed-board.ts";
import { readBoard } from "../../tools/build/board.ts";
import type { FlashPart } from "../../tools/flash/esp-connection.ts";
import { flashPlan } from "../../tools/flash/flash-plan.ts";
import { prepareContents } from "../../tools/flash/prepare-contents.ts";
import { newKey } from "../../tools/image/keys.ts";
import { BoardConsole } from "../../tools/monitor/board-console.ts";
import { cableBoard } from "../../tools/sim/cable-board.ts";
import { BOOT_CONFIG } from "../abi/boot-config.ts";

const description = readBoard("esp-01");
const ROM_BAUD = 74_880;
const MIB = 0x100000;
let parts: FlashPart[];
const boards: FlashedBoard[] = [];

beforeAll(async () => {
  const contents = await prepareContents({
    board: description,
    key: newKey(),
    host: { name: "host", bytes: emulatedHostImage() },
    program: { path: "firmware/counter", pins: new Map() },
    config: BOOT_CONFIG,
  });
  parts = flashPlan(contents);
}, 60_000);

afterEach(() => {
  for (const board of boards.splice(0)) board.powerOff();
});

function setUp(isFlashed = true) {
  const content = new Uint8Array(MIB).fill(0xff);
  if (isFlashed) for (const { offset, bytes } of parts) content.set(bytes, offset);
  const time = new RealTime();
  const network = new TcpNetwork({ time });
  const board = cableBoard({
    board: description,
    mac: Uint8Array.of(2, 0, 0, 0, 0, 1),
    time,
    network,
    seed: 2,
    content,
  });
  boards.push(board);
  return { board, content, port: new WebSerialPort(board.chip) };
}

/** What comes at the speed of the ROM's own message. */
async function bootMessage(port: WebSerialPort, board: FlashedBoard): Promise<() => string> {
  await port.open({ baudRate: ROM_BAUD });
  const reader = port.readable?.getReader();
  let text = "";
  const read = async () => {
    for (;;) {
      const { value, done } = (await reader?.read()) ?? { done: true };
      if (done) return;
      text += Buffer.from(value ?? []).toString("latin1");
    }
  };
  void read();
  board.powerOn();
  return () => text;
}

describe("the boot message tells how the straps stand", () => {
  test.each<[string, (board: FlashedBoard) => void, RegExp]>([
    [
      "nothing is wired to them: from flash",
      () => {},
      /rst cause:1, boot mode:\(3,6\)\r\n\r\nload 0x40100000, len \d+, room 16 /,
    ],
    ["GPIO0 low: the loader", (board) => board.board.pins.setInput(0, 0), /boot mode:\(1,6\)\r\n\r\n$/],
    ["GPIO2 low: nothing", (board) => board.board.pins.setInput(2, 0), /boot mode:\(2,6\)\r\n\r\n$/],
    ["GPIO15 high: nothing", (board) => board.board.pins.setInput(15, 1), /boot mode:\(7,6\)\r\n\r\n$/],
  ])("%s", async (name, wire, expected) => {
    const { board, port } = setUp();
    wire(board);
    const text = await bootMessage(port, board);
    await expect.poll(text, { timeout: 10_000 }).toMatch(expected);
    await expect.poll(() => board.device.isPowered).toBe(name.endsWith("from flash"));
  });

  test("blank flash: the ROM says that it found nothing", async () => {
    const { board, port } = setUp(false);
    const text = await bootMessage(port, board);
    await expect.poll(text, { timeout: 10_000 }).toMatch(/boot mode:\(3,6\)\r\n\r\nets_main\.c \r\n$/);
    expect(board.device.isPowered).toBe(false);
  });
});

test("the reset pin starts it again; RTC memory stays, and without power it does not", async () => {
  const { board, port } = setUp();
  const resets: string[] = [];
  const console = await BoardConsole.open(port, (line) => line.kind === "reset" && resets.push(line.text));
  board.powerOn();
  await expect.poll(() => resets, { timeout: 10_000 }).toEqual(["reset: PowerOn"]);
  board.board.power.rtcWrite(400, Uint8Array.of(1, 2, 3, 4));
  await console.reset();
  await expect.poll(() => resets, { timeout: 10_000 }).toEqual(["reset: PowerOn", "reset: External"]);
  const kept = new Uint8Array(4);
  board.board.power.rtcRead(400, kept);
  expect([...kept]).toEqual([1, 2, 3, 4]);
  board.powerOff();
  board.powerOn();
  await expect.poll(() => resets.at(-1), { timeout: 10_000 }).toBe("reset: PowerOn");
  board.board.power.rtcRead(400, kept);
  expect([...kept]).not.toEqual([1, 2, 3, 4]);
  await console.close();
});

test("what the program writes to its flash is in the chip's flash, and the other way round", async () => {
  const { board, content, port } = setUp();
  const resets: string[] = [];
  const console = await BoardConsole.open(port, (line) => line.kind === "reset" && resets.push(line.text));
  board.powerOn();
  // Boot notes in the slot states what it has started.
  await expect
    .poll(() => content.subarray(0xc8000, 0xca000).some((byte) => byte !== 0xff), { timeout: 10_000 })
    .toBe(true);
  expect(board.board.boardId).toBe(description.id);
  // A flasher clears the program while the board is held in reset: boot finds none.
  await port.setSignals({ dataTerminalReady: false, requestToSend: true });
  content.fill(0xff, 0xcc000, 0xdc000);
  await port.setSignals({ requestToSend: false });
  await expect.poll(() => resets.length, { timeout: 10_000 }).toBe(2);
  const header = new Uint8Array(4);
  board.board.flash.read(0xc000, header);
  expect([...header]).toEqual([0xff, 0xff, 0xff, 0xff]);
  await console.close();
});
