/** The loader's protocol, byte by byte. Numbers: Espressif's "Serial Protocol" (esptool documentation, ESP8266). */
import { beforeEach, describe, expect, test } from "vitest";
import { FakeRoutineContext } from "./fake-routine-context.ts";
import { LoaderError, SerialLoader } from "./serial-loader.ts";
import { SlipReader, slipPacket } from "./slip.ts";

const SECTOR_BYTES = 0x1000;
const FLASH_BYTES = 64 * SECTOR_BYTES;
const RUN_FLASH = 0x400010a8;
const RAM = 0x3ffe8000;
const SYNC = [0x07, 0x07, 0x12, 0x20, ...new Array<number>(32).fill(0x55)];

const flash = new Uint8Array(FLASH_BYTES);
const ram = new Map<number, number>();
let incoming: number[];
let sent: number[];
let restarts: number;
let loader: SerialLoader;
let core: FakeRoutineContext;

const words = (...values: number[]) => [...new Uint8Array(Uint32Array.from(values).buffer)];

function packet(command: number, data: number[], checksum = 0, length = data.length): number[] {
  return slipPacket(Uint8Array.of(0, command, length & 0xff, length >> 8, ...words(checksum), ...data));
}

function block(command: number, bytes: number[], checksum = bytes.reduce((sum, byte) => sum ^ byte, 0xef)): number[] {
  return packet(command, [...words(bytes.length, 0, 0, 0), ...bytes], checksum);
}

interface Answer {
  command: number;
  value: number;
  status: number[];
}

/** Sends bytes and takes what is answered. */
function exchange(bytes: number[]): Answer[] {
  incoming.push(...bytes);
  sent = [];
  for (let looks = 0; looks < 2000 && loader.run(core) === "waiting"; ) looks++;
  const reader = new SlipReader(1000);
  return sent
    .map((byte) => reader.take(byte))
    .filter((answer) => answer !== undefined)
    .map((answer) => {
      const view = new DataView(answer.buffer);
      expect(answer[0]).toBe(1);
      expect(view.getUint16(2, true)).toBe(2);
      return { command: answer[1] as number, value: view.getUint32(4, true), status: [...answer.slice(8)] };
    });
}

const ok = (command: number, value = 0) => [{ command, value, status: [0, 0] }];
const failed = (command: number, error: LoaderError) => [{ command, value: 0, status: [1, error] }];

beforeEach(() => {
  flash.fill(0);
  ram.clear();
  incoming = [];
  restarts = 0;
  core = new FakeRoutineContext();
  loader = new SerialLoader({
    line: {
      take: () => incoming.shift(),
      hasRoom: true,
      isQuiet: true,
      transmit: (byte) => sent.push(byte),
      listen: () => {},
      adjustSpeed: () => true,
    },
    bus: {
      load: (address) => (address >= RAM ? (ram.get(address) ?? 0) : undefined),
      store: (address, value) => {
        if (address >= RAM) ram.set(address, value);
        return address >= RAM;
      },
      fill: (address, bytes) => {
        bytes.forEach((byte, index) => {
          ram.set(address + index, byte);
        });
        return address >= RAM;
      },
    },
    flash: {
      sizeBytes: FLASH_BYTES,
      read: () => {},
      write: (offset, bytes) => {
        bytes.forEach((byte, index) => {
          flash[offset + index] = (flash[offset + index] as number) & byte;
        });
      },
      eraseSector: (offset) => flash.fill(0xff, offset, offset + SECTOR_BYTES),
    },
    runFlash: RUN_FLASH,
    restart: () => restarts++,
    stackTop: 0x3fffff00,
  });
});

