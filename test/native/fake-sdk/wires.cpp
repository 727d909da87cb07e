/**
 * What hangs on single pins, by orders: `wire PIN pulses FROM TO ...` pulls the line low between these times, microseconds after
 * each reset or start pulse (400 us of low or more); `wire PIN bits 1011...` holds it low in every slot after that whose bit is 0;
 * `wire PIN free` ends both. What the host does is told: `wire PIN low US`, and how long interrupts were off, `off US`. Time goes
 * by in delays, and by a microsecond with each look at the clock.
 */
#include <Arduino.h>
#include <stdio.h>

#include "fake.h"

namespace fake {
namespace {

constexpr int PINS = 16;
constexpr uint64_t START_MIN_US = 400;
/** What is longer, and no start, is nothing that a device knows. */
constexpr uint64_t SLOT_MAX_US = 120;
/** Of a zero that a device sends, from the beginning of the slot. */
constexpr uint64_t ZERO_US = 30;

struct Line {
  std::vector<uint64_t> pulses;
  std::string bits;
  bool isPulled = false;
  uint64_t pulledAtUs = 0;
  /** When the last reset or start pulse ended; 0 = there was none. */
  uint64_t startedUs = 0;
  size_t slots = 0;
  uint64_t heldUntilUs = 0;
};

Line lines[PINS];
uint64_t offSinceUs;
bool areOff;

void pull(int pin) {
  Line& line = lines[pin];
  checkPullsLow(pin);
  line.isPulled = true;
  line.pulledAtUs = nowUs;
  if (line.startedUs == 0 || line.slots >= line.bits.size()) return;
  if (line.bits[line.slots++] == '0') line.heldUntilUs = nowUs + ZERO_US;
}

void letGo(int pin) {
  Line& line = lines[pin];
  if (!line.isPulled) return;
  line.isPulled = false;
  const uint64_t lowUs = nowUs - line.pulledAtUs;
  printf("sdk wire %d low %llu\n", pin, static_cast<unsigned long long>(lowUs));
  if (lowUs < START_MIN_US) {
    if (lowUs > SLOT_MAX_US) line.startedUs = 0;
    return;
  }
  line.startedUs = nowUs;
  line.slots = 0;
}

bool isHigh(int pin) {
  const Line& line = lines[pin];
  if (line.isPulled || nowUs < line.heldUntilUs) return false;
  for (size_t at = 0; line.startedUs != 0 && at + 1 < line.pulses.size(); at += 2) {
    const uint64_t sinceUs = nowUs - line.startedUs;
    if (sinceUs >= line.pulses[at] && sinceUs < line.pulses[at + 1]) return false;
  }
  return levelOf(pin) != 0;
}

}  // namespace

void putWire(const Words& words) {
  Line& line = lines[std::stoi(words.at(0))];
  if (words.at(1) == "free") {
    line = Line();
  } else if (words.at(1) == "bits") {
    line.bits = words.at(2);
  } else {
    line.pulses.clear();
    for (size_t at = 2; at < words.size(); at++) line.pulses.push_back(std::stoull(words[at]));
  }
}

void interruptsChange(bool willBeOff) {
  if (willBeOff && !areOff) offSinceUs = nowUs;
  if (!willBeOff && areOff && nowUs > offSinceUs) printf("sdk off %llu\n", static_cast<unsigned long long>(nowUs - offSinceUs));
  areOff = willBeOff;
}

}  // namespace fake

using namespace fake;

const FakeGpioRegister GPES = {0x310};
const FakeGpioRegister GPEC = {0x314};
const FakeGpioRegister GPI = {0x318};

void FakeGpioRegister::operator=(uint32_t mask) const {
  for (int pin = 0; pin < PINS; pin++) {
    if (((mask >> pin) & 1) == 0) continue;
    if (number == GPES.number) pull(pin);
    else if (number == GPEC.number) letGo(pin);
    else fail("the levels of pins cannot be written");
  }
}

FakeGpioRegister::operator uint32_t() const {
  if (number != GPI.number) fail("only the levels of pins are read");
  uint32_t levels = 0;
  for (int pin = 0; pin < PINS; pin++) levels |= isHigh(pin) ? 1u << pin : 0;
  return levels;
}

unsigned long micros() { return static_cast<unsigned long>(nowUs++); }
void delayMicroseconds(unsigned int us) { nowUs += us; }
