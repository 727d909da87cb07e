/**
 * Host functions of the power group. RTC memory is the SDK's user area, 512 bytes from block 64 on, read and written by
 * words of four bytes (ESP8266 Non-OS SDK API reference, system_rtc_mem_read). The core's boot loader looks there for
 * an order to copy a new firmware, which it knows by a magic number and a CRC; a program's data is none.
 */
#include "power.h"

#include <Arduino.h>
extern "C" {
#include <user_interface.h>
}

#include "contract.h"
#include "host.h"
#include "note.h"
#include "program-memory.h"
#include "serial.h"

namespace lintel {
namespace {

constexpr uint32_t RTC_USER_BLOCK = 64;
constexpr uint32_t BLOCK_BYTES = 4;
constexpr uint64_t US_PER_MS = 1000;

int32_t resetReason;
uint32_t deadlineMs;
uint32_t deadlineSetAtMs;

bool isInside(uint32_t offset, uint32_t sizeBytes) {
  return offset <= RTC_MEMORY_BYTES && sizeBytes <= RTC_MEMORY_BYTES - offset;
}

/** Copies between RTC memory and a program, word by word, since either end may lie inside of one. */
void copyRtc(uint32_t offset, uint8_t* bytes, uint32_t sizeBytes, bool isWrite) {
  for (uint32_t done = 0; done < sizeBytes;) {
    const uint8_t block = static_cast<uint8_t>(RTC_USER_BLOCK + (offset + done) / BLOCK_BYTES);
    uint32_t word = 0;
    system_rtc_mem_read(block, &word, BLOCK_BYTES);
    uint8_t* inWord = reinterpret_cast<uint8_t*>(&word);
    for (uint32_t at = (offset + done) % BLOCK_BYTES; at < BLOCK_BYTES && done < sizeBytes; at++, done++) {
      if (isWrite) inWord[at] = bytes[done];
      else bytes[done] = inWord[at];
    }
    if (isWrite) system_rtc_mem_write(block, &word, BLOCK_BYTES);
  }
}

int32_t reasonOf(uint32_t sdkReason, bool isDeadline) {
  switch (sdkReason) {
    case REASON_WDT_RST:
    case REASON_SOFT_WDT_RST:
      return ResetReason::Watchdog;
    case REASON_EXCEPTION_RST:
      return ResetReason::Crash;
    case REASON_SOFT_RESTART:
      return isDeadline ? ResetReason::Deadline : ResetReason::Software;
    case REASON_DEEP_SLEEP_AWAKE:
      return ResetReason::DeepSleep;
    case REASON_EXT_SYS_RST:
      return ResetReason::External;
    default:
      return ResetReason::PowerOn;
  }
}

/** What the RTC's timer can count with its clock as it is now (the core's EspClass::deepSleepMax). */
uint64_t longestSleepUs() { return static_cast<uint64_t>(system_rtc_clock_cali_proc()) * 0x7fffffff / 0x1000; }

}  // namespace

int32_t findResetReason() {
  resetReason = reasonOf(system_get_rst_info()->reason, takeDeadlineNote());
  return resetReason;
}

bool deadlineTick() {
  if (deadlineMs == 0 || millis() - deadlineSetAtMs < deadlineMs) return false;
  beginLog(LogLevel::Warning);
  putText("the deadline of ");
  putNumber(deadlineMs);
  putText(" ms has passed");
  endLine();
  deadlineMs = 0;
  noteDeadline();
  restartChip();
  return true;
}

void restartChip() {
  serialFlush();
  system_restart();
}

void sleepChip(uint32_t ms) {
  uint64_t us = ms * US_PER_MS;
  const uint64_t longestUs = longestSleepUs();
  if (us > longestUs) {
    beginLog(LogLevel::Warning);
    putText("the chip cannot sleep that long, it wakes after ");
    putNumber(static_cast<uint32_t>(longestUs / US_PER_MS));
    putText(" ms");
    endLine();
    us = longestUs;
  }
  serialFlush();
  system_deep_sleep(us);
}

}  // namespace lintel

using namespace lintel;

extern "C" void host_restart(int32_t reason) { stopProgram(StopKind::Restart, static_cast<uint32_t>(reason)); }

extern "C" void host_sleep_deep(int32_t ms) { stopProgram(StopKind::Sleep, static_cast<uint32_t>(ms)); }

extern "C" int32_t host_reset_reason() { return resetReason; }

extern "C" void host_deadline_set(int32_t ms) {
  deadlineMs = static_cast<uint32_t>(ms);
  deadlineSetAtMs = millis();
}

extern "C" int32_t host_rtc_read(int32_t off, uint32_t ptr, int32_t len) {
  const int32_t fault = rangeFault(ptr, len);
  if (fault < 0) return fault;
  if (!isInside(static_cast<uint32_t>(off), static_cast<uint32_t>(len))) return HostError::OutOfRange;
  copyRtc(static_cast<uint32_t>(off), bytesAt(ptr), static_cast<uint32_t>(len), false);
  return 0;
}

extern "C" int32_t host_rtc_write(int32_t off, uint32_t ptr, int32_t len) {
  const int32_t fault = rangeFault(ptr, len);
  if (fault < 0) return fault;
  if (!isInside(static_cast<uint32_t>(off), static_cast<uint32_t>(len))) return HostError::OutOfRange;
  copyRtc(static_cast<uint32_t>(off), bytesAt(ptr), static_cast<uint32_t>(len), true);
  return 0;
}
