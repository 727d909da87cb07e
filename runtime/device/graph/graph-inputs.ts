/**
 * What the inputs of a graph's nodes hold. Each input reads its stream for itself, so a reading that one has taken is
 * still there for the others.
 *
 * A log hands out its readings first in, first out. Most functions take all that is there, so count, oldest, newest and
 * sum are all that is kept of it. Only an input that wants each reading keeps them, in a store that all such inputs share;
 * when the store is full, the input that holds most loses its oldest reading.
 */

import { GRAPH_TYPE_SHIFT, GraphFunction, GraphStreamType } from "../../contract/graph-format.ts";
import { GRAPH_NODES_MAX } from "../../contract/graph-limits.ts";
import { isLog } from "./graph-form.ts";

/** How an input holds what it is given. */
enum Keeps {
  /** The last value, until it is taken. */
  One = 0,
  /** A value that is always there. */
  Constant = 1,
  /** The last value, and how often it can be taken. */
  Count = 2,
  /** A log of which everything is taken at once. */
  Log = 3,
  /** A log of which each reading is wanted. */
  Each = 4,
}

const INPUTS_MAX = 2 * GRAPH_NODES_MAX;

/** Of an input: u32 count, i32 oldest, i32 newest, i64 sum, u8 Keeps. */
const INPUT_BYTES = 24;
const OLDEST: usize = 4;
const NEWEST: usize = 8;
const SUM: usize = 12;
const KEEPS: usize = 20;
/** In the place of the sum, where each reading is kept: u16 place of the oldest in the store, u16 of the newest. */
const HEAD: usize = 12;
const TAIL: usize = 14;

const INFINITE: u32 = 0xffffffff;

export class GraphInputs {
  /** Readings that the store had no room for. */
  lost: u32 = 0;
  private readonly inputs: StaticArray<u8> = new StaticArray<u8>(INPUTS_MAX * INPUT_BYTES);
  private readonly values: StaticArray<i32>;
  /** The place of the next reading of the same input, or of the next free place. */
  private readonly nexts: StaticArray<u16>;
  private free: i32 = 0;

  /** `readingsMax`: room of the store, below 65536. */
  constructor(private readonly readingsMax: i32) {
    this.values = new StaticArray<i32>(readingsMax);
    this.nexts = new StaticArray<u16>(readingsMax);
  }

  /** All inputs empty, and constants 0; then each is described with `describe`. */
  clear(): void {
    memory.fill(changetype<usize>(this.inputs), 0, INPUTS_MAX * INPUT_BYTES);
    for (let i = 0; i < this.readingsMax; i++) unchecked((this.nexts[i] = <u16>(i + 1)));
    this.free = 0;
    this.lost = 0;
  }

  /** An input, 2 * node + side, that reads `stream` for a GraphFunction. */
  describe(input: u32, stream: u32, does: u32): void {
    const type = stream >> GRAPH_TYPE_SHIFT;
    let keeps: u32 = Keeps.One;
    if (isLog(stream)) {
      const isEach = does == GraphFunction.Subtract || (does == GraphFunction.CopyAll && (input & 1) == 0);
      keeps = isEach ? Keeps.Each : Keeps.Log;
    } else if (type == GraphStreamType.Constant) keeps = Keeps.Constant;
    else if (type == GraphStreamType.Counter) keeps = Keeps.Count;
    const at = this.at(input);
    store<u8>(at, keeps, KEEPS);
    if (keeps == Keeps.Constant) store<u32>(at, INFINITE);
  }

  put(input: u32, value: i32): void {
    const at = this.at(input);
    const keeps: u32 = load<u8>(at, KEEPS);
    if (keeps == Keeps.Each) return this.keep(at, value);
    const count = load<u32>(at);
    if (keeps != Keeps.Log || count == 0) store<i32>(at, value, OLDEST);
    store<i32>(at, value, NEWEST);
    if (keeps == Keeps.One) store<u32>(at, 1);
    else if (keeps != Keeps.Constant) store<u32>(at, count + 1);
    if (keeps == Keeps.Log) store<i64>(at, (count == 0 ? 0 : load<i64>(at, SUM)) + value, SUM);
  }

  /** Of a constant: all bits set. */
  count(input: u32): u32 {
    return load<u32>(this.at(input));
  }

  isConstant(input: u32): bool {
    return load<u8>(this.at(input), KEEPS) == Keeps.Constant;
  }

  /** The reading that would be taken; there is one. */
  oldest(input: u32): i32 {
    return load<i32>(this.at(input), OLDEST);
  }

  /** The last reading that came; not where each is kept. */
  newest(input: u32): i32 {
    return load<i32>(this.at(input), NEWEST);
  }

  /** Of all readings that are there; not where each is kept. */
  sum(input: u32): i64 {
    const at = this.at(input);
    const keeps: u32 = load<u8>(at, KEEPS);
    if (keeps == Keeps.Log) return load<i64>(at, SUM);
    const value = <i64>load<i32>(at, NEWEST);
    return keeps == Keeps.Count ? value * load<u32>(at) : value;
  }

  /** Takes a reading; there is one. Of a log that is taken at once, all that is behind it must be skipped. */
  take(input: u32): i32 {
    const at = this.at(input);
    const keeps: u32 = load<u8>(at, KEEPS);
    const value = load<i32>(at, OLDEST);
    if (keeps == Keeps.Each) this.drop(at);
    else if (keeps != Keeps.Constant) store<u32>(at, load<u32>(at) - 1);
    return value;
  }

  /** Takes all that is there; a constant stays. */
  skip(input: u32): void {
    const at = this.at(input);
    const keeps: u32 = load<u8>(at, KEEPS);
    if (keeps == Keeps.Constant) return;
    if (keeps == Keeps.Each) while (load<u32>(at) > 0) this.drop(at);
    store<u32>(at, 0);
  }

  private at(input: u32): usize {
    return changetype<usize>(this.inputs) + input * INPUT_BYTES;
  }

  private keep(at: usize, value: i32): void {
    if (this.free == this.readingsMax) {
      this.drop(this.fullest());
      this.lost++;
    }
    const place = this.free;
    this.free = unchecked(this.nexts[place]);
    unchecked((this.values[place] = value));
    const count = load<u32>(at);
    if (count == 0) {
      store<u16>(at, place, HEAD);
      store<i32>(at, value, OLDEST);
    } else unchecked((this.nexts[load<u16>(at, TAIL)] = <u16>place));
    store<u16>(at, place, TAIL);
    store<u32>(at, count + 1);
  }

  /** Gives back the place of the oldest reading. */
  private drop(at: usize): void {
    const place: u32 = load<u16>(at, HEAD);
    const next: u32 = unchecked(this.nexts[place]);
    const count = load<u32>(at) - 1;
    store<u32>(at, count);
    if (count > 0) {
      store<u16>(at, next, HEAD);
      store<i32>(at, unchecked(this.values[next]), OLDEST);
    }
    unchecked((this.nexts[place] = <u16>this.free));
    this.free = place;
  }

  /** The input that holds most in the store. */
  private fullest(): usize {
    let found: usize = 0;
    let most: u32 = 0;
    for (let i = 0; i < INPUTS_MAX; i++) {
      const at = this.at(i);
      const count = load<u32>(at);
      if (load<u8>(at, KEEPS) != Keeps.Each || count <= most) continue;
      most = count;
      found = at;
    }
    return found;
  }
}
