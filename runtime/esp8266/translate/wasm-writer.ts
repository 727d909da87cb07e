/**
 * Writes WebAssembly: the instructions that translated code uses, and a module with one function. Structured control flow
 * is addressed by labels (the nesting depth at which a block was opened), not by relative depths. Source: WebAssembly Core
 * Specification 1.0, chapter 5 (binary format); sign extension is from 2.0.
 */
const I32 = 0x7f;
const EMPTY_BLOCK = 0x40;
const FUNCTION_FORM = 0x60;

/** Opcodes without operands. */
export enum Wasm {
  Return = 0x0f,
  Select = 0x1b,
  I32Eqz = 0x45,
  I32Eq = 0x46,
  I32Ne = 0x47,
  I32LtS = 0x48,
  I32LtU = 0x49,
  I32GeS = 0x4e,
  I32GeU = 0x4f,
  I32Clz = 0x67,
  I32Add = 0x6a,
  I32Sub = 0x6b,
  I32Mul = 0x6c,
  I32And = 0x71,
  I32Or = 0x72,
  I32Xor = 0x73,
  I32Shl = 0x74,
  I32ShrS = 0x75,
  I32ShrU = 0x76,
  I32Rotr = 0x78,
  I64Or = 0x84,
  I64Shl = 0x86,
  I64ShrU = 0x88,
  I32WrapI64 = 0xa7,
  I64ExtendI32U = 0xad,
  I32Extend16S = 0xc1,
}

export enum Load {
  Word = 0x28,
  Byte = 0x2d,
  SignedHalf = 0x2e,
  Half = 0x2f,
}

export enum Store {
  Word = 0x36,
  Byte = 0x3a,
  Half = 0x3b,
}

/** log2 of the size, which the format wants as a hint. */
const ALIGNMENT: Readonly<Record<Load | Store, number>> = {
  ...{ [Load.Word]: 2, [Load.Byte]: 0, [Load.SignedHalf]: 1, [Load.Half]: 1 },
  ...{ [Store.Word]: 2, [Store.Byte]: 0, [Store.Half]: 1 },
};

export function unsignedLeb(out: number[], value: number): void {
  let rest = value >>> 0;
  while (rest >= 0x80) {
    out.push((rest & 0x7f) | 0x80);
    rest >>>= 7;
  }
  out.push(rest);
}

function signedLeb(out: number[], value: number): void {
  let rest = value | 0;
  for (;;) {
    const low = rest & 0x7f;
    rest >>= 7;
    if ((rest === 0 && (low & 0x40) === 0) || (rest === -1 && (low & 0x40) !== 0)) {
      out.push(low);
      return;
    }
    out.push(low | 0x80);
  }
}

/** Where a branch goes: the depth of its block. */
export type Label = number;

/** The body of a function. */
export class WasmCode {
  readonly bytes: number[] = [];
  #depth = 0;

  op(...opcodes: Wasm[]): this {
    this.bytes.push(...opcodes);
    return this;
  }

  constant(value: number): this {
    this.bytes.push(0x41);
    signedLeb(this.bytes, value);
    return this;
  }

  longConstant(value: number): this {
    this.bytes.push(0x42);
    signedLeb(this.bytes, value);
    return this;
  }

  get(local: number): this {
    this.bytes.push(0x20);
    unsignedLeb(this.bytes, local);
    return this;
  }

  set(local: number): this {
    this.bytes.push(0x21);
    unsignedLeb(this.bytes, local);
    return this;
  }

  tee(local: number): this {
    this.bytes.push(0x22);
    unsignedLeb(this.bytes, local);
    return this;
  }

  /** Adds a constant to a local. */
  bump(local: number, by: number): this {
    return by === 0 ? this : this.get(local).constant(by).op(Wasm.I32Add).set(local);
  }

  load(opcode: Load, offset: number): this {
    return this.#access(opcode, offset);
  }

  store(opcode: Store, offset: number): this {
    return this.#access(opcode, offset);
  }

  #access(opcode: Load | Store, offset: number): this {
    this.bytes.push(opcode, ALIGNMENT[opcode]);
    unsignedLeb(this.bytes, offset);
    return this;
  }

  block(): Label {
    return this.#open(0x02);
  }

  loop(): Label {
    return this.#open(0x03);
  }

  if(): Label {
    return this.#open(0x04);
  }

  #open(opcode: number): Label {
    this.bytes.push(opcode, EMPTY_BLOCK);
    return ++this.#depth;
  }

  else(): this {
    this.bytes.push(0x05);
    return this;
  }

  end(): this {
    this.bytes.push(0x0b);
    this.#depth--;
    return this;
  }

  unreachable(): this {
    this.bytes.push(0x00);
    return this;
  }

  br(label: Label): this {
    this.bytes.push(0x0c);
    unsignedLeb(this.bytes, this.#depth - label);
    return this;
  }

  brIf(label: Label): this {
    this.bytes.push(0x0d);
    unsignedLeb(this.bytes, this.#depth - label);
    return this;
  }

  brTable(labels: readonly Label[], otherwise: Label): this {
    this.bytes.push(0x0e);
    unsignedLeb(this.bytes, labels.length);
    for (const label of labels) unsignedLeb(this.bytes, this.#depth - label);
    unsignedLeb(this.bytes, this.#depth - otherwise);
    return this;
  }

  /** Calls the module's own function. */
  callSelf(): this {
    this.bytes.push(0x10, 0);
    return this;
  }

  /** Calls the function of the table whose index is on the stack. */
  callIndirect(): this {
    this.bytes.push(0x11, 0, 0);
    return this;
  }
}

function section(id: number, content: readonly number[]): number[] {
  const out = [id];
  unsignedLeb(out, content.length);
  for (const byte of content) out.push(byte);
  return out;
}

const name = (text: string): number[] => [text.length, ...new TextEncoder().encode(text)];

/**
 * A module whose function takes and gives 32-bit words, with memory and table imported from `chip`. Export: `run`.
 * `memoryPages` is what the memory has.
 */
export function writeModule(code: WasmCode, params: number, locals: number, memoryPages: number): Uint8Array {
  const limits: number[] = [0x01];
  unsignedLeb(limits, memoryPages);
  unsignedLeb(limits, memoryPages);
  const body: number[] = [1];
  unsignedLeb(body, locals);
  body.push(I32);
  for (const byte of code.bytes) body.push(byte);
  body.push(0x0b);
  const sized: number[] = [1];
  unsignedLeb(sized, body.length);
  for (const byte of body) sized.push(byte);
  return Uint8Array.from([
    ...[0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00],
    ...section(1, [1, FUNCTION_FORM, params, ...new Array<number>(params).fill(I32), 1, I32]),
    ...section(2, [
      2,
      ...name("chip"),
      ...name("memory"),
      0x02,
      ...limits,
      ...name("chip"),
      ...name("table"),
      0x01,
      0x70,
      0,
      0,
    ]),
    ...section(3, [1, 0]),
    ...section(7, [1, ...name("run"), 0x00, 0]),
    ...section(10, sized),
  ]);
}
