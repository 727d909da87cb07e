/**
 * Loads, stores and the size of memory. A module's address becomes a native one by adding a constant, which is 0 for
 * programs that were linked at their native addresses. Checked builds compare every address with the end of memory and take
 * accesses that are not aligned apart; others rely on the chip, which faults on both (exception causes 3, 9, 28, 29).
 */
import type { LoadOp, StoreOp, Value } from "./ir.ts";
import { accessBytes } from "./operations.ts";
import type { ProgramSpace } from "./program-space.ts";
import type { ValueBuilder } from "./value-builder.ts";

export const PAGE_BYTES = 65536;
const UNALIGNED = {
  load16_u: "load16_unaligned",
  load16_s: "load16_unaligned",
  load32: "load32_unaligned",
  store16: "store16_unaligned",
  store32: "store32_unaligned",
} as const;

/** Where an access goes: its own check is done. */
export interface Access {
  address: Value;
  offset: number;
  /** By the hint in the instruction, bytes. */
  alignBytes: number;
}

/** Checks an access of `sizeBytes` at address + offset, in builds that check. */
export function access(
  build: ValueBuilder,
  { memory }: ProgramSpace,
  address: Value,
  offset: number,
  sizeBytes: number,
  alignBytes: number,
): Access {
  if (memory.isChecked) checkRange(build, memory, address, offset + sizeBytes);
  return { address: nativeAddress(build, memory.address, address), offset, alignBytes };
}

function nativeAddress(build: ValueBuilder, memoryAddress: number, address: Value): Value {
  return memoryAddress === 0 ? address : build.make("add", [address, build.constant(memoryAddress)]);
}

/** Traps unless address + sizeBytes stays inside; the sum does not wrap. */
function checkRange(build: ValueBuilder, memory: ProgramSpace["memory"], address: Value, sizeBytes: number): void {
  const trap = "out of bounds memory access";
  const index = memory.first === 0 ? address : build.make("sub", [address, build.constant(memory.first)]);
  if (memory.pagesAddress === undefined) {
    const room = Math.min(memory.pagesLeast * PAGE_BYTES, memory.endMost) - memory.first - sizeBytes;
    if (room < 0) return build.trapIf(build.constant(1), trap);
    return build.trapIf(build.make("lt_u", [build.constant(room), index]), trap);
  }
  // Sizes stay below 4 GiB: a machine that has that much is not our target.
  const end = build.make("shl", [pagesNow(build, memory), build.constant(16)]);
  if (sizeBytes > 0xffffffff) return build.trapIf(build.constant(1), trap);
  const size = build.constant(sizeBytes);
  build.trapIf(build.make("lt_u", [end, size]), trap);
  build.trapIf(build.make("lt_u", [build.make("sub", [end, size]), index]), trap);
}

export function loadWord(build: ValueBuilder, space: ProgramSpace, width: LoadOp, at: Access): Value {
  const sizeBytes = accessBytes(width);
  const direct = () => build.load(width, "memory", at.address, at.offset);
  if (width === "load8_u") return direct();
  const apart = () => {
    const address = build.make("add", [at.address, build.constant(at.offset)]);
    const [value = address] = build.call(space.routine(UNALIGNED[width]), [address], 1);
    if (width !== "load16_s") return value;
    const by = build.constant(16);
    return build.make("shr_s", [build.make("shl", [value, by]), by]);
  };
  if (!space.memory.isChecked) return at.alignBytes >= sizeBytes ? direct() : apart();
  return eitherWay(build, at, sizeBytes, direct, apart);
}

export function storeWord(build: ValueBuilder, space: ProgramSpace, width: StoreOp, at: Access, value: Value): void {
  const sizeBytes = accessBytes(width);
  const direct = () => {
    build.store(width, "memory", at.address, at.offset, value);
    return value;
  };
  if (width === "store8") return void direct();
  const apart = () => {
    const address = build.make("add", [at.address, build.constant(at.offset)]);
    build.call(space.routine(UNALIGNED[width]), [address, value], 0);
    return value;
  };
  if (!space.memory.isChecked) return void (at.alignBytes >= sizeBytes ? direct() : apart());
  eitherWay(build, at, sizeBytes, direct, apart);
}

