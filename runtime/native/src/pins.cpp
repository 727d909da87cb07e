/**
 * Host functions of the pins group. What each pin can do: runtime/board/chip-pins.ts, by way of contract.h. Pulses are the
 * core's, 1 kHz unless told otherwise; its digitalWrite ends them, its pinMode does not, and of the two duties that are
 * levels it makes pulses too (core_esp8266_wiring_pwm.cpp). So those are written as levels. `adc_read` is the TOUT pin;
 * the core answers up to 1024 for 1 V.
 */
#include "pins.h"

#include <Arduino.h>

#include "contract.h"
#include "edges.h"
#include "program-memory.h"

namespace lintel {
namespace {

constexpr int32_t ADC_MAX = 1023;
/** TX and RX: the log's, until a program asks for them, and again after it. */
constexpr uint32_t SERIAL_PINS = 1u << 1 | 1u << 3;

Watch watches[PIN_MAX + 1];
/** A bit for each pin: a program has set its mode; it is an output; what it shows as one; it makes pulses, with that level longer. */
uint32_t taken;
uint32_t outputs;
uint32_t latches;
uint32_t pulsing;

bool isIn(uint32_t mask, int32_t pin) { return ((mask >> pin) & 1) != 0; }

bool hasPin(uint32_t mask, int32_t pin) {
  return pin >= 0 && static_cast<uint32_t>(pin) <= PIN_MAX && isIn(mask, pin);
}

void put(uint32_t& mask, int32_t pin, bool isSet) {
  const uint32_t bit = 1u << pin;
  mask = isSet ? mask | bit : mask & ~bit;
}

uint8_t levelOf(int32_t pin) { return digitalRead(static_cast<uint8_t>(pin)) != 0 ? 1 : 0; }

void writeLatch(int32_t pin) { digitalWrite(static_cast<uint8_t>(pin), isIn(latches, pin) ? 1 : 0); }

void IRAM_ATTR pinChanged(void* argument) {
  const uint8_t pin = static_cast<uint8_t>(reinterpret_cast<uintptr_t>(argument));
  changed(watches[pin], pin, digitalRead(pin) != 0 ? 1 : 0, millis());
}

/** Outside of the interrupt routine: a program has changed the pin, or time has passed. */
void look(int32_t pin) {
  Watch& watch = watches[pin];
  if (watch.edges == 0) return;
  noInterrupts();
  changed(watch, static_cast<uint8_t>(pin), levelOf(pin), millis());
  interrupts();
}

void endWatch(int32_t pin) {
  if (watches[pin].edges == 0) return;
  detachInterrupt(static_cast<uint8_t>(pin));
  watches[pin].edges = 0;
}

}  // namespace

void beginPins() { analogWriteRange(PWM_DUTY_MAX); }

void setPinMode(int32_t pin, int32_t mode) {
  if (isIn(pulsing, pin)) writeLatch(pin);
  put(pulsing, pin, false);
  put(taken, pin, true);
  put(outputs, pin, mode == PinMode::Output);
  const uint8_t coreMode = mode == PinMode::Output ? OUTPUT : mode == PinMode::InputPullup ? INPUT_PULLUP : INPUT;
  pinMode(static_cast<uint8_t>(pin), coreMode);
  look(pin);
}

void lendPin(int32_t pin) {
  setPinMode(pin, PinMode::InputPullup);
  digitalWrite(static_cast<uint8_t>(pin), 0);
}

int32_t wirePinFault(int32_t pin) {
  if (!hasPin(PINS_USABLE, pin)) return HostError::BadArgument;
  return hasPin(PINS_WITH_INTERRUPT, pin) ? 0 : HostError::Unsupported;
}

void lendWirePin(int32_t pin) {
  endWatch(pin);
  lendPin(pin);
}

void takeBackPin(int32_t pin) {
  setPinMode(pin, PinMode::InputPullup);
  writeLatch(pin);
}

void pinsTick() {
  for (uint32_t pin = 0; pin <= PIN_MAX; pin++) {
    if (watches[pin].isHeld) look(static_cast<int32_t>(pin));
  }
}

void resetPins() {
  for (int32_t pin = 0; pin <= static_cast<int32_t>(PIN_MAX); pin++) {
    if (!hasPin(PINS_USABLE, pin)) continue;
    endWatch(pin);
    const bool isSerial = isIn(SERIAL_PINS, pin);
    if (isSerial && !isIn(taken, pin)) continue;
    digitalWrite(static_cast<uint8_t>(pin), 0);
    pinMode(static_cast<uint8_t>(pin), isSerial ? SPECIAL : INPUT);
  }
  taken = outputs = latches = pulsing = 0;
  clearEdges();
}

}  // namespace lintel

