/**
 * Runs the host on a PC by orders from stdin, a line each. Answers and what happens come on stdout: `= n` the result of
 * a call, `log`/`rom` a line on the serial port, `sdk ...` what the host asked of the SDK, `init`, `start`, `poll`
 * calls into the program, with the time in milliseconds. The program is here: its functions do what was planned, and
 * nothing by default.
 */
#include <Arduino.h>
#include <stdio.h>
#include <string.h>
#include <user_interface.h>

#include <deque>
#include <iostream>
#include <sstream>

#include "contract.h"
#include "fake.h"

using namespace fake;

/** What the linker script gives a host for 1 MiB; no number here. */
extern "C" const char lintel_flash_mib[1] = {};

void setup();
void loop();
extern "C" void custom_crash_callback(rst_info* info, uint32_t stack, uint32_t stackEnd);

namespace {

constexpr uint32_t IDLE_MS = 60000;
/** A jump to a 64-bit address that stands behind it. */
#if defined(__x86_64__)
constexpr uint8_t JUMP[] = {0xff, 0x25, 0x02, 0x00, 0x00, 0x00, 0x90, 0x90};
#elif defined(__aarch64__)
constexpr uint8_t JUMP[] = {0x50, 0x00, 0x00, 0x58, 0x00, 0x02, 0x1f, 0xd6};
#endif

std::deque<Words> plans[3];

const char* const NAMES[] = {
#define NAME(name) #name,
    HOST_FUNCTIONS(NAME)};

uint32_t numberOf(const std::string& text) { return static_cast<uint32_t>(std::stoll(text, nullptr, 0)); }

/** Calls a host function as a program does: by the table in its memory. */
int32_t callHost(const Words& words, size_t at) {
  uint32_t slot = 0;
  while (slot < HOST_FUNCTION_COUNT && words.at(at) != NAMES[slot]) slot++;
  if (slot == HOST_FUNCTION_COUNT) fail("no such function: " + words.at(at));
  uint32_t given[5] = {};
  for (size_t index = 0; index < 5 && at + 1 + index < words.size(); index++) given[index] = numberOf(words[at + 1 + index]);
  const uint32_t address = reinterpret_cast<uint32_t*>(static_cast<uintptr_t>(PROGRAM_RAM_ADDRESS))[slot];
  using Function = int32_t (*)(uint32_t, uint32_t, uint32_t, uint32_t, uint32_t);
  return reinterpret_cast<Function>(static_cast<uintptr_t>(address))(given[0], given[1], given[2], given[3], given[4]);
}

/** `return N`, `busy MS N`, `busy MS N PIN LEVEL` (the pin changes at the end), `call NAME ...`, `level PIN LEVEL N`. */
uint32_t follow(const char* name, std::deque<Words>& plan) {
  printf("%s %u\n", name, millis());
  if (plan.empty()) return IDLE_MS;
  const Words words = plan.front();
  plan.pop_front();
  if (words.at(0) == "return") return numberOf(words.at(1));
  if (words.at(0) == "busy") {
    nowUs += numberOf(words.at(1)) * 1000ull;
    if (words.size() > 4) drivePin(std::stoi(words[3]), std::stoi(words[4]));
    return numberOf(words.at(2));
  }
  if (words.at(0) == "level") {
    drivePin(std::stoi(words.at(1)), std::stoi(words.at(2)));
    return numberOf(words.at(3));
  }
  printf("= %d\n", callHost(words, 1));
  return IDLE_MS;
}

uint32_t programInit() { return follow("init", plans[0]); }
uint32_t programStart() { return follow("start", plans[1]); }
uint32_t programPoll() { return follow("poll", plans[2]); }

/** Puts the program into the native image whose payload stands at this offset of the Lintel region. */
void placeProgram(uint32_t payload) {
  uint32_t (*const functions[])() = {programInit, programStart, programPoll};
  uint8_t* image = reinterpret_cast<uint8_t*>(static_cast<uintptr_t>(FLASH_ADDRESS + FLASH_REGION_CHIP_OFFSET + payload));
  for (int32_t index = 0; index < 3; index++) {
    uint8_t* code = image + reinterpret_cast<uint32_t*>(image)[NativeImageWord::Init + index];
    const uint64_t target = reinterpret_cast<uintptr_t>(functions[index]);
    memcpy(code, JUMP, sizeof JUMP);
    memcpy(code + sizeof JUMP, &target, sizeof target);
    __builtin___clear_cache(reinterpret_cast<char*>(code), reinterpret_cast<char*>(code + 16));
  }
}

uint8_t* memoryAt(const std::string& address) { return reinterpret_cast<uint8_t*>(static_cast<uintptr_t>(numberOf(address))); }

void obey(const Words& words) {
  const std::string& order = words.at(0);
  const Words rest(words.begin() + 1, words.end());
  if (order == "flash") {
    mapMemory(numberOf(words.at(1)));
    setFlash(numberOf(words.at(1)), numberOf(words.at(2)));
  } else if (order == "put") {
    const std::vector<uint8_t> bytes = bytesOf(words.at(2));
    memcpy(memoryAt(words.at(1)), bytes.data(), bytes.size());
  } else if (order == "get") printf("bytes %s\n", hexOf(memoryAt(words.at(1)), numberOf(words.at(2))).c_str());
  else if (order == "program") placeProgram(numberOf(words.at(1)));
  else if (order == "clock") nowUs = std::stoull(words.at(1)) * 1000;
  else if (order == "on") {
    setReset(rest);
    setup();
  } else if (order == "run") {
    const uint64_t endUs = nowUs + numberOf(words.at(1)) * 1000ull;
    while (nowUs < endUs) loop();
  } else if (order == "call") printf("= %d\n", callHost(words, 1));
  else if (order == "plan") {
    const size_t which = words.at(1) == "init" ? 0 : words.at(1) == "start" ? 1 : 2;
    plans[which].push_back(Words(words.begin() + 2, words.end()));
  } else if (order == "level") drivePin(std::stoi(words.at(1)), std::stoi(words.at(2)));
  else if (order == "adc") setAdc(std::stoi(words.at(1)));
  else if (order == "i2c") answerI2c(rest);
  else if (order == "wire") putWire(rest);
  else if (order == "receive") receiveSerial(bytesOf(words.at(1)));
  else if (order == "wifi") steerWifi(rest);
  else if (order == "tcp") steerTcp(rest);
  else if (order == "crash") {
    setReset(rest);
    custom_crash_callback(system_get_rst_info(), 0, 0);
  } else fail("no such order: " + order);
}

}  // namespace

int main() {
  setvbuf(stdout, nullptr, _IOFBF, 1 << 16);
  for (std::string line; std::getline(std::cin, line);) {
    std::istringstream text(line);
    Words words;
    for (std::string word; text >> word;) words.push_back(word);
    if (!words.empty()) obey(words);
  }
  return 0;
}
