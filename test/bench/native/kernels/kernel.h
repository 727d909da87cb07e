/*
 * What every kernel in C begins with. Functions marked SETUP are not measured: they stand in a section of their own. The
 * numbers that fill the buffers are those of random.ts.
 */
#pragma once
#include <stddef.h>
#include <stdint.h>

#define SETUP __attribute__((noinline, section(".setup.text")))

static uint32_t random_state;

/* xorshift32 (Marsaglia, Xorshift RNGs, 2003). */
SETUP static __attribute__((unused)) uint32_t random_next(void) {
  random_state ^= random_state << 13;
  random_state ^= random_state >> 17;
  random_state ^= random_state << 5;
  return random_state;
}

SETUP static __attribute__((unused)) void random_fill(uint32_t *words, size_t count) {
  random_state = 2463534242u;
  for (size_t i = 0; i < count; i++) words[i] = random_next();
}

/* FNV-1a over words: what a kernel left in memory, as one number. */
SETUP static __attribute__((unused)) uint32_t hash_words(const uint32_t *words, size_t count) {
  uint32_t hash = 2166136261u;
  for (size_t i = 0; i < count; i++) hash = (hash ^ words[i]) * 16777619u;
  return hash;
}
