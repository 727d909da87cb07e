/* crc32.ts in C. */
#include "kernel.h"

static uint32_t data[256];
static uint32_t table[256];

SETUP uint32_t *prepare(void) {
  for (uint32_t i = 0; i < 256; i++) {
    uint32_t rest = i;
    for (int bit = 0; bit < 8; bit++) rest = (rest >> 1) ^ (0xedb88320 & -(rest & 1));
    table[i] = rest;
  }
  random_fill(data, 256);
  return data;
}

uint32_t crc32(const uint8_t *bytes, uint32_t length) {
  uint32_t rest = ~0u;
  for (uint32_t i = 0; i < length; i++) rest = table[(rest ^ bytes[i]) & 0xff] ^ (rest >> 8);
  return ~rest;
}

SETUP uint32_t check(void) { return 0; }
