import { describe, expect, test } from "vitest";
import { SERIAL_RECEIVE_BYTES, SERIAL_SEND_BYTES } from "../contract/limits.ts";
import { SerialLine } from "./serial-line.ts";
import { VirtualTime } from "./virtual-time.ts";

/** 115,200 bits a second, ten of them a byte. */
const MS_PER_BYTE = 1000 / 11_520;

function setUp() {
  const time = new VirtualTime();
  const woken: number[] = [];
  const line = new SerialLine(time, () => woken.push(time.nowMs()));
  const heard: Buffer[] = [];
  line.onBytes = (bytes) => heard.push(Buffer.from(bytes));
  line.open();
  const text = () => Buffer.concat(heard).toString("latin1");
  return { time, line, woken, heard, text };
}

const counting = (sizeBytes: number) => Uint8Array.from({ length: sizeBytes }, (_, index) => index & 0xff);

describe("to the board", () => {
  test("bytes arrive at the speed of the line and wake the program", async () => {
    const { time, line, woken } = setUp();
    line.send(counting(200));
    await time.run(Math.floor(128 * MS_PER_BYTE));
    const into = new Uint8Array(300);
    expect([line.read(into), woken]).toEqual([0, []]);
    await time.run(Math.ceil(200 * MS_PER_BYTE));
    expect(woken).toEqual([Math.ceil(128 * MS_PER_BYTE), Math.ceil(200 * MS_PER_BYTE)]);
    expect(line.read(into.subarray(0, 150))).toBe(150);
    expect(line.read(into.subarray(150))).toBe(50);
    expect(into.subarray(0, 200)).toEqual(counting(200));
  });

  test("what finds the buffer full is lost and counted, the rest is kept", async () => {
    const { time, line } = setUp();
    line.send(counting(SERIAL_RECEIVE_BYTES + 20));
    await time.run(1000);
    expect(line.counts.bytesLost).toBe(20);
    const into = new Uint8Array(1000);
    expect(line.read(into)).toBe(SERIAL_RECEIVE_BYTES);
    expect(into.subarray(0, SERIAL_RECEIVE_BYTES)).toEqual(counting(SERIAL_RECEIVE_BYTES));
  });

  test("what comes while no program runs is lost, and what was not read before a reset", async () => {
    const { time, line } = setUp();
    line.send(counting(5));
    await time.run(10);
    line.close();
    line.send(counting(7));
    await time.run(20);
    line.open();
    expect([line.read(new Uint8Array(10)), line.counts.bytesLost]).toEqual([0, 7]);
  });
});

describe("from the board", () => {
  test("bytes leave at the speed of the line; a full line takes no more, and wakes when it has room", async () => {
    const { time, line, woken, heard } = setUp();
    expect(line.write(counting(SERIAL_SEND_BYTES - 84))).toBe(300);
    expect([line.write(counting(100)), line.write(counting(100))]).toEqual([84, 0]);
    await time.run(1000);
    expect(heard.map((bytes) => bytes.length)).toEqual([128, 128, 44, 84]);
    expect(woken).toEqual([Math.ceil(128 * MS_PER_BYTE)]);
    expect(line.write(counting(1000))).toBe(SERIAL_SEND_BYTES);
  });

  test("a line of the host stands before or after a write, never inside", async () => {
    const { time, line, text } = setUp();
    line.write(Buffer.from("a".repeat(200)));
    await time.run(5);
    line.writeLine("one\r\ntwo\n");
    line.write(Buffer.from("b".repeat(100)));
    await time.run(1000);
    expect(text()).toBe(`${"a".repeat(200)}one two \r\n${"b".repeat(100)}`);
  });

  test("lines that the backlog has no room for are lost whole and counted", async () => {
    const { time, line, text } = setUp();
    for (let index = 0; index < 50; index++) line.writeLine(`${index} `.padEnd(98, "."));
    expect(line.counts.linesLost).toBe(10);
    expect(line.write(counting(1))).toBe(0);
    await time.run(1000);
    expect(text().split("\r\n")).toHaveLength(41);
  });

  test("a reset lets out what was taken; without power it is gone", async () => {
    const { time, line, heard, text } = setUp();
    line.write(Buffer.from("last words"));
    line.close();
    await time.run(10);
    expect(text()).toBe("last words");
    line.open();
    line.write(counting(SERIAL_SEND_BYTES));
    line.losePower();
    // A host function in which the power went away still returns.
    line.writeLine("too late");
    expect(line.write(counting(1))).toBe(0);
    line.open();
    expect(line.write(counting(SERIAL_SEND_BYTES))).toBe(SERIAL_SEND_BYTES);
    await time.run(1000);
    expect(Buffer.concat(heard)).toHaveLength(10 + SERIAL_SEND_BYTES);
  });
});
