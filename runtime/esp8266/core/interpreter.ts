/**
 * Runs decoded blocks, one operation after the other: the plain engine, and the oracle for translated code.
 *
 * Longer than other files because it is one loop over one switch, for speed: the operands of every operation are read
 * before the switch, registers are one typed array, RAM is accessed in place, and everything uncommon goes elsewhere. The
 * cases are numbers, those of `Op`, since only then V8 makes a table of jumps of them (twice the speed); a test compares them.
 * Counters are kept a block at a time; `#settle` makes them exact wherever somebody may look. Semantics: Xtensa ISA Reference
 * Manual, chapter 6.
 */
import { DRAM_ADDRESS, DRAM_BYTES, FLASH_WINDOW_ADDRESS, FLASH_WINDOW_BYTES } from "../memory/address-map.ts";
import { CACHE_LINE_SHIFT } from "../memory/flash-cache.ts";
import { CACHE_PRESENT, DRAM_HOST, DRAM_TOUCHED, FLASH_HOST } from "../memory/host-layout.ts";
import type { MemorySpace } from "../memory/memory-space.ts";
import { BLOCK_WORDS, type BlockCache, BlockField, OP_WORDS } from "./block-cache.ts";
import type { Core } from "./core.ts";
import { TAKEN_CYCLES } from "./cycle-model.ts";
import { B4CONST, B4CONSTU } from "./decode.ts";
import type { RegionProtection } from "./region-protection.ts";
import { Flow, UncommonOperations } from "./uncommon-operations.ts";

export enum Pause {
  /** Something is due, or the limit is near: go on instruction by instruction. */
  Limit,
  /** An exception was entered. */
  Exception,
  /** No block at `pc`: a routine of TypeScript, or a fetch that fails. */
  Elsewhere,
  /** A block has become hot, or translated code begins at `pc`. */
  Translated,
}

export interface InterpreterOptions {
  /** Entries of a block after which it is reported as hot. */
  readonly heatLimit: number;
  readonly onSimcall: ((core: Core) => void) | undefined;
}

/** Counted per block while a profile is taken: told at every end of a run of instructions. */
export type BlockWatcher = (pc: number, instructions: number, cycles: number) => void;

export class Interpreter {
  watcher: BlockWatcher | undefined;
  readonly #core: Core;
  readonly #memory: MemorySpace;
  readonly #blocks: BlockCache;
  readonly #uncommon: UncommonOperations;
  readonly #heatLimit: number;

  constructor(core: Core, blocks: BlockCache, protection: RegionProtection, options: InterpreterOptions) {
    this.#core = core;
    this.#memory = core.memory;
    this.#blocks = blocks;
    this.#uncommon = new UncommonOperations(core, blocks, protection, options.onSimcall);
    this.#heatLimit = options.heatLimit;
  }

  /**
   * Runs whole blocks from `pc` on as long as they end before `cycleLimit`. `force`: the first one is run even if it has
   * been translated.
   */
  run(cycleLimit: number, force: boolean): Pause {
    const block = this.#blocks.find(this.#core.pc | 0);
    return block === 0 ? Pause.Elsewhere : this.#execute(block, cycleLimit, force, false);
  }

  /** Runs one instruction, or only fetches its line from flash: in that time something may have become due. */
  step(): Pause {
    const block = this.#blocks.single(this.#core.pc | 0);
    return block === 0 ? Pause.Elsewhere : this.#execute(block, Number.POSITIVE_INFINITY, true, true);
  }

