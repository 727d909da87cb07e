/**
 * WebAssembly for loads and stores. RAM, and flash read by words, are served in place; everything else leaves the region
 * before the instruction, and the interpreter does it. A comparison of the rotated offset tests range and alignment at once.
 */
import { Op } from "../core/operations.ts";
import { DRAM_ADDRESS, DRAM_BYTES, FLASH_WINDOW_ADDRESS, FLASH_WINDOW_BYTES } from "../memory/address-map.ts";
import { CACHE_LINE_SHIFT } from "../memory/flash-cache.ts";
import { CACHE_PRESENT, DRAM_HOST, DRAM_TOUCHED, FLASH_HOST } from "../memory/host-layout.ts";
import type { Region as MemoryRegion } from "../memory/memory-space.ts";
import type { Locals } from "./emit-operation.ts";
import type { RegionOp } from "./region.ts";
import { Load, Store, Wasm, type WasmCode } from "./wasm-writer.ts";

interface Access {
  readonly shift: number;
  readonly load?: Load;
  readonly store?: Store;
}

const ACCESSES: Partial<Record<Op, Access>> = {
  ...{ [Op.L32i]: { shift: 2, load: Load.Word }, [Op.L16ui]: { shift: 1, load: Load.Half } },
  ...{ [Op.L16si]: { shift: 1, load: Load.SignedHalf }, [Op.L8ui]: { shift: 0, load: Load.Byte } },
  ...{ [Op.S32i]: { shift: 2, store: Store.Word }, [Op.S16i]: { shift: 1, store: Store.Half } },
  ...{ [Op.S8i]: { shift: 0, store: Store.Byte } },
};
const TOUCHED = [1, 0x0101, 0x01010101];
/** Loads of a whole word from the code map, whose bytes are 1 where code is. */
const MAP_LOADS = [Load.Byte, Load.Half, Load.Word];

/** Emits a load or store; `leave` emits the way out of the region before it. False: not an access. */
export function emitAccess(
  code: WasmCode,
  locals: Locals,
  operation: RegionOp,
  extra: MemoryRegion | undefined,
  leave: () => void,
): boolean {
  const access = ACCESSES[operation.op];
  if (!access) return false;
  const { shift } = access;
  const offset = locals.scratch;
  const s = locals.register(operation.s);
  /** Sets the offset from the start of a stretch; on the stack whether the access is outside of it, or unaligned. */
  const missing = (address: number, sizeBytes: number): void => {
    code
      .get(s)
      .constant((operation.immediate - address) | 0)
      .op(Wasm.I32Add)
      .tee(offset);
    if (shift > 0) code.constant(shift).op(Wasm.I32Rotr);
    code.constant(sizeBytes >>> shift).op(Wasm.I32GeU);
  };
  const transfer = (host: number): void => {
    code.get(offset);
    if (access.load !== undefined) code.load(access.load, host).set(locals.register(operation.d));
    else code.get(locals.register(operation.t)).store(access.store as Store, host);
  };
  const done = code.block();
  const notDram = code.block();
  missing(DRAM_ADDRESS, DRAM_BYTES);
  code.brIf(notDram);
  transfer(DRAM_HOST);
  if (access.store !== undefined)
    code
      .get(offset)
      .constant(TOUCHED[shift] as number)
      .store(access.store, DRAM_TOUCHED);
  code.br(done).end();
  if (extra) {
    const notExtra = code.block();
    missing(extra.address, extra.sizeBytes);
    code.brIf(notExtra);
    if (access.store !== undefined)
      code
        .get(offset)
        .load(MAP_LOADS[shift] as Load, extra.codeMap)
        .brIf(notExtra);
    transfer(extra.host);
    code.br(done).end();
  }
  if (operation.op === Op.L32i) {
    const notFlash = code.block();
    missing(FLASH_WINDOW_ADDRESS, FLASH_WINDOW_BYTES);
    code.brIf(notFlash);
    code
      .get(offset)
      .constant(CACHE_LINE_SHIFT)
      .op(Wasm.I32ShrU)
      .load(Load.Byte, CACHE_PRESENT)
      .op(Wasm.I32Eqz)
      .brIf(notFlash);
    transfer(FLASH_HOST);
    code.br(done).end();
  }
  leave();
  code.end();
  return true;
}

/** Emits a way out, unless a line of the flash window is in the cache. */
export function emitLineCheck(code: WasmCode, line: number, leave: () => void): void {
  code
    .constant(0)
    .load(Load.Byte, CACHE_PRESENT + line)
    .op(Wasm.I32Eqz);
  code.if();
  leave();
  code.end();
}
