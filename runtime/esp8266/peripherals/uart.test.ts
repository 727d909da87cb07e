import { describe, expect, test } from "vitest";
import { EmulatorError } from "../emulator-error.ts";
import { FakeClock, recordInterrupt } from "./fake-core.ts";
import { Uart } from "./uart.ts";

const FIFO = 0x00;
const INT_RAW = 0x04;
const INT_ST = 0x08;
const INT_ENA = 0x0c;
const INT_CLR = 0x10;
const CLKDIV = 0x14;
const STATUS = 0x1c;
const CONF0 = 0x20;
const CONF1 = 0x24;
const RXFIFO_FULL = 1;
const TXFIFO_EMPTY = 2;
const RXFIFO_OVF = 16;
const RXFIFO_TOUT = 256;
/** Ten bits at 80 MHz / 694. */
const FRAME = 6940;

function setUp() {
  const clock = new FakeClock();
  const interrupt = recordInterrupt(clock);
  const sent: [number, number][] = [];
  const uart = new Uart({
    index: 0,
    clock,
    interrupt: interrupt.input,
    transmitted: (byte) => sent.push([clock.cycles, byte]),
  });
  return { clock, interrupt, sent, uart };
}

const txCount = (uart: Uart) => (uart.read(STATUS) >>> 16) & 0xff;
const rxCount = (uart: Uart) => uart.read(STATUS) & 0xff;

describe("sending", () => {
  test("bytes leave one frame time apart", () => {
    const { clock, sent, uart } = setUp();
    for (const byte of [0x41, 0x142, 0x43]) uart.write(FIFO, byte);
    expect(txCount(uart)).toBe(2);
    clock.advance(3 * FRAME);
    expect(sent).toEqual([
      [FRAME, 0x41],
      [2 * FRAME, 0x42],
      [3 * FRAME, 0x43],
    ]);
  });

  test.each([
    ["115200 baud, 8N1", 694, 0x1c, 6940],
    ["9600 baud, 8N1", 8333, 0x1c, 83330],
    ["7 bits, even parity, 2 stop bits", 100, (3 << 4) | (2 << 2) | 2, 1100],
    ["5 bits, 1.5 stop bits", 100, 2 << 4, 750],
  ])("a frame takes its time: %s", (_, divider, conf0, ticks) => {
    const { clock, sent, uart } = setUp();
    uart.write(CLKDIV, divider);
    uart.write(CONF0, conf0);
    uart.write(FIFO, 7);
    clock.advance(ticks - 1);
    expect(sent).toEqual([]);
    clock.advance(1);
    expect(sent).toEqual([[ticks, 7]]);
  });

  test("128 bytes and the one on its way fit; what is written to a full FIFO is lost", () => {
    const { clock, sent, uart } = setUp();
    for (let byte = 0; byte < 140; byte++) uart.write(FIFO, byte);
    expect([txCount(uart), uart.hasRoom]).toEqual([128, false]);
    clock.advance(200 * FRAME);
    expect(sent.map(([, byte]) => byte)).toEqual(Array.from({ length: 129 }, (_, byte) => byte));
  });

  test("TXFIFO_EMPTY comes when the FIFO is below its threshold and cannot be cleared while that lasts", () => {
    const { clock, interrupt, uart } = setUp();
    uart.write(CONF1, 2 << 8);
    for (let byte = 0; byte < 5; byte++) uart.write(FIFO, byte);
    uart.write(INT_ENA, TXFIFO_EMPTY);
    expect(interrupt.isUp).toBe(false);
    clock.advance(3 * FRAME);
    expect(interrupt.rises).toEqual([3 * FRAME]);
    uart.write(INT_CLR, TXFIFO_EMPTY);
    expect(uart.read(INT_ST)).toBe(TXFIFO_EMPTY);
    uart.write(INT_ENA, 0);
    expect([interrupt.isUp, uart.read(INT_RAW), uart.read(INT_ST)]).toEqual([false, TXFIFO_EMPTY, 0]);
  });

  test("TXFIFO_RST empties the FIFO, the byte on its way still leaves", () => {
    const { clock, sent, uart } = setUp();
    for (let byte = 0; byte < 5; byte++) uart.write(FIFO, byte);
    uart.write(CONF0, 0x1c | (1 << 18));
    clock.advance(10 * FRAME);
    expect(sent).toEqual([[FRAME, 0]]);
  });
});

