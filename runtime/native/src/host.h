/**
 * The life of a program, as runtime/board/device-life.ts has it: `init`, `start`, then `poll` when something has
 * happened or its delay has passed. Wakes are coalesced: any number of them before a poll gives one poll, a wake during
 * a poll one more.
 */
#pragma once
#include <stdint.h>

namespace lintel {

/** Something has happened that the program may want to be polled for. Interrupt routines may call it. */
void wake();

/** What a program asked for that ends this run of it. */
enum class StopKind { None, Restart, Sleep, Run };

/** Leaves the program for good; its stack is given up. */
[[noreturn]] void stopProgram(StopKind kind, uint32_t value);

/** Stops the chip's outside: pins, network, radio. Time, RTC memory and the deadline go on. */
void haltBoard();

/** For what this host does not offer: logged once for each name (a literal). */
int32_t reportMissing(const char* name);

}  // namespace lintel