using namespace lintel;

extern "C" int32_t host_pin_mode(int32_t pin, int32_t mode) {
  if (!hasPin(PINS_USABLE, pin) || mode < PinMode::Input || mode > PinMode::Output) return HostError::BadArgument;
  if (mode == PinMode::InputPullup && !hasPin(PINS_WITH_PULL_UP, pin)) return HostError::Unsupported;
  setPinMode(pin, mode);
  return 0;
}

extern "C" int32_t host_pin_read(int32_t pin) {
  if (!hasPin(PINS_USABLE, pin)) return HostError::BadArgument;
  return levelOf(pin);
}

extern "C" int32_t host_pin_write(int32_t pin, int32_t level) {
  if (!hasPin(PINS_USABLE, pin) || (level != 0 && level != 1)) return HostError::BadArgument;
  put(latches, pin, level == 1);
  put(pulsing, pin, false);
  writeLatch(pin);
  look(pin);
  return 0;
}

extern "C" int32_t host_pin_watch(int32_t pin, int32_t edges, int32_t debounce_ms) {
  if (!hasPin(PINS_USABLE, pin) || edges < 0 || edges > PinEdge::Both || debounce_ms < 0) return HostError::BadArgument;
  if (!hasPin(PINS_WITH_INTERRUPT, pin)) return HostError::Unsupported;
  endWatch(pin);
  if (edges == 0) return 0;
  startWatch(watches[pin], static_cast<uint8_t>(edges), static_cast<uint32_t>(debounce_ms), levelOf(pin));
  void* argument = reinterpret_cast<void*>(static_cast<uintptr_t>(pin));
  attachInterruptArg(static_cast<uint8_t>(pin), pinChanged, argument, CHANGE);
  return 0;
}

extern "C" int32_t host_pin_edges(int32_t pin) {
  if (!hasPin(PINS_USABLE, pin)) return HostError::BadArgument;
  if (watches[pin].edges == 0) return 0;
  noInterrupts();
  const uint32_t count = watches[pin].count;
  watches[pin].count = 0;
  interrupts();
  return static_cast<int32_t>(count);
}

extern "C" int32_t host_edge_read(uint32_t ptr, int32_t cap) {
  const int32_t fault = rangeFault(ptr, cap);
  if (fault < 0) return fault;
  if (static_cast<uint32_t>(cap) < EDGE_RECORD_BYTES) return HostError::BadArgument;
  noInterrupts();
  const uint32_t bytes = takeEdges(bytesAt(ptr), static_cast<uint32_t>(cap));
  interrupts();
  return static_cast<int32_t>(bytes);
}

extern "C" int32_t host_adc_read() {
  const int32_t value = analogRead(A0);
  return value < 0 ? 0 : value > ADC_MAX ? ADC_MAX : value;
}

extern "C" int32_t host_pwm_write(int32_t pin, int32_t duty) {
  if (!hasPin(PINS_USABLE, pin) || duty < 0 || static_cast<uint32_t>(duty) > PWM_DUTY_MAX) return HostError::BadArgument;
  // The timer that makes pulses reaches the same pins as the interrupt.
  if (!hasPin(PINS_WITH_INTERRUPT, pin)) return HostError::Unsupported;
  if (!isIn(outputs, pin)) return HostError::BadArgument;
  const bool isPulse = duty > 0 && static_cast<uint32_t>(duty) < PWM_DUTY_MAX;
  put(pulsing, pin, isPulse);
  put(latches, pin, 2 * static_cast<uint32_t>(duty) > PWM_DUTY_MAX);
  if (isPulse) analogWrite(static_cast<uint8_t>(pin), duty);
  else writeLatch(pin);
  look(pin);
  return 0;
}
