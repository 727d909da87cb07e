/**
 * The table of host functions and the life of a program. The core calls `setup` once and `loop` again and again, and
 * between two of them the SDK does its own work (Wi-Fi, TCP), so that nothing of it happens inside of a call into the
 * program.
 *
 * `restart`, `sleep_deep` and `image_run` do not return to the program, though the SDK's calls behind two of them do
 * return: they leave it by longjmp and the host does what was asked from its own loop.
 *
 * The SDK's software watchdog is fed before each call into a program and bites about 3.2 s later (ESP8266 Non-OS SDK
 * API reference, system_soft_wdt_feed). An exception ends in the core's report, which calls custom_crash_callback.
 */
#include "host.h"

#include <Arduino.h>
#include <setjmp.h>
extern "C" {
#include <user_interface.h>
}

#include "connections.h"
#include "contract.h"
#include "image.h"
#include "network.h"
#include "pins.h"
#include "power.h"
#include "program-memory.h"
#include "radio.h"
#include "scan.h"
#include "serial.h"

using HostEntry = void (*)();

#define HOST_ENTRY(name) reinterpret_cast<HostEntry>(host_##name),
/** A word for each function of the contract, in its order (section .rodata.host_table: a test reads it there). */
extern "C" const HostEntry host_table[HOST_FUNCTION_COUNT] = {HOST_FUNCTIONS(HOST_ENTRY)};

static_assert(HOST_FUNCTION_COUNT <= HOST_IMAGE_SLOT, "the table has no slot left for the image's address");

namespace lintel {
namespace {

constexpr uint32_t POLL_MIN_MS = 1;
/** A call longer than this is logged. */
constexpr uint32_t SLOW_CALL_MS = 1000;
constexpr uint32_t MISSING_MAX = 8;

enum class Life {
  /** No image to run, or the chip is about to restart or to sleep. */
  Over,
  /** The chosen image begins with the next loop. */
  Chosen,
  Running
};

Life life = Life::Over;
volatile bool isWakePending;
uint32_t polledAtMs;
uint32_t pollDelayMs;

jmp_buf outOfProgram;
StopKind stopKind;
uint32_t stopValue;
const char* missing[MISSING_MAX];

void reportSlow(const char* name, uint32_t tookMs) {
  if (tookMs <= SLOW_CALL_MS) return;
  beginLog(LogLevel::Warning);
  putText(name);
  putText(" took ");
  putNumber(tookMs);
  putText(" ms; over ");
  putNumber(POLL_WATCHDOG_MS);
  putText(" ms the watchdog resets the chip");
  endLine();
}

/** Calls a function of the program. Where it asks for a stop, stopKind says so and the result means nothing. */
uint32_t callProgram(const char* name, uint32_t address) {
  const uint32_t startMs = millis();
  system_soft_wdt_feed();
  stopKind = StopKind::None;
  uint32_t result = 0;
  if (setjmp(outOfProgram) == 0) result = reinterpret_cast<uint32_t (*)()>(static_cast<uintptr_t>(address))();
  reportSlow(name, millis() - startMs);
  return stopKind == StopKind::None ? result : 0;
}

void fillTable(const ProgramImage& image) {
  volatile uint32_t* slots = reinterpret_cast<volatile uint32_t*>(static_cast<uintptr_t>(PROGRAM_RAM_ADDRESS));
  for (uint32_t slot = 0; slot < HOST_FUNCTION_COUNT; slot++) {
    slots[slot] = static_cast<uint32_t>(reinterpret_cast<uintptr_t>(host_table[slot]));
  }
  slots[HOST_IMAGE_SLOT] = image.address;
}

void endRun() {
  setProgramRamBytes(0);
  haltBoard();
  isWakePending = false;
}

void doWhatWasAsked() {
  const StopKind kind = stopKind;
  stopKind = StopKind::None;
  endRun();
  life = Life::Over;
  switch (kind) {
    case StopKind::Run:
      life = Life::Chosen;
      break;
    case StopKind::Restart:
      beginLog(LogLevel::Info);
      putText("the program restarts, reason ");
      putNumber(stopValue);
      endLine();
      restartChip();
      break;
    case StopKind::Sleep:
      if (stopValue == 0) logLine(LogLevel::Info, "the program sleeps until the reset pin is pulled");
      sleepChip(stopValue);
      break;
    case StopKind::None:
      break;
  }
}

void begin() {
  const ProgramImage& image = chosenImage();
  life = Life::Running;
  isWakePending = false;
  setProgramRamBytes(image.ramBytes);
  fillTable(image);
  serialForget();
  callProgram("init", image.init);
  if (stopKind == StopKind::None) callProgram("start", image.start);
  if (stopKind != StopKind::None) doWhatWasAsked();
  else isWakePending = true;
}

void poll() {
  isWakePending = false;
  const uint32_t delayMs = callProgram("poll", chosenImage().poll);
  if (stopKind != StopKind::None) {
    doWhatWasAsked();
    return;
  }
  polledAtMs = millis();
  pollDelayMs = delayMs < POLL_MIN_MS ? POLL_MIN_MS : delayMs > POLL_MAX_MS ? POLL_MAX_MS : delayMs;
}

}  // namespace

void IRAM_ATTR wake() { isWakePending = true; }

void stopProgram(StopKind kind, uint32_t value) {
  stopKind = kind;
  stopValue = value;
  longjmp(outOfProgram, 1);
}

void haltBoard() {
  resetPins();
  forgetScan();
  stopRadio();
  leaveNetwork();
  dropConnections();
}

int32_t reportMissing(const char* name) {
  for (const char*& known : missing) {
    if (known == name) return HostError::Unsupported;
    if (known != nullptr) continue;
    known = name;
    beginLog(LogLevel::Warning);
    putText("host call ");
    putText(name);
    putText(" is not offered by this host");
    endLine();
    break;
  }
  return HostError::Unsupported;
}

}  // namespace lintel

using namespace lintel;

void setup() {
  serialBegin();
  const int32_t reason = findResetReason();
  endLine();
  putText("reset: ");
  putText(RESET_REASON_NAMES[reason]);
  endLine();
  beginPins();
  if (chooseImage(FLASH_BOOT_OFFSET) == 0) life = Life::Chosen;
}

void loop() {
  serialTick();
  if (life == Life::Running && deadlineTick()) {
    endRun();
    life = Life::Over;
  }
  if (life == Life::Chosen) {
    begin();
  } else if (life == Life::Running) {
    pinsTick();
    networkTick();
    if (isWakePending || millis() - polledAtMs >= pollDelayMs) poll();
  }
  // Lets the SDK work; also while a restart is on its way.
  delay(1);
}

/** The core's report of a crash calls this last, with interrupts off; only the ROM can still print. */
extern "C" void custom_crash_callback(struct rst_info* info, uint32_t, uint32_t) {
  if (info->reason != REASON_SOFT_WDT_RST && info->reason != REASON_EXCEPTION_RST) return;
  serialCrashed();
  if (info->reason == REASON_SOFT_WDT_RST) {
    putText("watchdog: at ");
    putHex(info->epc1);
  } else {
    putText("crash: cause ");
    putNumber(info->exccause);
    putText(" at ");
    putHex(info->epc1);
    putText(" address ");
    putHex(info->excvaddr);
  }
  putText(" image ");
  putHex(chosenImage().offset);
  endLine();
}
