/* queue.ts in C. */
#include "ram-queue.h"

enum { CAPACITY = 128 };

static struct record records[CAPACITY];
static struct ram_queue queue = {.records = records, .oldest_sequence = 1, .capacity = CAPACITY};

SETUP uint32_t prepare(void) { return 0; }

void append(uint32_t count) {
  for (uint32_t i = 0; i < count; i++) queue_push(&queue, 0x5001, i, i * 60);
}

SETUP uint32_t check(void) {
  uint32_t hash = (queue.oldest_sequence * 31 + queue.held) * 31 + queue.lost;
  for (uint32_t i = 0; i < queue.held; i++) {
    const struct record *record = queue_record(&queue, i);
    hash = ((hash * 31 + record->stream) * 31 + record->value) * 31 + record->uptime_s;
  }
  return hash;
}
