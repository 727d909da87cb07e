/** Host functions of the clock and chance groups. The chip has no battery: a start forgets the Unix time. */
#include <Arduino.h>
extern "C" {
#include <osapi.h>
}

#include "contract.h"
#include "program-memory.h"

using namespace lintel;

namespace {

constexpr uint64_t US_PER_S = 1000000;

uint32_t unixSetS;
/** On a clock of 64 bits: that of milliseconds wraps after 49.7 days. */
uint64_t unixSetAtUs;

}  // namespace

extern "C" int32_t host_clock_ms() { return static_cast<int32_t>(millis()); }

extern "C" int32_t host_clock_unix() {
  if (unixSetS == 0) return 0;
  return static_cast<int32_t>(unixSetS + static_cast<uint32_t>((micros64() - unixSetAtUs) / US_PER_S));
}

extern "C" void host_clock_set(int32_t unixS) {
  unixSetS = static_cast<uint32_t>(unixS);
  unixSetAtUs = micros64();
}

extern "C" int32_t host_random_fill(uint32_t ptr, int32_t len) {
  const int32_t fault = rangeFault(ptr, len);
  if (fault < 0) return fault;
  os_get_random(bytesAt(ptr), static_cast<size_t>(len));
  return 0;
}
