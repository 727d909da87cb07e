/** What tests need of an ELF file of 32 bits, little-endian (System V ABI, chapter 4): what to load, and its symbols. */
const SECTION_TYPE_SYMBOLS = 2;
const SEGMENT_TYPE_LOAD = 1;
const SECTION_HEADER_BYTES = 40;
const PROGRAM_HEADER_BYTES = 32;
const SYMBOL_BYTES = 16;

export interface Segment {
  address: number;
  bytes: Uint8Array;
}

export interface ElfFile {
  entry: number;
  /** What has bytes in the file. RAM that begins as zeros has none. */
  segments: Segment[];
  /** Sizes by name. */
  sections: Map<string, number>;
  symbols: Map<string, number>;
}

export function readElf(file: Uint8Array): ElfFile {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  const word = (offset: number) => view.getUint32(offset, true);
  const half = (offset: number) => view.getUint16(offset, true);
  if (word(0) !== 0x464c457f) throw new Error("not an ELF file");
  const text = (offset: number) => {
    let end = offset;
    while (file[end] !== 0) end++;
    return Buffer.from(file.subarray(offset, end)).toString("latin1");
  };

  const segments: Segment[] = [];
  for (let index = 0; index < half(44); index++) {
    const header = word(28) + PROGRAM_HEADER_BYTES * index;
    const sizeBytes = word(header + 16);
    if (word(header) !== SEGMENT_TYPE_LOAD || sizeBytes === 0) continue;
    const offset = word(header + 4);
    segments.push({ address: word(header + 12), bytes: file.slice(offset, offset + sizeBytes) });
  }

  const sectionAt = (index: number) => word(32) + SECTION_HEADER_BYTES * index;
  const names = word(sectionAt(half(50)) + 16);
  const sections = new Map<string, number>();
  const symbols = new Map<string, number>();
  for (let index = 0; index < half(48); index++) {
    const header = sectionAt(index);
    sections.set(text(names + word(header)), word(header + 20));
    if (word(header + 4) !== SECTION_TYPE_SYMBOLS) continue;
    const strings = word(sectionAt(word(header + 24)) + 16);
    for (let offset = word(header + 16); offset < word(header + 16) + word(header + 20); offset += SYMBOL_BYTES) {
      const name = text(strings + word(offset));
      if (name !== "") symbols.set(name, word(offset + 4));
    }
  }
  return { entry: word(24), segments, sections, symbols };
}
