/** Product of two square matrices of f32, row by column. */
import { hashWords, randomFill } from "./random.ts";

const SIZE: u32 = 16;
const matrices = memory.data(3072, 4);

export function prepare(): usize {
  randomFill(matrices, 2 * SIZE * SIZE);
  // Numbers from -128 to 128 with fractions: random bits would be mostly far apart in size.
  for (let i: u32 = 0; i < 2 * SIZE * SIZE; i++) {
    const at = matrices + (i << 2);
    store<f32>(at, <f32>(load<i32>(at) >> 8) / 65536);
  }
  return matrices;
}

export function product(out: usize, left: usize, right: usize, size: u32): void {
  for (let row: u32 = 0; row < size; row++) {
    for (let column: u32 = 0; column < size; column++) {
      let sum: f32 = 0;
      for (let i: u32 = 0; i < size; i++) {
        sum += load<f32>(left + ((row * size + i) << 2)) * load<f32>(right + ((i * size + column) << 2));
      }
      store<f32>(out + ((row * size + column) << 2), sum);
    }
  }
}

export function check(): u32 {
  return hashWords(matrices + 2 * SIZE * SIZE * 4, SIZE * SIZE);
}
