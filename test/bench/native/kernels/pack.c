/*
 * pack.ts in C, for the purpose: the structure of runtime/device/cbor/writer.ts and of pack.ts, with
 * pointers in the place of addresses and structs in the place of classes.
 */
#include <stdbool.h>

#include "ram-queue.h"

enum { PACK_SEND_BYTES = 448, PACK_SEND_READINGS = 20 };
enum major_type { UNSIGNED = 0, NEGATIVE = 1, TEXT = 3, ARRAY = 4, MAP = 5 };
enum senml_label { BASE_TIME = -3, NAME = 0, VALUE = 2, TIME = 6 };
enum { ABSOLUTE_TIME_MIN_S = 268435456, BASE_FIELDS = 3, RECORD_FIELDS = 3 };

struct cbor_writer {
  uint8_t *start;
  uint8_t *position;
  uint8_t *end;
  bool overflow;
};

static void cbor_begin(struct cbor_writer *writer, uint8_t *buffer, size_t capacity) {
  writer->start = buffer;
  writer->position = buffer;
  writer->end = buffer + capacity;
  writer->overflow = false;
}

static bool cbor_reserve(struct cbor_writer *writer, size_t size) {
  if (writer->overflow || (size_t)(writer->end - writer->position) < size) {
    writer->overflow = true;
    return false;
  }
  return true;
}

static void put_word(uint8_t *at, uint32_t value) {
  at[0] = value >> 24;
  at[1] = value >> 16;
  at[2] = value >> 8;
  at[3] = value;
}

static void cbor_head(struct cbor_writer *writer, enum major_type major, uint32_t argument) {
  uint32_t first = (uint32_t)major << 5;
  if (argument < 24) {
    if (!cbor_reserve(writer, 1)) return;
    writer->position[0] = first | argument;
    writer->position += 1;
  } else if (argument <= 0xff) {
    if (!cbor_reserve(writer, 2)) return;
    writer->position[0] = first | 24;
    writer->position[1] = argument;
    writer->position += 2;
  } else if (argument <= 0xffff) {
    if (!cbor_reserve(writer, 3)) return;
    writer->position[0] = first | 25;
    writer->position[1] = argument >> 8;
    writer->position[2] = argument;
    writer->position += 3;
  } else {
    if (!cbor_reserve(writer, 5)) return;
    writer->position[0] = first | 26;
    put_word(writer->position + 1, argument);
    writer->position += 5;
  }
}

static void cbor_unsigned(struct cbor_writer *writer, uint32_t value) { cbor_head(writer, UNSIGNED, value); }

static void cbor_integer(struct cbor_writer *writer, int32_t value) {
  if (value < 0) cbor_head(writer, NEGATIVE, ~value);
  else cbor_head(writer, UNSIGNED, value);
}

/* A text of the program carries its length, as strings do in AssemblyScript. */
struct text {
  uint32_t length;
  const char *characters;
};

static void cbor_text(struct cbor_writer *writer, const struct text *text) {
  uint32_t length = text->length;
  cbor_head(writer, TEXT, length);
  if (!cbor_reserve(writer, length)) return;
  for (uint32_t i = 0; i < length; i++) writer->position[i] = text->characters[i];
  writer->position += length;
}

static void cbor_hex16(struct cbor_writer *writer, uint32_t value) {
  cbor_head(writer, TEXT, 4);
  if (!cbor_reserve(writer, 4)) return;
  for (uint32_t i = 0; i < 4; i++) {
    uint32_t digit = (value >> (12 - 4 * i)) & 15;
    writer->position[i] = digit < 10 ? 48 + digit : 87 + digit;
  }
  writer->position += 4;
}

static const struct text epoch_label = {2, "ep"};
static const struct text sequence_label = {2, "sq"};
static const struct text oldest_label = {2, "ol"};

static void write_pack(struct cbor_writer *writer, const struct ram_queue *queue, uint32_t readings, uint32_t uptime_s,
                       uint32_t unix_s) {
  bool absolute = unix_s >= ABSOLUTE_TIME_MIN_S + uptime_s;
  uint32_t reference = absolute ? queue_record(queue, 0)->uptime_s : uptime_s;
  cbor_head(writer, ARRAY, readings);
  for (uint32_t i = 0; i < readings; i++) {
    if (i == 0) {
      cbor_head(writer, MAP, RECORD_FIELDS + BASE_FIELDS + absolute);
      if (absolute) {
        cbor_integer(writer, BASE_TIME);
        cbor_unsigned(writer, unix_s - (uptime_s - reference));
      }
      cbor_text(writer, &epoch_label);
      cbor_unsigned(writer, queue->epoch);
      cbor_text(writer, &sequence_label);
      cbor_unsigned(writer, queue->oldest_sequence);
      cbor_text(writer, &oldest_label);
      cbor_unsigned(writer, queue->oldest_sequence);
    } else {
      cbor_head(writer, MAP, RECORD_FIELDS);
    }
    cbor_integer(writer, NAME);
    cbor_hex16(writer, queue_record(queue, i)->stream);
    cbor_integer(writer, VALUE);
    cbor_integer(writer, queue_record(queue, i)->value);
    cbor_integer(writer, TIME);
    cbor_integer(writer, (int32_t)(queue_record(queue, i)->uptime_s - reference));
  }
}

static uint32_t buffer[PACK_SEND_BYTES / 4];
static struct record records[PACK_SEND_READINGS];
static struct ram_queue queue = {.records = records, .oldest_sequence = 1, .capacity = PACK_SEND_READINGS};
static struct cbor_writer writer;

SETUP uint32_t *prepare(void) {
  for (uint32_t i = 0; i < PACK_SEND_READINGS; i++) queue_push(&queue, 0x5001 + (i & 3), i * i * i - 50, 1000 + i * 60);
  return buffer;
}

uint32_t pack(uint32_t readings, uint32_t uptime_s, uint32_t unix_s) {
  cbor_begin(&writer, (uint8_t *)buffer, PACK_SEND_BYTES);
  write_pack(&writer, &queue, readings, uptime_s, unix_s);
  return writer.position - writer.start;
}

SETUP uint32_t check(void) { return writer.overflow ? 0 : hash_words(buffer, PACK_SEND_BYTES / 4); }
