/** Product of two square matrices of i32, row by column. */
import { hashWords, randomFill } from "./random.ts";

const SIZE: u32 = 32;
const matrices = memory.data(12288, 4);

export function prepare(): usize {
  randomFill(matrices, 2 * SIZE * SIZE);
  return matrices;
}

export function product(out: usize, left: usize, right: usize, size: u32): void {
  for (let row: u32 = 0; row < size; row++) {
    for (let column: u32 = 0; column < size; column++) {
      let sum: i32 = 0;
      for (let i: u32 = 0; i < size; i++) {
        sum += load<i32>(left + ((row * size + i) << 2)) * load<i32>(right + ((i * size + column) << 2));
      }
      store<i32>(out + ((row * size + column) << 2), sum);
    }
  }
}

export function check(): u32 {
  return hashWords(matrices + 2 * SIZE * SIZE * 4, SIZE * SIZE);
}
