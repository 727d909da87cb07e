/* ram-queue.ts in C, for the kernels that use it. */
#pragma once
#include "kernel.h"

struct record {
  int32_t value;
  uint32_t uptime_s;
  uint32_t stream;
};

struct ram_queue {
  struct record *records;
  uint32_t epoch;
  uint32_t oldest_sequence;
  uint32_t held;
  uint32_t lost;
  uint32_t first;
  uint32_t capacity;
};

static inline struct record *queue_record(const struct ram_queue *queue, uint32_t index) {
  uint32_t slot = queue->first + index;
  if (slot >= queue->capacity) slot -= queue->capacity;
  return &queue->records[slot];
}

static inline void queue_forget(struct ram_queue *queue, uint32_t readings) {
  queue->first += readings;
  if (queue->first >= queue->capacity) queue->first -= queue->capacity;
  queue->oldest_sequence += readings;
  queue->held -= readings;
}

static inline void queue_push(struct ram_queue *queue, uint32_t stream, int32_t value, uint32_t uptime_s) {
  if (queue->held == queue->capacity) {
    queue_forget(queue, 1);
    queue->lost++;
  }
  struct record *record = queue_record(queue, queue->held);
  record->value = value;
  record->uptime_s = uptime_s;
  record->stream = stream;
  queue->held++;
}
