/**
 * Builds a block of machine code at a known address: instructions, labels that may be used before they are placed, literals
 * for l32r, data. Everything has a fixed size, so one pass gives the addresses and a second one the bytes; a branch that
 * does not reach its label is an error here, for choosing longer forms is the compiler's work.
 *
 * l32r only reaches backwards (Xtensa ISA Reference Manual, l32r), so a pool stands before the code that uses it: `pool()`
 * marks the place, every `loadLiteral` after it adds what it needs, each value once.
 */
import { EncodeError, encode, sizeOf } from "./encode.ts";
import type { Mnemonic } from "./instruction-table.ts";

const LITERAL_BYTES = 4;
const ALIGN_BYTES_MAX = 4096;
const UINT32_COUNT = 2 ** 32;

/** A place in the code; the assembler gives its address in `finish`. */
export class Label {
  constructor(readonly name: string) {}
}

type Value = number | Label;
type Pool = Value[];

type Item =
  | { kind: "instruction"; mnemonic: Mnemonic; operands: readonly Value[]; sizeBytes: number }
  | { kind: "literal"; register: number; pool: Pool; index: number }
  | { kind: "label"; label: Label }
  | { kind: "align"; toBytes: number }
  | { kind: "bytes"; bytes: readonly number[] }
  | { kind: "words"; values: readonly Value[] }
  | { kind: "pool"; pool: Pool };

export interface AssembledCode {
  bytes: Uint8Array;
  addressOf(label: Label): number;
}

/** A label missing or placed twice, a literal without a pool, or data that does not fit. */
export class AssemblyError extends Error {}

export class Assembler {
  private readonly items: Item[] = [];
  private readonly placed = new Set<Label>();
  private currentPool: Pool | undefined;

  constructor(private readonly startAddress = 0) {
    if (startAddress >>> 0 !== startAddress) {
      throw new AssemblyError(`code starts at an address from 0 to 0xffffffff, not ${startAddress}`);
    }
  }

  emit(mnemonic: Mnemonic, ...operands: Value[]): void {
    this.items.push({ kind: "instruction", mnemonic, operands, sizeBytes: sizeOf(mnemonic) });
  }

  place(label: Label): void {
    if (this.placed.has(label)) throw new AssemblyError(`label ${label.name} is placed twice`);
    this.placed.add(label);
    this.items.push({ kind: "label", label });
  }

  /** Literals of the code that follows stand here, aligned to 4. The code before must not run into them. */
  pool(): void {
    this.currentPool = [];
    this.items.push({ kind: "pool", pool: this.currentPool });
  }

  /** `l32r` of a number of 32 bits, or of a label's address. */
  loadLiteral(register: number, value: Value): void {
    const pool = this.currentPool;
    if (pool === undefined)
      throw new AssemblyError("loadLiteral needs a pool before it: call pool() ahead of the code");
    const wanted = typeof value === "number" ? toWord(value) : value;
    const found = pool.indexOf(wanted);
    const index = found < 0 ? pool.push(wanted) - 1 : found;
    this.items.push({ kind: "literal", register, pool, index });
  }

  /** Fills with zeros: where they run as code they are `ill` and trap. */
  align(toBytes: number): void {
    if (!Number.isInteger(Math.log2(toBytes)) || toBytes < 1 || toBytes > ALIGN_BYTES_MAX) {
      throw new AssemblyError(`align takes a power of two from 1 to ${ALIGN_BYTES_MAX}, not ${toBytes}`);
    }
    this.items.push({ kind: "align", toBytes });
  }

  bytes(values: Iterable<number>): void {
    const bytes = [...values];
    for (const byte of bytes) {
      if ((byte & 0xff) !== byte) throw new AssemblyError(`bytes takes numbers from 0 to 255, not ${byte}`);
    }
    this.items.push({ kind: "bytes", bytes });
  }

