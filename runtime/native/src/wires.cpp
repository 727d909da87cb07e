/**
 * Devices on one wire: 1-Wire at standard speed, and pulses (runtime/contract/host-abi.ts, wire-timing.ts). A pin is lent as for
 * I2C: its latch is low, so enabling the output pulls the line down and disabling it lets go. That is one register write each
 * (GPES and GPEC of the core's esp8266_peri.h), for the core's pinMode is not in IRAM: its first call could wait for flash longer
 * than a slot may last. So is what is exact to microseconds here in IRAM, and interrupts are off for as long.
 */
#include <Arduino.h>

#include "contract.h"
#include "pins.h"
#include "program-memory.h"

using namespace lintel;

namespace {

constexpr uint32_t WIDTH_BYTES = 2;
constexpr uint32_t WIDTH_MAX = 0xffff;

uint32_t IRAM_ATTR nowUs() { return static_cast<uint32_t>(micros()); }

bool IRAM_ATTR isHigh(uint32_t mask) { return (GPI & mask) != 0; }

/** Within the time that a line may take to rise. */
bool IRAM_ATTR rises(uint32_t mask) {
  const uint32_t fromUs = nowUs();
  while (!isHigh(mask)) {
    if (nowUs() - fromUs > WIRE_RISE_MAX_US) return false;
  }
  return true;
}

/** The reset pulse may be longer than it has to, what follows it may not. */
int32_t IRAM_ATTR reset(uint32_t mask) {
  if (!rises(mask)) return HostError::Broken;
  GPES = mask;
  delayMicroseconds(ONEWIRE_RESET_LOW_US);
  noInterrupts();
  GPEC = mask;
  delayMicroseconds(ONEWIRE_PRESENCE_SAMPLE_US);
  const bool isPresent = !isHigh(mask);
  interrupts();
  delayMicroseconds(ONEWIRE_RESET_HIGH_US - ONEWIRE_PRESENCE_SAMPLE_US);
  if (!isHigh(mask)) return HostError::Broken;
  return isPresent ? 0 : HostError::NoDevice;
}

/** Writes a one, or reads: who listens takes it for a one, who sends holds the line for a zero. */
uint32_t IRAM_ATTR readBit(uint32_t mask) {
  noInterrupts();
  GPES = mask;
  delayMicroseconds(ONEWIRE_START_LOW_US);
  GPEC = mask;
  delayMicroseconds(ONEWIRE_READ_SAMPLE_US - ONEWIRE_START_LOW_US);
  const uint32_t bit = isHigh(mask) ? 1 : 0;
  interrupts();
  delayMicroseconds(ONEWIRE_SLOT_US - ONEWIRE_READ_SAMPLE_US);
  return bit;
}

void IRAM_ATTR writeBit(uint32_t mask, uint32_t bit) {
  if (bit != 0) {
    readBit(mask);
    return;
  }
  noInterrupts();
  GPES = mask;
  delayMicroseconds(ONEWIRE_ZERO_LOW_US);
  GPEC = mask;
  interrupts();
  delayMicroseconds(ONEWIRE_SLOT_US - ONEWIRE_ZERO_LOW_US);
}

int32_t transfer(uint32_t mask, const uint8_t* bytes, int32_t count, uint8_t* into, int32_t room) {
  const int32_t result = reset(mask);
  if (result < 0) return result;
  for (int32_t index = 0; index < count; index++) {
    for (uint32_t bit = 0; bit < 8; bit++) writeBit(mask, (bytes[index] >> bit) & 1u);
  }
  for (int32_t index = 0; index < room; index++) {
    uint32_t byte = 0;
    for (uint32_t bit = 0; bit < 8; bit++) byte |= readBit(mask) << bit;
    into[index] = static_cast<uint8_t>(byte);
  }
  return room;
}

/** The widths of the levels from `fromUs` on, when the host has let go. */
int32_t IRAM_ATTR record(uint32_t mask, uint32_t fromUs, uint32_t quietUs, uint32_t limitUs, uint8_t* into, uint32_t room) {
  const uint32_t beganUs = fromUs;
  bool level = true;
  // A line that never rose was never high.
  bool isFirst = !rises(mask);
  uint32_t bytes = 0;
  while (bytes + WIDTH_BYTES <= room) {
    uint32_t atUs = nowUs();
    while (isHigh(mask) == level) {
      if (atUs - fromUs >= quietUs || atUs - beganUs >= limitUs) return static_cast<int32_t>(bytes);
      atUs = nowUs();
    }
    const uint32_t us = isFirst ? 0 : atUs - fromUs;
    into[bytes] = static_cast<uint8_t>(us);
    into[bytes + 1] = static_cast<uint8_t>((us > WIDTH_MAX ? WIDTH_MAX : us) >> 8);
    bytes += WIDTH_BYTES;
    isFirst = false;
    level = !level;
    fromUs = atUs;
  }
  return static_cast<int32_t>(bytes);
}

}  // namespace

