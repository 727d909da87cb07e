import { describe, expect, test } from "vitest";
import { FakeClock, recordInterrupt } from "./fake-core.ts";
import { Gpio, type Level, type PinPort } from "./gpio.ts";
import { IoMux } from "./io-mux.ts";

const GPIO_OUT = 0x00;
const GPIO_OUT_W1TS = 0x04;
const GPIO_OUT_W1TC = 0x08;
const GPIO_ENABLE = 0x0c;
const GPIO_ENABLE_W1TS = 0x10;
const GPIO_ENABLE_W1TC = 0x14;
const GPIO_IN = 0x18;
const GPIO_STATUS = 0x1c;
const GPIO_STATUS_W1TS = 0x20;
const GPIO_STATUS_W1TC = 0x24;
const pinRegister = (pin: number) => 0x28 + 4 * pin;
const interruptType = (type: number) => type << 7;
const OPEN_DRAIN = 4;

const IO_MUX_MTDI = 0x04;
const IO_MUX_GPIO4 = 0x3c;
const PULLUP = 1 << 7;

class FakePins implements PinPort {
  readonly outside: (Level | undefined)[] = [];
  readonly chip: { driven: Level | undefined; pullUp: boolean }[] = [];
  #listener: (pin: number) => void = () => {};

  level(pin: number): Level {
    return this.chip[pin]?.driven ?? this.outside[pin] ?? (this.chip[pin]?.pullUp ? 1 : 0);
  }

  configure(pin: number, driven: Level | undefined, pullUp: boolean): void {
    this.chip[pin] = { driven, pullUp };
  }

  onChange(listener: (pin: number) => void): void {
    this.#listener = listener;
  }

  drive(pin: number, level: Level): void {
    this.outside[pin] = level;
    this.#listener(pin);
  }
}

function setUp() {
  const pins = new FakePins();
  const interrupt = recordInterrupt(new FakeClock());
  const gpio = new Gpio({ pins, interrupt: interrupt.input });
  return { pins, interrupt, gpio, ioMux: new IoMux(gpio) };
}

describe("outputs", () => {
  test("set and clear change only the bits that are one", () => {
    const { gpio, pins } = setUp();
    gpio.write(GPIO_ENABLE, 0x30);
    gpio.write(GPIO_OUT_W1TS, 0x30);
    expect([gpio.read(GPIO_OUT), pins.chip[4]?.driven, pins.chip[5]?.driven]).toEqual([0x30, 1, 1]);
    gpio.write(GPIO_OUT_W1TC, 0x10);
    expect([gpio.read(GPIO_OUT), pins.chip[4]?.driven, pins.chip[5]?.driven]).toEqual([0x20, 0, 1]);
    gpio.write(GPIO_ENABLE_W1TC, 0x20);
    expect([gpio.read(GPIO_ENABLE), pins.chip[5]?.driven]).toEqual([0x10, undefined]);
    gpio.write(GPIO_ENABLE_W1TS, 0x20);
    expect(pins.chip[5]?.driven).toBe(1);
  });

  test("a pin that IO_MUX uses otherwise is not driven", () => {
    const { gpio, ioMux, pins } = setUp();
    gpio.write(GPIO_ENABLE, 1 << 12);
    gpio.write(GPIO_OUT, 1 << 12);
    expect(pins.chip[12]?.driven).toBeUndefined();
    ioMux.write(IO_MUX_MTDI, 3 << 4);
    expect(pins.chip[12]).toEqual({ driven: 1, pullUp: false });
    // Function 4 has its third bit at 8; the two below are those of function 0.
    ioMux.write(IO_MUX_MTDI, 1 << 8);
    expect(pins.chip[12]?.driven).toBeUndefined();
  });

  test("an open drain drives low only", () => {
    const { gpio, pins } = setUp();
    gpio.write(pinRegister(4), OPEN_DRAIN);
    gpio.write(GPIO_ENABLE, 1 << 4);
    expect(pins.chip[4]?.driven).toBe(0);
    gpio.write(GPIO_OUT, 1 << 4);
    expect(pins.chip[4]?.driven).toBeUndefined();
  });

  test("pull-ups: as at reset, then as IO_MUX says", () => {
    const { ioMux, pins } = setUp();
    expect([pins.chip[0]?.pullUp, pins.chip[4]?.pullUp]).toEqual([true, false]);
    ioMux.write(IO_MUX_GPIO4, PULLUP);
    expect([pins.chip[4]?.pullUp, ioMux.read(IO_MUX_GPIO4)]).toEqual([true, PULLUP]);
  });
});

describe("inputs", () => {
  test("GPIO_IN shows the levels, and the straps above them", () => {
    const { gpio, pins } = setUp();
    const before = gpio.read(GPIO_IN);
    expect(before >>> 16).toBe(3);
    pins.drive(4, 1);
    expect(gpio.read(GPIO_IN) ^ before).toBe(1 << 4);
  });

  test.each([
    ["off", 0, 1, false],
    ["rising", 1, 1, true],
    ["rising", 1, 0, false],
    ["falling", 2, 0, true],
    ["falling", 2, 1, false],
    ["any", 3, 0, true],
    ["any", 3, 1, true],
  ] as const)("type %s (%i), edge to %i", (_, type, level, isMet) => {
    const { gpio, pins, interrupt } = setUp();
    pins.drive(5, level === 1 ? 0 : 1);
    gpio.write(pinRegister(5), interruptType(type));
    gpio.write(GPIO_STATUS_W1TC, 0xffff);
    pins.drive(5, level);
    expect([gpio.read(GPIO_STATUS), interrupt.isUp]).toEqual([isMet ? 1 << 5 : 0, isMet]);
    gpio.write(GPIO_STATUS_W1TC, 1 << 5);
    expect([gpio.read(GPIO_STATUS), interrupt.isUp]).toEqual([0, false]);
  });

  test.each([
    ["low", 4, 0],
    ["high", 5, 1],
  ] as const)("type %s comes back at once while the level lasts", (_, type, level) => {
    const { gpio, pins, interrupt } = setUp();
    pins.drive(5, level === 1 ? 0 : 1);
    gpio.write(pinRegister(5), interruptType(type));
    expect(interrupt.isUp).toBe(false);
    pins.drive(5, level);
    gpio.write(GPIO_STATUS_W1TC, 1 << 5);
    expect([gpio.read(GPIO_STATUS), interrupt.isUp]).toEqual([1 << 5, true]);
    pins.drive(5, level === 1 ? 0 : 1);
    gpio.write(GPIO_STATUS_W1TC, 1 << 5);
    expect(interrupt.isUp).toBe(false);
  });

  test("software can raise it, and an output's own edge counts", () => {
    const { gpio, interrupt } = setUp();
    gpio.write(GPIO_STATUS_W1TS, 1);
    expect(interrupt.isUp).toBe(true);
    gpio.write(GPIO_STATUS, 0);
    gpio.write(pinRegister(4), interruptType(1));
    gpio.write(GPIO_ENABLE, 1 << 4);
    gpio.write(GPIO_OUT_W1TS, 1 << 4);
    expect(gpio.read(GPIO_STATUS)).toBe(1 << 4);
  });
});

test("registers that are not emulated are refused", () => {
  const { gpio, ioMux } = setUp();
  expect(() => gpio.read(0x68)).toThrow("GPIO + 0x68");
  expect(() => gpio.read(GPIO_OUT_W1TS)).toThrow("GPIO + 0x04");
  expect(() => gpio.write(0x6c, 0)).toThrow("GPIO + 0x6c");
  expect(() => ioMux.read(0x44)).toThrow("IO_MUX + 0x44");
});
