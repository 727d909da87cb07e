// Buffers of lwIP. Prototypes, and of the structure what the host touches.
#pragma once
#include <stdint.h>

struct pbuf {
  struct pbuf* next;
  void* payload;
  uint16_t tot_len;
  uint16_t len;
};

extern "C" {
uint16_t pbuf_copy_partial(const struct pbuf* from, void* into, uint16_t sizeBytes, uint16_t offset);
void pbuf_cat(struct pbuf* head, struct pbuf* tail);
uint8_t pbuf_free(struct pbuf* buffer);
}