extern "C" int32_t host_onewire_transfer(int32_t pin, uint32_t wptr, int32_t wlen, uint32_t rptr, int32_t rlen) {
  const int32_t writeFault = rangeFault(wptr, wlen);
  if (writeFault < 0) return writeFault;
  const int32_t readFault = rangeFault(rptr, rlen);
  if (readFault < 0) return readFault;
  const int32_t pinFault = wirePinFault(pin);
  if (pinFault < 0) return pinFault;
  if (static_cast<uint32_t>(wlen) + static_cast<uint32_t>(rlen) > ONEWIRE_TRANSFER_MAX_BYTES) return HostError::BadArgument;
  lendWirePin(pin);
  const int32_t result = transfer(1u << pin, bytesAt(wptr), wlen, bytesAt(rptr), rlen);
  takeBackPin(pin);
  return result;
}

extern "C" int32_t host_onewire_triplet(int32_t pin, int32_t direction) {
  const int32_t pinFault = wirePinFault(pin);
  if (pinFault < 0) return pinFault;
  if (direction != 0 && direction != 1) return HostError::BadArgument;
  const uint32_t mask = 1u << pin;
  lendWirePin(pin);
  int32_t result = HostError::Broken;
  if (rises(mask)) {
    const uint32_t bit = readBit(mask);
    const uint32_t complement = readBit(mask);
    const uint32_t taken = bit == 0 && complement == 0 ? static_cast<uint32_t>(direction) : bit;
    writeBit(mask, taken);
    result = (bit != 0 ? OneWireTriplet::Bit : 0) | (complement != 0 ? OneWireTriplet::Complement : 0) |
             (taken != 0 ? OneWireTriplet::Taken : 0);
  }
  takeBackPin(pin);
  return result;
}

extern "C" int32_t host_pulse_read(int32_t pin, int32_t start_low_us, int32_t quiet_us, uint32_t ptr, int32_t cap) {
  const int32_t fault = rangeFault(ptr, cap);
  if (fault < 0) return fault;
  const int32_t pinFault = wirePinFault(pin);
  if (pinFault < 0) return pinFault;
  if (start_low_us < 0 || static_cast<uint32_t>(start_low_us) > PULSE_READ_MAX_US) return HostError::BadArgument;
  if (quiet_us <= 0 || static_cast<uint32_t>(cap) < WIDTH_BYTES) return HostError::BadArgument;
  const uint32_t lowUs = static_cast<uint32_t>(start_low_us);
  const uint32_t mask = 1u << pin;
  lendWirePin(pin);
  if (lowUs > 0) {
    GPES = mask;
    delayMicroseconds(lowUs);
  }
  noInterrupts();
  GPEC = mask;
  const uint32_t limitUs = PULSE_READ_MAX_US - lowUs;
  const int32_t bytes = record(mask, nowUs(), static_cast<uint32_t>(quiet_us), limitUs, bytesAt(ptr), static_cast<uint32_t>(cap));
  interrupts();
  takeBackPin(pin);
  return bytes;
}
