/* matrix-i32.ts in C. */
#include "kernel.h"

enum { SIZE = 32 };

static int32_t matrices[3 * SIZE * SIZE];

SETUP int32_t *prepare(void) {
  random_fill((uint32_t *)matrices, 2 * SIZE * SIZE);
  return matrices;
}

void product(int32_t *out, const int32_t *left, const int32_t *right, uint32_t size) {
  for (uint32_t row = 0; row < size; row++) {
    for (uint32_t column = 0; column < size; column++) {
      int32_t sum = 0;
      for (uint32_t i = 0; i < size; i++) sum += left[row * size + i] * right[i * size + column];
      out[row * size + column] = sum;
    }
  }
}

SETUP uint32_t check(void) { return hash_words((uint32_t *)(matrices + 2 * SIZE * SIZE), SIZE * SIZE); }
