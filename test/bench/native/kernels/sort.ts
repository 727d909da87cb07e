/** Quicksort around the middle element (Hoare's partition), with insertion sort where few are left. */
import { hashWords, randomFill } from "./random.ts";

const COUNT: u32 = 1024;
const SHORT_BYTES: usize = 48;
const values = memory.data(4096, 4);

export function prepare(): usize {
  randomFill(values, COUNT);
  return values;
}

function insertionSort(first: usize, last: usize): void {
  for (let next = first + 4; next <= last; next += 4) {
    const value = load<i32>(next);
    let hole = next;
    while (hole > first && load<i32>(hole - 4) > value) {
      store<i32>(hole, load<i32>(hole - 4));
      hole -= 4;
    }
    store<i32>(hole, value);
  }
}

/** Sorts the numbers from the one at `first` to the one at `last`, both included. */
export function sort(first: usize, last: usize): void {
  while (last - first > SHORT_BYTES) {
    const pivot = load<i32>(first + (((last - first) >> 3) << 2));
    let low = first;
    let high = last;
    while (low <= high) {
      while (load<i32>(low) < pivot) low += 4;
      while (load<i32>(high) > pivot) high -= 4;
      if (low <= high) {
        const moved = load<i32>(low);
        store<i32>(low, load<i32>(high));
        store<i32>(high, moved);
        low += 4;
        high -= 4;
      }
    }
    if (first < high) sort(first, high);
    first = low;
    // A part may be empty; `last - first` has no sign.
    if (first >= last) return;
  }
  insertionSort(first, last);
}

export function check(): u32 {
  return hashWords(values, COUNT);
}
