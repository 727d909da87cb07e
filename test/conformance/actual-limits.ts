/**
 * A module says how much of an imported memory or table it needs at least; how much there is, it learns when it is linked.
 * The compiler makes them itself, from what the module says, so that must be what the test suite's module "spectest" has.
 */
import { ByteCursor, readSections, SectionId, writeSections } from "../native/binary-module.ts";
import { list } from "../native/wasm-writer.ts";

enum Kind {
  Function = 0,
  Table = 1,
  Memory = 2,
  Global = 3,
}

const HAS_MAXIMUM = 1;
/** Of spectest: memory in pages of 64 KiB, table in entries. */
const MEMORY_LIMITS = [HAS_MAXIMUM, 1, 2];
const TABLE_LIMITS = [HAS_MAXIMUM, 10, 20];

export function withActualLimits(wasm: Uint8Array): Uint8Array {
  const sections = readSections(wasm).map(({ id, content }) =>
    id === SectionId.Import ? { id, content: Uint8Array.from(list(readImports(content))) } : { id, content },
  );
  return writeSections(wasm, sections);
}

function readImports(content: Uint8Array): number[][] {
  const cursor = new ByteCursor(content);
  return cursor.list(() => {
    const start = cursor.position;
    cursor.take(cursor.unsigned());
    cursor.take(cursor.unsigned());
    const kind = cursor.byte();
    if (kind === Kind.Function) cursor.skipLeb();
    else if (kind === Kind.Global) cursor.position += 2;
    else {
      if (kind === Kind.Table) cursor.byte();
      const before = [...content.subarray(start, cursor.position)];
      const flags = cursor.byte();
      cursor.skipLeb();
      if ((flags & HAS_MAXIMUM) !== 0) cursor.skipLeb();
      // Others (shared, 64-bit) are not translated; the compiler says so.
      if (flags <= HAS_MAXIMUM) return [...before, ...(kind === Kind.Memory ? MEMORY_LIMITS : TABLE_LIMITS)];
    }
    return [...content.subarray(start, cursor.position)];
  });
}
