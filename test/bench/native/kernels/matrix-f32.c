/* matrix-f32.ts in C. */
#include "kernel.h"

enum { SIZE = 16 };

static float matrices[3 * SIZE * SIZE];

SETUP float *prepare(void) {
  random_fill((uint32_t *)matrices, 2 * SIZE * SIZE);
  int32_t *words = (int32_t *)matrices;
  for (int i = 0; i < 2 * SIZE * SIZE; i++) matrices[i] = (float)(words[i] >> 8) / 65536;
  return matrices;
}

void product(float *out, const float *left, const float *right, uint32_t size) {
  for (uint32_t row = 0; row < size; row++) {
    for (uint32_t column = 0; column < size; column++) {
      float sum = 0;
      for (uint32_t i = 0; i < size; i++) sum += left[row * size + i] * right[i * size + column];
      out[row * size + column] = sum;
    }
  }
}

SETUP uint32_t check(void) { return hash_words((uint32_t *)(matrices + 2 * SIZE * SIZE), SIZE * SIZE); }