  #execute(first: number, cycleLimit: number, force: boolean, single: boolean): Pause {
    const core = this.#core;
    const memory = this.#memory;
    const cache = this.#blocks;
    const { code, addresses, cyclesBefore, blocks } = cache;
    const { bytes, halves, words } = memory;
    const uncommon = this.#uncommon;
    const watcher = this.watcher;
    const heatLimit = this.#heatLimit;
    // Longer than 16, since the t field of some operations holds other things than registers.
    const R = words;
    const extra = memory.extra[0];
    const extraAddress = extra?.address ?? 0;
    const extraBytes = extra?.sizeBytes ?? 0;
    const extraHost = extra?.host ?? 0;
    const extraCode = extra?.codeMap ?? 0;
    let block = first;
    let forced = force;
    let cycles = core.cycles;
    let instructions = core.instructions;
    let sar = core.sar;
    let pc = 0;
    for (;;) {
      const fields = block * BLOCK_WORDS;
      const line = blocks[fields + BlockField.Line] as number;
      if (cycles + (blocks[fields + BlockField.Cycles] as number) > cycleLimit) {
        this.#settle(blocks[fields + BlockField.Pc] as number, cycles, instructions, sar);
        return Pause.Limit;
      }
      if (line >= 0 && bytes[CACHE_PRESENT + line] === 0) {
        const penalty = memory.fetchLine(line);
        cycles += penalty;
        watcher?.(blocks[fields + BlockField.Pc] as number, 0, penalty);
        if (!single) continue;
        this.#settle(blocks[fields + BlockField.Pc] as number, cycles, instructions, sar);
        return Pause.Limit;
      }
      if (heatLimit !== 0 && !single) {
        const heat = (blocks[fields + BlockField.Heat] as number) + 1;
        blocks[fields + BlockField.Heat] = heat;
        if (heat === heatLimit || (blocks[fields + BlockField.Translated] !== 0 && !forced)) {
          this.#settle(blocks[fields + BlockField.Pc] as number, cycles, instructions, sar);
          return Pause.Translated;
        }
        forced = false;
      }
      const start = blocks[fields + BlockField.Start] as number;
      let at = start;
      let flow = Flow.Next;
      operations: for (; ; at += OP_WORDS) {
        const word = code[at] as number;
        const immediate = code[at + 1] as number;
        const d = (word >>> 8) & 0xff;
        const s = R[(word >>> 16) & 0xff] as number;
        const t = R[word >>> 24] as number;
        let address = 0;
        switch (word & 0xff) {
          case 1: // Add
            R[d] = (s + t) | 0;
            continue;
          case 2: // Addx2
            R[d] = ((s << 1) + t) | 0;
            continue;
          case 3: // Addx4
            R[d] = ((s << 2) + t) | 0;
            continue;
          case 4: // Addx8
            R[d] = ((s << 3) + t) | 0;
            continue;
          case 5: // Sub
            R[d] = (s - t) | 0;
            continue;
          case 6: // Subx2
            R[d] = ((s << 1) - t) | 0;
            continue;
          case 7: // Subx4
            R[d] = ((s << 2) - t) | 0;
            continue;
          case 8: // Subx8
            R[d] = ((s << 3) - t) | 0;
            continue;
          case 9: // And
            R[d] = s & t;
            continue;
          case 10: // Or
            R[d] = s | t;
            continue;
          case 11: // Xor
            R[d] = s ^ t;
            continue;
          case 12: // Neg
            R[d] = -t | 0;
            continue;
          case 13: // Abs
            R[d] = t < 0 ? -t | 0 : t;
            continue;
          case 14: // Addi
            R[d] = (s + immediate) | 0;
            continue;
          case 15: // Movi
            R[d] = immediate;
            continue;
          case 16: // Mov
            R[d] = s;
            continue;
          case 17: // Moveqz
            if (t === 0) R[d] = s;
            continue;
          case 18: // Movnez
            if (t !== 0) R[d] = s;
            continue;
          case 19: // Movltz
            if (t < 0) R[d] = s;
            continue;
          case 20: // Movgez
            if (t >= 0) R[d] = s;
            continue;
          case 21: // Nsa
            R[d] = Math.clz32(s ^ (s >> 31)) - 1;
            continue;
          case 22: // Nsau
            R[d] = Math.clz32(s);
            continue;
          case 23: // Mul16u
            R[d] = Math.imul(s & 0xffff, t & 0xffff);
            continue;
          case 24: // Mul16s
            R[d] = Math.imul((s << 16) >> 16, (t << 16) >> 16);
            continue;
          case 25: // Mull
            R[d] = Math.imul(s, t);
            continue;
          case 26: // Slli
            R[d] = s << immediate;
            continue;
          case 27: // Srai
            R[d] = t >> immediate;
            continue;
          case 28: // Srli
            R[d] = t >>> immediate;
            continue;
          case 29: // Src
            R[d] = funnel(s, t, sar);
            continue;
          case 30: // Srl
            R[d] = sar < 32 ? t >>> sar : 0;
            continue;
          case 31: // Sll
            R[d] = funnel(s, 0, sar);
            continue;
          case 32: // Sra
            R[d] = t >> Math.min(sar, 31);
            continue;
          case 33: // Ssr
            sar = s & 31;
            continue;
          case 34: // Ssl
            sar = 32 - (s & 31);
            continue;
          case 35: // Ssa8l
            sar = (s & 3) << 3;
            continue;
          case 36: // Ssa8b
            sar = 32 - ((s & 3) << 3);
            continue;
          case 37: // Ssai
            sar = immediate;
            continue;
          case 38: // Extui
            R[d] = (t >>> (immediate & 31)) & (immediate >>> 8);
            continue;
          case 39: // Nop
            continue;
          case 40: // RsrSar
            R[d] = sar;
            continue;
          case 41: // WsrSar
            sar = t & 63;
            continue;
          case 42: // XsrSar
            R[d] = sar;
            sar = t & 63;
            continue;
          case 43: {
            // L32r
            address = immediate;
            const offset = (address - FLASH_WINDOW_ADDRESS) >>> 0;
            if (offset < FLASH_WINDOW_BYTES) {
              if (bytes[CACHE_PRESENT + (offset >>> CACHE_LINE_SHIFT)] === 0) break;
              R[d] = words[(offset + FLASH_HOST) >>> 2] as number;
              continue;
            }
            const extraOffset = (address - extraAddress) >>> 0;
            if (extraOffset >= extraBytes) break;
            R[d] = words[(extraOffset + extraHost) >>> 2] as number;
            continue;
          }
          case 44: {
            // L32i
            address = (s + immediate) | 0;
            if ((address & 3) !== 0) break;
            let host = (address - DRAM_ADDRESS) >>> 0;
            if (host < DRAM_BYTES) host += DRAM_HOST;
            else {
              host = (address - extraAddress) >>> 0;
              if (host >= extraBytes) break;
              host += extraHost;
            }
            R[d] = words[host >>> 2] as number;
            continue;
          }
          case 45: {
            // L16ui
            address = (s + immediate) | 0;
            if ((address & 1) !== 0) break;
            let host = (address - DRAM_ADDRESS) >>> 0;
            if (host < DRAM_BYTES) host += DRAM_HOST;
            else {
              host = (address - extraAddress) >>> 0;
              if (host >= extraBytes) break;
              host += extraHost;
            }
            R[d] = halves[host >>> 1] as number;
            continue;
          }
          case 46: {
            // L16si
            address = (s + immediate) | 0;
            if ((address & 1) !== 0) break;
            let host = (address - DRAM_ADDRESS) >>> 0;
            if (host < DRAM_BYTES) host += DRAM_HOST;
            else {
              host = (address - extraAddress) >>> 0;
              if (host >= extraBytes) break;
              host += extraHost;
            }
            R[d] = ((halves[host >>> 1] as number) << 16) >> 16;
            continue;
          }
          case 47: {
            // L8ui
            address = (s + immediate) | 0;
            let host = (address - DRAM_ADDRESS) >>> 0;
            if (host < DRAM_BYTES) host += DRAM_HOST;
            else {
              host = (address - extraAddress) >>> 0;
              if (host >= extraBytes) break;
              host += extraHost;
            }
            R[d] = bytes[host] as number;
            continue;
          }
          case 48: {
            // S32i
            address = (s + immediate) | 0;
            if ((address & 3) !== 0) break;
            const offset = (address - DRAM_ADDRESS) >>> 0;
            if (offset < DRAM_BYTES) {
              words[(offset + DRAM_HOST) >>> 2] = t;
              words[(offset + DRAM_TOUCHED) >>> 2] = 0x01010101;
              continue;
            }
            const extraOffset = (address - extraAddress) >>> 0;
            if (extraOffset >= extraBytes || words[(extraOffset + extraCode) >>> 2] !== 0) break;
            words[(extraOffset + extraHost) >>> 2] = t;
            continue;
          }
          case 49: {
            // S16i
            address = (s + immediate) | 0;
            if ((address & 1) !== 0) break;
            const offset = (address - DRAM_ADDRESS) >>> 0;
            if (offset < DRAM_BYTES) {
              halves[(offset + DRAM_HOST) >>> 1] = t;
              halves[(offset + DRAM_TOUCHED) >>> 1] = 0x0101;
              continue;
            }
            const extraOffset = (address - extraAddress) >>> 0;
            if (extraOffset >= extraBytes || halves[(extraOffset + extraCode) >>> 1] !== 0) break;
            halves[(extraOffset + extraHost) >>> 1] = t;
            continue;
          }
          case 50: {
            // S8i
            address = (s + immediate) | 0;
            const offset = (address - DRAM_ADDRESS) >>> 0;
            if (offset < DRAM_BYTES) {
              bytes[offset + DRAM_HOST] = t;
              bytes[offset + DRAM_TOUCHED] = 1;
              continue;
            }
            const extraOffset = (address - extraAddress) >>> 0;
            if (extraOffset >= extraBytes || bytes[extraOffset + extraCode] !== 0) break;
            bytes[extraOffset + extraHost] = t;
            continue;
          }
          case 51: // Rsr
            this.#settleAt(at, start, cycles, instructions, sar);
            R[d] = core.readSpecial(immediate);
            continue;
          case 0: // End
            break operations;
          case 52: // Beqz
            if (s === 0) flow = Flow.Taken;
            break operations;
          case 53: // Bnez
            if (s !== 0) flow = Flow.Taken;
            break operations;
          case 54: // Bltz
            if (s < 0) flow = Flow.Taken;
            break operations;
          case 55: // Bgez
            if (s >= 0) flow = Flow.Taken;
            break operations;
          case 56: // Beqi
            if (s === B4CONST[word >>> 24]) flow = Flow.Taken;
            break operations;
          case 57: // Bnei
            if (s !== B4CONST[word >>> 24]) flow = Flow.Taken;
            break operations;
          case 58: // Blti
            if (s < (B4CONST[word >>> 24] as number)) flow = Flow.Taken;
            break operations;
          case 59: // Bgei
            if (s >= (B4CONST[word >>> 24] as number)) flow = Flow.Taken;
            break operations;
          case 60: // Bltui
            if (s >>> 0 < (B4CONSTU[word >>> 24] as number)) flow = Flow.Taken;
            break operations;
          case 61: // Bgeui
            if (s >>> 0 >= (B4CONSTU[word >>> 24] as number)) flow = Flow.Taken;
            break operations;
          case 62: // Beq
            if (s === t) flow = Flow.Taken;
            break operations;
          case 63: // Bne
            if (s !== t) flow = Flow.Taken;
            break operations;
          case 64: // Blt
            if (s < t) flow = Flow.Taken;
            break operations;
          case 65: // Bge
            if (s >= t) flow = Flow.Taken;
            break operations;
          case 66: // Bltu
            if (s >>> 0 < t >>> 0) flow = Flow.Taken;
            break operations;
          case 67: // Bgeu
            if (s >>> 0 >= t >>> 0) flow = Flow.Taken;
            break operations;
          case 68: // Bany
            if ((s & t) !== 0) flow = Flow.Taken;
            break operations;
          case 69: // Bnone
            if ((s & t) === 0) flow = Flow.Taken;
            break operations;
          case 70: // Ball
            if ((~s & t) === 0) flow = Flow.Taken;
            break operations;
          case 71: // Bnall
            if ((~s & t) !== 0) flow = Flow.Taken;
            break operations;
          case 72: // Bbs
            if (((s >>> (t & 31)) & 1) !== 0) flow = Flow.Taken;
            break operations;
          case 73: // Bbc
            if (((s >>> (t & 31)) & 1) === 0) flow = Flow.Taken;
            break operations;
          case 74: // Bbsi
            if (((s >>> (word >>> 24)) & 1) !== 0) flow = Flow.Taken;
            break operations;
          case 75: // Bbci
            if (((s >>> (word >>> 24)) & 1) === 0) flow = Flow.Taken;
            break operations;
          case 76: // J
            flow = Flow.Taken;
            break operations;
          case 78: // Call0
            R[0] = addresses[at / OP_WORDS + 1] as number;
            flow = Flow.Taken;
            break operations;
          case 79: // Callx0
            R[0] = addresses[at / OP_WORDS + 1] as number;
            pc = s;
            flow = Flow.Jump;
            break operations;
          case 77: // Jx
            pc = s;
            flow = Flow.Jump;
            break operations;
          case 80: // Ret
            pc = R[0] as number;
            flow = Flow.Jump;
            break operations;
          default:
            this.#settleAt(at, start, cycles, instructions, sar);
            flow = uncommon.special(word & 0xff, d, s, t, immediate, at);
            break operations;
        }
        // Only accesses that were not served above come here.
        this.#settleAt(at, start, cycles, instructions, sar);
        flow = uncommon.access(word & 0xff, d, address, t, at);
        if (flow !== Flow.Next) break;
      }
      if (flow >= Flow.Settled) {
        watcher?.(blocks[fields + BlockField.Pc] as number, core.instructions - instructions, core.cycles - cycles);
        return flow === Flow.Fault ? Pause.Exception : Pause.Limit;
      }
      const count = blocks[fields + BlockField.Instructions] as number;
      const spent = (blocks[fields + BlockField.Cycles] as number) + (flow === Flow.Next ? 0 : TAKEN_CYCLES);
      cycles += spent;
      instructions += count;
      watcher?.(blocks[fields + BlockField.Pc] as number, count, spent);
      let next = 0;
      if (flow === Flow.Jump) {
        next = cache.find(pc);
      } else {
        const link = fields + (flow === Flow.Next ? BlockField.Next : BlockField.Taken);
        next = blocks[link] as number;
        pc = flow === Flow.Next ? (addresses[start / OP_WORDS + count] as number) : (code[at + 1] as number);
        if (next === 0 && !single) {
          const { generation } = cache;
          next = cache.find(pc);
          if (generation === cache.generation) blocks[link] = next;
        }
      }
      if (next === 0 || single) {
        this.#settle(pc, cycles, instructions, sar);
        return single ? Pause.Limit : Pause.Elsewhere;
      }
      block = next;
    }
  }

  #settle(pc: number, cycles: number, instructions: number, sar: number): void {
    const core = this.#core;
    core.pc = pc >>> 0;
    core.cycles = cycles;
    core.instructions = instructions;
    core.sar = sar;
  }

  /** Makes Core what it is before the operation `at` of a block that begins at `start` with these counts. */
  #settleAt(at: number, start: number, cycles: number, instructions: number, sar: number): void {
    const { addresses, cyclesBefore } = this.#blocks;
    const index = at / OP_WORDS;
    this.#settle(
      addresses[index] as number,
      cycles + (cyclesBefore[index] as number),
      instructions + index - start / OP_WORDS,
      sar,
    );
  }
}

/** The lower word of high:low, shifted right by `amount`, 0 to 63. */
function funnel(high: number, low: number, amount: number): number {
  if (amount === 0) return low;
  if (amount < 32) return (high << (32 - amount)) | (low >>> amount);
  return high >>> (amount - 32);
}
