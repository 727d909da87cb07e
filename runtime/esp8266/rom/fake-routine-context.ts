/** For the tests of this room: registers, a stack and some RAM, without a core. */
import type { CycleClock, RoutineContext } from "../bus.ts";
import { EmulatorError } from "../emulator-error.ts";
import type { RomRoutine } from "./rom-routine.ts";

export const FAKE_RAM_ADDRESS = 0x3ffe8000;
const RAM_BYTES = 0x1000;
export const RETURN_ADDRESS = 0x40201234;

export class FakeRoutineContext implements RoutineContext {
  readonly ram = new Uint8Array(RAM_BYTES);
  readonly registers = new Uint32Array(16);
  readonly clock: CycleClock = { cycles: 0, at: () => () => {} };
  pc = 0;
  spent = 0;
  jumpedTo: number | undefined;
  raisedCause: number | undefined;

  constructor() {
    this.registers[0] = RETURN_ADDRESS;
  }

  readonly memory = {
    readWord: (address: number) => this.#view(address, 4).getUint32(0, true),
    writeWord: (address: number, value: number) => this.#view(address, 4).setUint32(0, value, true),
    readByte: (address: number) => this.#view(address, 1).getUint8(0),
    writeByte: (address: number, value: number) => this.#view(address, 1).setUint8(0, value),
    readBytes: (address: number, length: number) => this.#bytes(address, length).slice(),
    writeBytes: (address: number, bytes: Uint8Array) => this.#bytes(address, bytes.length).set(bytes),
  };

  /** Runs a routine with these argument words; the first two result words. */
  run(routine: Pick<RomRoutine, "run" | "address">, ...args: number[]): [number, number] {
    this.pc = routine.address;
    args.forEach((value, index) => {
      this.registers[2 + index] = value;
    });
    routine.run(this);
    return [this.get(2), this.get(3)];
  }

  get(register: number): number {
    return this.registers[register] as number;
  }

  set(register: number, value: number): void {
    this.registers[register] = value;
  }

  argument(index: number): number {
    return this.get(2 + index);
  }

  setResult(index: number, value: number): void {
    this.set(2 + index, value);
  }

  spend(cycles: number): void {
    this.spent += cycles;
  }

  jump(address: number): void {
    this.jumpedTo = address;
  }

  raise(cause: number): void {
    this.raisedCause = cause;
  }

  call(): number {
    throw new Error("The ROM calls no chip code.");
  }

  #bytes(address: number, length: number): Uint8Array {
    const start = address - FAKE_RAM_ADDRESS;
    if (start < 0 || start + length > RAM_BYTES) throw new EmulatorError("setup", "There is no memory.");
    return this.ram.subarray(start, start + length);
  }

  #view(address: number, length: number): DataView {
    const bytes = this.#bytes(address, length);
    return new DataView(bytes.buffer, bytes.byteOffset, length);
  }
}