describe("the serial loader", () => {
  test("SYNC is answered eight times, with a value that is not 0", () => {
    const answers = exchange(packet(0x08, SYNC));
    expect(answers).toHaveLength(8);
    expect(answers.every(({ command, value, status }) => command === 0x08 && value !== 0 && status[0] === 0)).toBe(
      true,
    );
    expect(exchange(packet(0x08, [...SYNC.slice(0, 35), 0x54]))).toEqual(failed(0x08, LoaderError.InvalidMessage));
  });

  test("a command that it does not know is refused eight times, and not echoed", () => {
    for (const command of [0x0b, 0x0d, 0x0f, 0x10, 0x13, 0x14, 0xd0]) {
      const answers = exchange(packet(command, words(1, 2)));
      expect(answers).toHaveLength(8);
      for (const answer of answers) {
        expect(answer.command).not.toBe(command);
        expect(answer.status).toEqual([1, LoaderError.InvalidMessage]);
      }
    }
  });

  test("registers", () => {
    ram.set(RAM + 4, 0x12345678);
    expect(exchange(packet(0x0a, words(RAM + 4)))).toEqual(ok(0x0a, 0x12345678));
    expect(exchange(packet(0x0a, words(RAM + 5)))).toEqual(failed(0x0a, LoaderError.Failed));
    expect(exchange(packet(0x0a, words(0x1000)))).toEqual(failed(0x0a, LoaderError.Failed));
    expect(exchange(packet(0x09, words(RAM + 4, 0xffff, 0x0ff0, 0)))).toEqual(ok(0x09));
    expect(ram.get(RAM + 4)).toBe(0x12345ff8);
    expect(exchange(packet(0x09, words(RAM, 1, 0xffffffff, 0, RAM + 8, 2, 0xffffffff, 0)))).toEqual(ok(0x09));
    expect([ram.get(RAM), ram.get(RAM + 8)]).toEqual([1, 2]);
    expect(exchange(packet(0x09, words(0x1000, 1, 1, 0)))).toEqual(failed(0x09, LoaderError.Failed));
  });

  test("a program is loaded into RAM and called", () => {
    expect(exchange(packet(0x05, words(8, 2, 4, RAM)))).toEqual(ok(0x05));
    expect(exchange(block(0x07, [1, 0xc0, 0xdb, 4]))).toEqual(ok(0x07));
    expect(exchange(block(0x07, [5, 6, 7, 8]))).toEqual(ok(0x07));
    expect([...ram.values()]).toEqual([1, 0xc0, 0xdb, 4, 5, 6, 7, 8]);
    expect(exchange(block(0x07, [9, 9, 9, 9]))).toEqual(failed(0x07, LoaderError.Failed));
    expect(exchange(packet(0x06, words(1, 0)))).toEqual(ok(0x06));
    expect(core.jumpedTo).not.toBe(RAM);
    expect(exchange(packet(0x06, words(0, RAM)))).toEqual(ok(0x06));
    expect(core.get(1)).toBe(0x3fffff00);
  });

  test("a block with a wrong checksum, a wrong length, or without a beginning", () => {
    expect(exchange(block(0x03, [1, 2, 3, 4]))).toEqual(failed(0x03, LoaderError.InvalidMessage));
    exchange(packet(0x02, words(4, 1, 4, 0)));
    expect(exchange(block(0x03, [1, 2, 3, 4], 0))).toEqual(failed(0x03, LoaderError.InvalidChecksum));
    expect(exchange(packet(0x03, [...words(5, 0, 0, 0), 1, 2, 3, 4]))).toEqual(
      failed(0x03, LoaderError.InvalidMessage),
    );
    expect(exchange(packet(0x03, words(1), 0, 9))).toEqual(failed(0x03, LoaderError.InvalidMessage));
    expect(flash[0]).toBe(0xff);
    expect(exchange(block(0x03, [1, 2, 3, 4]))).toEqual(ok(0x03));
    expect([...flash.subarray(0, 4)]).toEqual([1, 2, 3, 4]);
  });

  test.each([
    // First sector, sectors asked for, sectors erased: esptool's get_erase_size, the other way round.
    [0, 1, 2],
    [0, 16, 32],
    [15, 3, 4],
    [14, 20, 22],
    [16, 20, 36],
  ])("from sector %d it erases, told to erase %d, %d", (first, asked, erased) => {
    expect(exchange(packet(0x02, words(asked * SECTOR_BYTES, 1, 0x4000, first * SECTOR_BYTES)))).toEqual(ok(0x02));
    const blank = Array.from({ length: 64 }, (_, sector) => flash[sector * SECTOR_BYTES] === 0xff);
    expect(blank.filter((isBlank) => isBlank).length).toBe(erased);
    expect(blank.indexOf(true)).toBe(first);
  });

  test("a place outside of flash", () => {
    expect(exchange(packet(0x02, words(4, 1, 4, FLASH_BYTES + SECTOR_BYTES)))).toEqual(
      failed(0x02, LoaderError.InvalidMessage),
    );
    expect(exchange(packet(0x02, words(0, 1, 4, FLASH_BYTES)))).toEqual(ok(0x02));
    expect(exchange(block(0x03, [1, 2, 3, 4]))).toEqual(failed(0x03, LoaderError.FlashWrite));
  });

  test("at the end: what is in flash, or another start", () => {
    expect(exchange(packet(0x04, words(1)))).toEqual(ok(0x04));
    expect(core.jumpedTo).toBe(RUN_FLASH);
    expect(exchange(packet(0x04, words(0)))).toEqual(ok(0x04));
    expect(restarts).toBe(1);
  });

  test("noise between packets, packets that end in the middle, and packets without end", () => {
    expect(exchange([1, 2, 3, ...packet(0x0a, words(RAM))])).toEqual(ok(0x0a));
    expect(
      exchange([...packet(0x0a, words(RAM)).slice(0, 7), ...packet(0x0a, words(RAM)), ...packet(0x0a, words(RAM))]),
    ).toEqual(ok(0x0a));
    const endless = new Array<number>(20_000).fill(0x33);
    expect(exchange([0xc0, ...endless])).toEqual([]);
    expect(exchange([0xc0, ...packet(0x0a, words(RAM))])).toEqual(ok(0x0a));
  });
});
