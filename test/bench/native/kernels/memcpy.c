/* memcpy.ts in C. */
#include "kernel.h"

enum { COPIED_WORDS = 1024 };

static uint32_t buffers[2 * COPIED_WORDS];

SETUP uint32_t *prepare(void) {
  random_fill(buffers, COPIED_WORDS);
  return buffers;
}

void copy(uint32_t *to, const uint32_t *from, uint32_t length) {
  for (uint32_t i = 0; i < length / 4; i++) to[i] = from[i];
}

SETUP uint32_t check(void) { return hash_words(buffers + COPIED_WORDS, COPIED_WORDS); }