describe("receiving", () => {
  test("bytes arrive one frame time apart and are read in order; an empty FIFO reads 0", () => {
    const { clock, uart } = setUp();
    uart.receive([1, 2, 3]);
    expect(rxCount(uart)).toBe(0);
    clock.advance(2 * FRAME);
    expect(rxCount(uart)).toBe(2);
    clock.advance(FRAME);
    expect([uart.read(FIFO), uart.read(FIFO), uart.read(FIFO), uart.read(FIFO), rxCount(uart)]).toEqual([
      1, 2, 3, 0, 0,
    ]);
  });

  test("RXFIFO_FULL at the threshold, until the FIFO is read", () => {
    const { clock, interrupt, uart } = setUp();
    uart.write(CONF1, 3);
    uart.write(INT_ENA, RXFIFO_FULL);
    uart.receive([1, 2, 3]);
    clock.advance(10 * FRAME);
    expect(interrupt.rises).toEqual([3 * FRAME]);
    uart.read(FIFO);
    expect(interrupt.isUp).toBe(false);
  });

  test("the threshold that the ROM sets leaves the rest of CONF1 alone", () => {
    const { clock, interrupt, uart } = setUp();
    uart.write(INT_ENA, RXFIFO_FULL);
    const before = uart.read(CONF1);
    uart.setReceiveThreshold(1);
    expect(uart.read(CONF1)).toBe((before & ~0x7f) | 1);
    uart.receive([1]);
    clock.advance(FRAME);
    expect(interrupt.isUp).toBe(true);
  });

  test("a byte too many is lost and sets RXFIFO_OVF until it is cleared", () => {
    const { clock, uart } = setUp();
    uart.receive(Array.from({ length: 130 }, (_, byte) => byte));
    clock.advance(128 * FRAME);
    expect(uart.read(INT_RAW) & RXFIFO_OVF).toBe(0);
    clock.advance(2 * FRAME);
    expect([rxCount(uart), uart.read(INT_RAW) & RXFIFO_OVF]).toEqual([128, RXFIFO_OVF]);
    uart.write(INT_CLR, RXFIFO_OVF);
    expect(uart.read(INT_RAW) & RXFIFO_OVF).toBe(0);
  });

  test("RXFIFO_TOUT when nothing has followed for that long", () => {
    const { clock, interrupt, uart } = setUp();
    uart.write(CONF1, ((1 << 31) | (2 << 24) | 100) >>> 0);
    uart.write(INT_ENA, RXFIFO_TOUT);
    uart.receive([1, 2]);
    clock.advance(10 * FRAME);
    expect(interrupt.rises).toEqual([2 * FRAME + 2 * 8 * 694]);
    uart.write(INT_CLR, RXFIFO_TOUT);
    expect(interrupt.isUp).toBe(false);
  });

  test("loopback brings back what is sent", () => {
    const { clock, sent, uart } = setUp();
    uart.write(CONF0, 0x1c | (1 << 14));
    uart.write(FIFO, 0x55);
    clock.advance(FRAME);
    expect([uart.read(FIFO), sent.length]).toEqual([0x55, 0]);
  });

  test("a sender without measure is told", () => {
    const { uart } = setUp();
    expect(() => uart.receive(new Uint8Array((1 << 20) + 1))).toThrow("UART0: more than 1048576 bytes wait");
  });
});

test("a register that is not emulated is refused", () => {
  const { uart } = setUp();
  expect(() => uart.read(0x28)).toThrow(
    new EmulatorError("not-emulated", "The read of 0x60000028 (UART0 + 0x28) is not emulated.", {
      address: 0x60000028,
    }),
  );
  expect(() => uart.write(0x18, 1)).toThrow("The write of 0x60000018");
});
