/**
 * The vendor's SDK on a PC, as far as the host calls it: memory at the chip's addresses, a time that moves only in
 * `delay`, and an outside world that driver.cpp steers from stdin. What the host does to the chip is told on stdout, a
 * line each.
 */
#pragma once
#include <stdint.h>

#include <string>
#include <vector>

namespace fake {

constexpr uint32_t RAM_ADDRESS = 0x3ffe8000;
constexpr uint32_t RAM_BYTES = 0x14000;
constexpr uint32_t FLASH_ADDRESS = 0x40200000;

using Words = std::vector<std::string>;

/** Ends with a message: the test has asked for what this fake does not have, or the host has done what no chip allows. */
[[noreturn]] void fail(const std::string& why);
std::string hexOf(const uint8_t* bytes, size_t sizeBytes);
std::vector<uint8_t> bytesOf(const std::string& hex);

// chip.cpp
extern uint64_t nowUs;
void mapMemory(uint32_t flashBytes);
void setReset(const Words& words);
/** Drives a pin from outside; -1 lets it go. */
void drivePin(int pin, int level);
void setAdc(int value);
void answerI2c(const Words& words);

/** The level of a pin as the core's functions leave it; fails where enabling its output would not pull it low. */
int levelOf(int pin);
void checkPullsLow(int pin);

// wires.cpp
void putWire(const Words& words);
void interruptsChange(bool areOff);

// flash.cpp
void setFlash(uint32_t flashBytes, uint32_t chipId);

// serial.cpp
void receiveSerial(const std::vector<uint8_t>& bytes);

// wifi.cpp
void steerWifi(const Words& words);
// tcp.cpp
void steerTcp(const Words& words);

}  // namespace fake
