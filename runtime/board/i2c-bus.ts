/**
 * The I2C bus of a board, at I2C_SDA_PIN and I2C_SCL_PIN, and the devices on it. A transfer takes no board time, as no host
 * function does; on the chip 100 kHz and I2C_TRANSFER_MAX_BYTES keep it below 10 ms.
 *
 * Source: NXP UM10204 (I2C-bus specification) 3.1.10: addresses of 7 bits; a device that is not there does not acknowledge.
 */
import { HostError } from "../contract/error-codes.ts";
import { I2C_TRANSFER_MAX_BYTES } from "../contract/limits.ts";

const ADDRESS_MAX = 0x7f;
/** What a bus that nobody pulls down reads as. */
const RELEASED = 0xff;

export interface I2cDevice {
  readonly address: number;
  /** Takes what a transfer writes; not called for nothing. */
  write(bytes: Uint8Array): void;
  /** What the device answers; bytes that are missing read as ones. */
  read(sizeBytes: number): Uint8Array;
}

export class I2cBus {
  readonly #devices = new Map<number, I2cDevice>();

  /** Puts a device on the bus; returns what takes it off. */
  attach(device: I2cDevice): () => void {
    const { address } = device;
    if (!isAddress(address)) throw new RangeError(`An I2C address has 7 bits: 0 to ${ADDRESS_MAX}, not ${address}.`);
    if (this.#devices.has(address)) throw new Error(`I2C address ${address} is taken: give each device its own.`);
    this.#devices.set(address, device);
    return () => this.#devices.delete(address);
  }

  /** Writes, then reads; the bytes read. Of nothing at all it tells whether the device is there. */
  transfer(address: number, bytes: Uint8Array, into: Uint8Array): number {
    if (!isAddress(address) || bytes.length + into.length > I2C_TRANSFER_MAX_BYTES) return HostError.BadArgument;
    const device = this.#devices.get(address);
    if (device === undefined) return HostError.NoDevice;
    if (bytes.length > 0) device.write(bytes.slice());
    if (into.length === 0) return 0;
    into.fill(RELEASED);
    into.set(device.read(into.length).subarray(0, into.length));
    return into.length;
  }
}

function isAddress(address: number): boolean {
  return Number.isInteger(address) && address >= 0 && address <= ADDRESS_MAX;
}
