/**
 * A compiled module as readable assembly: each function with its size and frame, each instruction with what it refers to by
 * name (functions, values of the literal pool, traps) and the byte of the WebAssembly module that it comes from.
 */
import { decode, widthAt } from "../../lx106/decode.ts";
import { formatInstruction } from "../../lx106/format.ts";
import type { NativeFunction, NativeModule } from "../compile-module.ts";

const TEXT_COLUMN = 34;

export function listModule(module: NativeModule): string {
  const view = new DataView(module.image.buffer, module.image.byteOffset, module.image.byteLength);
  const names = new Map(module.functions.map(({ name, offset }) => [offset, name]));
  const traps = new Map(module.trapSites.map(({ offset, trap }) => [offset, trap]));
  const sources = new Map(module.sources.map(({ offset, source }) => [offset, source]));
  const lines = [
    `; ${module.image.length} bytes: ${module.codeBytes} code, ${module.literalBytes} literals, ${module.tableBytes} data`,
    "",
    "literals:",
  ];
  for (let offset = module.literalsOffset; offset < module.codeOffset; offset += 4) {
    lines.push(`${hex(offset, 5)}  .word 0x${hex(view.getUint32(offset, true), 8)}`);
  }
  for (const listed of module.functions) {
    lines.push("", ...listFunction(listed));
  }
  return `${lines.join("\n")}\n`;

  function listFunction({ name, offset, sizeBytes, frameBytes }: NativeFunction): string[] {
    const result = [`${name}:  ; ${sizeBytes} bytes, frame ${frameBytes}`];
    for (let at = offset; at < offset + sizeBytes; at += widthAt(module.image, at)) {
      const instruction = decode(module.image, at, at);
      const text = instruction === undefined ? ".byte" : formatInstruction(instruction);
      const notes = instruction === undefined ? [] : notesOn(instruction, at);
      const comment = notes.length === 0 ? "" : `; ${notes.join("; ")}`;
      result.push(`${hex(at, 5)}  ${text.padEnd(TEXT_COLUMN)}${comment}`.trimEnd());
    }
    return result;
  }

  function notesOn(instruction: NonNullable<ReturnType<typeof decode>>, at: number): string[] {
    const notes: string[] = [];
    const target = instruction.operands.at(-1) ?? 0;
    // Bytes that fill up before a jump table's target may read as an instruction that they are not.
    const isLiteral = target >= module.literalsOffset && target < module.codeOffset;
    if (instruction.mnemonic === "l32r" && isLiteral) notes.push(`0x${view.getUint32(target, true).toString(16)}`);
    const name = instruction.mnemonic === "call0" || instruction.mnemonic === "j" ? names.get(target) : undefined;
    if (name !== undefined) notes.push(name);
    const trap = traps.get(at);
    if (trap !== undefined) notes.push(`trap: ${trap}`);
    const source = sources.get(at);
    if (source !== undefined) notes.push(`wasm 0x${source.toString(16)}`);
    return notes;
  }
}

function hex(value: number, digits: number): string {
  return value.toString(16).padStart(digits, "0");
}
