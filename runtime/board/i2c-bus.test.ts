import { expect, test } from "vitest";
import { HostError } from "../contract/error-codes.ts";
import { I2C_TRANSFER_MAX_BYTES } from "../contract/limits.ts";
import { I2cBus, type I2cDevice } from "./i2c-bus.ts";

const NOTHING = new Uint8Array(0);

function setUp(answer: number[] = []) {
  const bus = new I2cBus();
  const written: number[][] = [];
  const device: I2cDevice = {
    address: 0x40,
    write: (bytes) => void written.push([...bytes]),
    read: () => Uint8Array.from(answer),
  };
  return { bus, device, written, detach: bus.attach(device) };
}

test("a device takes what is written and answers; what it leaves out reads as ones", () => {
  const { bus, written } = setUp([7, 8]);
  const into = new Uint8Array(3);
  expect(bus.transfer(0x40, Uint8Array.of(0xe3, 1), into)).toBe(3);
  expect([written, [...into]]).toEqual([[[0xe3, 1]], [7, 8, 0xff]]);
  // Of a device that answers more, no more is taken.
  expect(bus.transfer(0x40, NOTHING, into.subarray(0, 1))).toBe(1);
  expect(written).toHaveLength(1);
});

test("a transfer of nothing tells whether a device is there", () => {
  const { bus, written, detach } = setUp();
  expect([bus.transfer(0x40, NOTHING, NOTHING), bus.transfer(0x41, NOTHING, NOTHING)]).toEqual([0, HostError.NoDevice]);
  detach();
  expect(bus.transfer(0x40, Uint8Array.of(1), NOTHING)).toBe(HostError.NoDevice);
  expect(written).toEqual([]);
});

test("addresses have 7 bits, a transfer a maximum, an address one device", () => {
  const { bus, device } = setUp();
  const most = new Uint8Array(I2C_TRANSFER_MAX_BYTES);
  expect(bus.transfer(0x40, NOTHING, most)).toBe(I2C_TRANSFER_MAX_BYTES);
  for (const address of [-1, 128]) expect(bus.transfer(address, NOTHING, NOTHING)).toBe(HostError.BadArgument);
  expect(bus.transfer(0x40, Uint8Array.of(1), most)).toBe(HostError.BadArgument);
  expect(() => bus.attach(device)).toThrow("taken");
  expect(() => bus.attach({ ...device, address: 128 })).toThrow("7 bits");
});
