/**
 * Edges of one pin, debounced as runtime/board/pins.ts says: the first edge is taken at once and starts a hold-off;
 * when that ends, a level that differs is taken then, with the time of then. Taken edges of a pin alternate, and the
 * last one is always the true level. No hardware here: an interrupt routine and the host's loop call `changed`.
 */
#pragma once
#include <stdint.h>

namespace lintel {

struct Watch {
  /** PinEdge bits to count; 0 = not watched. */
  uint8_t edges;
  /** Last taken, and last seen: they differ within a hold-off only. */
  uint8_t level;
  uint8_t seen;
  bool isHeld;
  uint32_t debounceMs;
  uint32_t takenAtMs;
  uint32_t count;
};

void startWatch(Watch& watch, uint8_t edges, uint32_t debounceMs, uint8_t level);
/** The level is this now. */
void changed(Watch& watch, uint8_t pin, uint8_t level, uint32_t nowMs);

/** Moves the oldest records of the edge log (EDGE_RECORD_BYTES each) out; bytes. */
uint32_t takeEdges(uint8_t* into, uint32_t capacityBytes);
void clearEdges();

}  // namespace lintel
