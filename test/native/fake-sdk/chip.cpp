/** Memory, time, resets, RTC memory, pins, ADC, I2C and chance. */
#include <Arduino.h>
#include <osapi.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <twi.h>
#include <user_interface.h>

#include "fake.h"

namespace fake {

uint64_t nowUs;

namespace {

constexpr int PINS = 17;
/** Of analogWrite; the core begins with 255. */
constexpr int PULSE_RANGE = 1023;
/** Blocks of RTC memory: 64 of the SDK, then 128 of the user. */
constexpr unsigned RTC_BLOCKS = 192;
constexpr unsigned RTC_USER_BLOCK = 64;

struct Pin {
  uint8_t mode = INPUT;
  uint8_t latch = 0;
  int driven = -1;
  void (*routine)(void*) = nullptr;
  void* argument = nullptr;

  int level() const {
    if (mode == OUTPUT) return latch;
    if (driven >= 0) return driven;
    return mode == INPUT_PULLUP ? 1 : 0;
  }
};

Pin pins[PINS];
bool areInterruptsOff;
rst_info reset;
uint32_t rtc[RTC_BLOCKS];
int adc;
unsigned char i2cStatus;
std::vector<uint8_t> i2cAnswer;
uint32_t chance = 1;

uint8_t busPins[2];

template <typename Change>
void changePin(int number, Change change) {
  Pin& pin = pins[number];
  const int before = pin.level();
  change(pin);
  if (areInterruptsOff) fail("a pin changes while interrupts are off");
  if (pin.level() != before && pin.routine != nullptr) pin.routine(pin.argument);
}

/** The core pulls a line low by making an output of its pin: what the pin shows as one has to be low. */
void checkBus() {
  for (uint8_t pin : busPins) checkPullsLow(pin);
}

void mapAt(uint32_t address, size_t sizeBytes) {
  void* wanted = reinterpret_cast<void*>(static_cast<uintptr_t>(address));
  const int access = PROT_READ | PROT_WRITE | PROT_EXEC;
  if (mmap(wanted, sizeBytes, access, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0) != wanted) {
    fail("this system has no memory to give at the chip's addresses");
  }
}

}  // namespace

void mapMemory(uint32_t flashBytes) {
  mapAt(RAM_ADDRESS, RAM_BYTES);
  mapAt(FLASH_ADDRESS, flashBytes);
  memset(reinterpret_cast<void*>(static_cast<uintptr_t>(FLASH_ADDRESS)), 0xff, flashBytes);
}

void setReset(const Words& words) {
  const auto number = [&words](size_t at) { return at < words.size() ? static_cast<uint32_t>(std::stoul(words[at], nullptr, 0)) : 0; };
  reset.reason = number(0);
  reset.exccause = number(1);
  reset.epc1 = number(2);
  reset.excvaddr = number(3);
}

void drivePin(int number, int level) {
  changePin(number, [level](Pin& pin) { pin.driven = level; });
}

int levelOf(int pin) { return pins[pin].level(); }

void checkPullsLow(int pin) {
  if (pins[pin].mode != INPUT_PULLUP || pins[pin].latch != 0) fail("a line of the bus cannot be pulled low");
}

void setAdc(int value) { adc = value; }

void answerI2c(const Words& words) {
  i2cStatus = static_cast<unsigned char>(std::stoi(words.at(0)));
  i2cAnswer = words.size() > 1 ? bytesOf(words[1]) : std::vector<uint8_t>();
}

void fail(const std::string& why) {
  printf("fail %s\n", why.c_str());
  fflush(stdout);
  _Exit(2);
}

std::string hexOf(const uint8_t* bytes, size_t sizeBytes) {
  static const char DIGITS[] = "0123456789abcdef";
  std::string text;
  for (size_t index = 0; index < sizeBytes; index++) {
    text += DIGITS[bytes[index] >> 4];
    text += DIGITS[bytes[index] & 0xf];
  }
  return text;
}

std::vector<uint8_t> bytesOf(const std::string& hex) {
  std::vector<uint8_t> bytes;
  for (size_t at = 0; at + 1 < hex.size(); at += 2) {
    bytes.push_back(static_cast<uint8_t>(std::stoul(hex.substr(at, 2), nullptr, 16)));
  }
  return bytes;
}

}  // namespace fake

using namespace fake;

