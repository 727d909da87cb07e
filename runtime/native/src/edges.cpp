/**
 * The interrupt routine may run while flash is erased, and flash is then out of reach: what it calls is in IRAM. A poll
 * can take long and holds the loop up, so the end of a hold-off may be noticed late, by the next edge even: then the
 * level seen before that edge is the one that the hold-off ended with, and it ended when it should have.
 */
#include "edges.h"

#include <Arduino.h>

#include "contract.h"
#include "host.h"

namespace lintel {
namespace {

constexpr uint32_t COUNT_MAX = 0x7fffffff;
constexpr uint16_t DROPPED_MAX = 0xffff;

struct Edge {
  uint32_t clockMs;
  uint8_t pin;
  uint8_t level;
  uint16_t droppedBefore;
};
static_assert(sizeof(Edge) == EDGE_RECORD_BYTES, "an edge is a record as it is read (little-endian, no gaps)");

/** A full log drops its oldest record; the one that is then the oldest tells how many are missing before it. */
Edge log[EDGE_LOG_MAX];
uint32_t oldest;
uint32_t logged;

void IRAM_ATTR remember(uint32_t clockMs, uint8_t pin, uint8_t level) {
  if (logged == EDGE_LOG_MAX) {
    const uint32_t dropped = log[oldest].droppedBefore + 1u;
    oldest = (oldest + 1) % EDGE_LOG_MAX;
    logged--;
    const uint32_t sum = log[oldest].droppedBefore + dropped;
    log[oldest].droppedBefore = sum > DROPPED_MAX ? DROPPED_MAX : static_cast<uint16_t>(sum);
  }
  log[(oldest + logged) % EDGE_LOG_MAX] = {clockMs, pin, level, 0};
  logged++;
}

void IRAM_ATTR take(Watch& watch, uint8_t pin, uint8_t level, uint32_t atMs) {
  watch.level = level;
  watch.takenAtMs = atMs;
  watch.isHeld = watch.debounceMs > 0;
  if ((watch.edges & (level == 1 ? PinEdge::Rising : PinEdge::Falling)) == 0) return;
  if (watch.count < COUNT_MAX) watch.count++;
  remember(atMs, pin, level);
  wake();
}

/** Ends the hold-offs that are over; each may have taken the level seen in it, which starts the next. */
void IRAM_ATTR endHoldOffs(Watch& watch, uint8_t pin, uint32_t nowMs) {
  while (watch.isHeld && nowMs - watch.takenAtMs >= watch.debounceMs) {
    watch.isHeld = false;
    if (watch.seen != watch.level) take(watch, pin, watch.seen, watch.takenAtMs + watch.debounceMs);
  }
}

}  // namespace

void startWatch(Watch& watch, uint8_t edges, uint32_t debounceMs, uint8_t level) {
  watch = {edges, level, level, false, debounceMs, 0, 0};
}

void IRAM_ATTR changed(Watch& watch, uint8_t pin, uint8_t level, uint32_t nowMs) {
  endHoldOffs(watch, pin, nowMs);
  watch.seen = level;
  if (!watch.isHeld && watch.seen != watch.level) take(watch, pin, level, nowMs);
}

uint32_t takeEdges(uint8_t* into, uint32_t capacityBytes) {
  uint32_t done = 0;
  while (logged > 0 && capacityBytes - done >= EDGE_RECORD_BYTES) {
    const uint8_t* record = reinterpret_cast<const uint8_t*>(&log[oldest]);
    for (uint32_t index = 0; index < EDGE_RECORD_BYTES; index++) into[done + index] = record[index];
    oldest = (oldest + 1) % EDGE_LOG_MAX;
    logged--;
    done += EDGE_RECORD_BYTES;
  }
  return done;
}

void clearEdges() { logged = 0; }

}  // namespace lintel