/** Decides at run time whether an access is aligned. */
function eitherWay(build: ValueBuilder, at: Access, sizeBytes: number, direct: () => Value, apart: () => Value): Value {
  const { func } = build;
  const address = build.make("add", [at.address, build.constant(at.offset)]);
  const condition = build.make("and", [address, build.constant(sizeBytes - 1)]);
  const before = build.block;
  const [unaligned, aligned, join] = [func.addBlock(), func.addBlock(), func.addBlock()];
  before.terminator = { kind: "branch", condition, then: unaligned, else: aligned };
  unaligned.predecessors.push(before);
  aligned.predecessors.push(before);
  const values = [
    { block: unaligned, make: apart },
    { block: aligned, make: direct },
  ].map(({ block, make }) => {
    build.block = block;
    const value = make();
    build.block.terminator = { kind: "jump", to: join };
    join.predecessors.push(build.block);
    return value;
  });
  build.block = join;
  return values[0] === values[1] ? (values[0] as Value) : func.append(join, "phi", values);
}

function pagesNow(build: ValueBuilder, memory: ProgramSpace["memory"]): Value {
  if (memory.pagesAddress === undefined) return build.constant(memory.pagesLeast);
  return build.load("load32", "global", build.constant(memory.pagesAddress), 0);
}

export function memorySize(build: ValueBuilder, { memory }: ProgramSpace): Value {
  return pagesNow(build, memory);
}

/** Pages before, or -1 where there is no room for so many more. New pages are set to zero. */
export function memoryGrow(build: ValueBuilder, space: ProgramSpace, more: Value): Value {
  const { memory } = space;
  const before = pagesNow(build, memory);
  const room = build.make("sub", [build.constant(memory.pagesMost), before]);
  const fits = build.make("ge_u", [room, more]);
  if (memory.pagesAddress !== undefined) {
    const after = build.make("select", [fits, build.make("add", [before, more]), before]);
    build.store("store32", "global", build.constant(memory.pagesAddress), 0, after);
    const pageShift = build.constant(16);
    const from = nativeAddress(build, memory.address, build.make("shl", [before, pageShift]));
    const sizeBytes = build.make("shl", [build.make("sub", [after, before]), pageShift]);
    build.call(space.routine("memory_fill"), [from, build.constant(0), sizeBytes], 0);
  }
  return build.make("select", [fits, before, build.constant(-1)]);
}

/** memory.fill, memory.copy: `ranges` are addresses of `sizeBytes` each. */
export function bulk(
  build: ValueBuilder,
  space: ProgramSpace,
  routine: "memory_fill" | "memory_copy",
  [first, second, sizeBytes]: [Value, Value, Value],
): void {
  const { memory } = space;
  const pointers = routine === "memory_copy" ? [first, second] : [first];
  if (memory.isChecked) for (const pointer of pointers) checkDynamicRange(build, memory, pointer, sizeBytes);
  const native = (address: Value) => nativeAddress(build, memory.address, address);
  const source = routine === "memory_copy" ? native(second) : second;
  build.call(space.routine(routine), [native(first), source, sizeBytes], 0);
}

function checkDynamicRange(
  build: ValueBuilder,
  memory: ProgramSpace["memory"],
  pointer: Value,
  sizeBytes: Value,
): void {
  const trap = "out of bounds memory access";
  const index = memory.first === 0 ? pointer : build.make("sub", [pointer, build.constant(memory.first)]);
  const end =
    memory.pagesAddress === undefined
      ? build.constant(Math.min(memory.pagesLeast * PAGE_BYTES, memory.endMost) - memory.first)
      : build.make("shl", [pagesNow(build, memory), build.constant(16)]);
  build.trapIf(build.make("lt_u", [end, sizeBytes]), trap);
  build.trapIf(build.make("lt_u", [build.make("sub", [end, sizeBytes]), index]), trap);
}