uint32_t millis() { return static_cast<uint32_t>(nowUs / 1000); }
uint64_t micros64() { return nowUs; }
void delay(unsigned long ms) { nowUs += ms * 1000; }

void pinMode(uint8_t pin, uint8_t mode) {
  if (mode == SPECIAL) printf("sdk pin %u is the port's\n", pin);
  changePin(pin, [mode](Pin& it) { it.mode = mode; });
}
void digitalWrite(uint8_t pin, uint8_t level) {
  changePin(pin, [level](Pin& it) { it.latch = level; });
}
int digitalRead(uint8_t pin) { return pins[pin].level(); }
int analogRead(uint8_t pin) { return pin == A0 ? adc : 0; }
void analogWriteRange(uint32_t range) {
  if (range != PULSE_RANGE) fail("duties of another range than the contract's");
}
/** Makes an output of the pin, as the core does. The pin does not swing: as runtime/board/pins.ts has it. */
void analogWrite(uint8_t pin, int value) {
  printf("sdk pwm %u %d\n", pin, value);
  changePin(pin, [value](Pin& it) {
    it.mode = OUTPUT;
    it.latch = 2 * value > PULSE_RANGE ? 1 : 0;
  });
}
void attachInterruptArg(uint8_t pin, void (*routine)(void*), void* argument, int mode) {
  if (mode != CHANGE) fail("an interrupt that is not for both edges");
  pins[pin].routine = routine;
  pins[pin].argument = argument;
}
void detachInterrupt(uint8_t pin) { pins[pin].routine = nullptr; }
void interrupts() {
  areInterruptsOff = false;
  interruptsChange(false);
}
void noInterrupts() {
  areInterruptsOff = true;
  interruptsChange(true);
}

int twi_init(unsigned char sda, unsigned char scl) {
  printf("sdk i2c on %u %u\n", sda, scl);
  busPins[0] = sda;
  busPins[1] = scl;
  pinMode(sda, INPUT_PULLUP);
  pinMode(scl, INPUT_PULLUP);
  return 0;
}
void twi_setClockStretchLimit(uint32_t us) {
  if (us > 10000) fail("a device may hold the program up for more than 10 ms");
}
unsigned char twi_writeTo(unsigned char address, unsigned char* bytes, unsigned sizeBytes, unsigned char sendStop) {
  printf("sdk i2c write %u %s stop %u\n", address, hexOf(bytes, sizeBytes).c_str(), sendStop);
  checkBus();
  return i2cStatus;
}
unsigned char twi_readFrom(unsigned char address, unsigned char* into, unsigned sizeBytes, unsigned char sendStop) {
  printf("sdk i2c read %u %u stop %u\n", address, sizeBytes, sendStop);
  checkBus();
  for (unsigned at = 0; at < sizeBytes && at < i2cAnswer.size(); at++) into[at] = i2cAnswer[at];
  return i2cStatus;
}

rst_info* system_get_rst_info() { return &reset; }
void system_restart() { printf("sdk restart\n"); }
bool system_deep_sleep(uint64_t us) {
  printf("sdk sleep %llu\n", static_cast<unsigned long long>(us));
  return true;
}
/** 6.5 us for a tick of the RTC, shifted by 12: what the SDK's reference gives as an example is of this size. */
uint32_t system_rtc_clock_cali_proc() { return 26624; }
void system_soft_wdt_feed() { printf("sdk feed\n"); }
bool system_rtc_mem_read(uint8_t block, void* into, uint16_t sizeBytes) {
  if (block < RTC_USER_BLOCK || block * 4u + sizeBytes > RTC_BLOCKS * 4 || reinterpret_cast<uintptr_t>(into) % 4 != 0) {
    fail("RTC memory is read where a program has none");
  }
  memcpy(into, rtc + block, sizeBytes);
  return true;
}
bool system_rtc_mem_write(uint8_t block, const void* from, uint16_t sizeBytes) {
  if (block < RTC_USER_BLOCK || block * 4u + sizeBytes > RTC_BLOCKS * 4 || reinterpret_cast<uintptr_t>(from) % 4 != 0) {
    fail("RTC memory is written where a program has none");
  }
  memcpy(rtc + block, from, sizeBytes);
  return true;
}

int os_get_random(unsigned char* into, size_t sizeBytes) {
  for (size_t at = 0; at < sizeBytes; at++) {
    chance = chance * 1664525u + 1013904223u;
    into[at] = static_cast<unsigned char>(chance >> 24);
  }
  return 0;
}
