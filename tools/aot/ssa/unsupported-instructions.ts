/** Names for what a valid module may contain and the compiler does not translate. */

export function describeOpcode(opcode: number): string {
  const features: Record<number, string> = {
    0x06: "try (exception handling)",
    0x08: "throw (exception handling)",
    0x09: "rethrow (exception handling)",
    0x12: "return_call (tail calls)",
    0x13: "return_call_indirect (tail calls)",
    0x14: "call_ref (typed function references)",
    0x15: "return_call_ref (typed function references)",
    0x25: "table.get (reference types)",
    0x26: "table.set (reference types)",
    0xd0: "ref.null (reference types)",
    0xd1: "ref.is_null (reference types)",
    0xd2: "ref.func (reference types)",
    0xfb: "prefix 0xfb (garbage collection)",
    0xfd: "prefix 0xfd (SIMD)",
    0xfe: "prefix 0xfe (threads)",
  };
  return `instruction ${features[opcode] ?? `0x${opcode.toString(16)}`} is not supported`;
}

/** Of the instructions with the prefix 0xfc. */
export function describePrefixed(number: number): string {
  return `instruction 0xfc ${number} (bulk memory, tables) is not supported`;
}
