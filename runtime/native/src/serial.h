/** The serial line: what the host says (log-format.h), and the bytes of a program. */
#pragma once
#include <stdint.h>

namespace lintel {

void serialBegin();
/** Moves bytes on, and wakes the program when some have come. */
void serialTick();
/** A program begins: what has come before is not for it. */
void serialForget();
/** Waits until all is sent: before a restart. */
void serialFlush();
/** From here on bytes go out at once, by the ROM: the core is in its last breath. */
void serialCrashed();

void put(char byte);
void putText(const char* text);
void putNumber(uint32_t value);
/** `0x` and eight digits. */
void putHex(uint32_t value);
void endLine();

/** Time and level; the text follows by put*, then endLine. */
void beginLog(int32_t level);
void logLine(int32_t level, const char* text);

}  // namespace lintel
