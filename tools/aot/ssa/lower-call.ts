/**
 * Calls through a table. Tables never change after the start (nothing of WebAssembly 1.0 writes them), so they stand in
 * the image: two words an entry, the number of the function's type (0: no entry) and its offset in the image. Words, since
 * flash can be read by aligned words only.
 */
import type { FuncType } from "../read/module.ts";
import { wordsOf } from "../read/module.ts";
import type { Value } from "./ir.ts";
import type { ProgramSpace, TablePlan } from "./program-space.ts";
import type { ValueBuilder } from "./value-builder.ts";

const ENTRY_SHIFT = 3;

export function callIndirect(
  build: ValueBuilder,
  space: ProgramSpace,
  tableIndex: number,
  type: FuncType,
  index: Value,
  args: Value[],
): Value[] {
  const table = space.tables[tableIndex] as TablePlan;
  build.trapIf(build.make("ge_u", [index, build.constant(table.size)]), "undefined element");
  const image = build.load("load32", "constant", build.constant(space.imageAddressAt), 0);
  const start = build.make("add", [image, build.symbol(table.symbol)]);
  const entry = build.make("add", [start, build.make("shl", [index, build.constant(ENTRY_SHIFT)])]);
  const wanted = space.typeNumber(type);
  if (table.onlyType !== wanted) {
    const found = build.load("load32", "constant", entry, 0);
    if (space.memory.isChecked) {
      build.trapIf(build.make("eq", [found, build.constant(0)]), "uninitialized element");
    }
    build.trapIf(build.make("ne", [found, build.constant(wanted)]), "indirect call type mismatch");
  }
  const address = build.make("add", [image, build.load("load32", "constant", entry, 4)]);
  return build.callPointer(address, args, wordsOf(type.results));
}