  /** Little-endian words at the next place, not aligned; a label is its address. */
  words(values: Iterable<Value>): void {
    this.items.push({
      kind: "words",
      values: Array.from(values, (value) => (typeof value === "number" ? toWord(value) : value)),
    });
  }

  finish(): AssembledCode {
    const { addresses, pools, endAddress } = this.layOut();
    const addressOf = (label: Label) => {
      const address = addresses.get(label);
      if (address === undefined) throw new AssemblyError(`label ${label.name} is used but never placed`);
      return address;
    };
    const resolve = (value: Value) => (typeof value === "number" ? value : addressOf(value));
    const bytes = new Uint8Array(endAddress - this.startAddress);
    const view = new DataView(bytes.buffer);
    let address = this.startAddress;

    const putWords = (values: readonly Value[]) => {
      for (const [index, value] of values.entries()) {
        view.setUint32(address - this.startAddress + LITERAL_BYTES * index, resolve(value), true);
      }
    };
    for (const item of this.items) {
      const next = endOf(item, address);
      if (item.kind === "instruction") {
        bytes.set(encodeAt(item.mnemonic, item.operands, resolve, address), address - this.startAddress);
      } else if (item.kind === "literal") {
        const literal = (pools.get(item.pool) ?? 0) + LITERAL_BYTES * item.index;
        bytes.set(
          encode({ mnemonic: "l32r", operands: [item.register, literal] }, address),
          address - this.startAddress,
        );
      } else if (item.kind === "bytes") {
        bytes.set(item.bytes, address - this.startAddress);
      } else if (item.kind === "words") {
        putWords(item.values);
      } else if (item.kind === "pool") {
        address = next - LITERAL_BYTES * item.pool.length;
        putWords(item.pool);
      }
      address = next;
    }
    return { bytes, addressOf };
  }

  private layOut(): { addresses: Map<Label, number>; pools: Map<Pool, number>; endAddress: number } {
    const addresses = new Map<Label, number>();
    const pools = new Map<Pool, number>();
    let address = this.startAddress;
    for (const item of this.items) {
      const next = endOf(item, address);
      if (item.kind === "label") addresses.set(item.label, address);
      if (item.kind === "pool") pools.set(item.pool, next - LITERAL_BYTES * item.pool.length);
      address = next;
    }
    if (address > UINT32_COUNT) throw new AssemblyError(`the code ends at 0x${address.toString(16)}, beyond 32 bits`);
    return { addresses, pools, endAddress: address };
  }
}

/** The address after an item that starts, or is aligned from, `address`. */
function endOf(item: Item, address: number): number {
  switch (item.kind) {
    case "instruction":
      return address + item.sizeBytes;
    case "literal":
      return address + sizeOf("l32r");
    case "label":
      return address;
    case "align":
      return Math.ceil(address / item.toBytes) * item.toBytes;
    case "bytes":
      return address + item.bytes.length;
    case "words":
      return address + LITERAL_BYTES * item.values.length;
    case "pool": {
      // An empty pool takes no room, not even for its alignment.
      if (item.pool.length === 0) return address;
      return Math.ceil(address / LITERAL_BYTES) * LITERAL_BYTES + LITERAL_BYTES * item.pool.length;
    }
  }
}

function encodeAt(
  mnemonic: Mnemonic,
  values: readonly Value[],
  resolve: (value: Value) => number,
  address: number,
): Uint8Array {
  const operands = values.map(resolve);
  try {
    return encode({ mnemonic, operands }, address);
  } catch (error) {
    const label = values.find((value) => value instanceof Label);
    if (!(error instanceof EncodeError) || label === undefined) throw error;
    throw new EncodeError(`${error.message} (label ${label.name})`);
  }
}

function toWord(value: number): number {
  if (!Number.isInteger(value) || value < -(2 ** 31) || value >= UINT32_COUNT) {
    throw new AssemblyError(`a word is a whole number of 32 bits, not ${value}`);
  }
  return value >>> 0;
}
