/**
 * The memory of a program as host functions see it. Pointers and lengths come from the program, so every one is checked
 * here, once, before anything is touched: a length below zero is a bad argument, a range that leaves the memory is out
 * of range. The words below PROGRAM_DATA_OFFSET are the host's own; an empty range may stand at 0. The rules are those
 * of runtime/board/host-memory.ts and of the pointers in runtime/esp8266/device/native-machine.ts.
 */
#pragma once
#include <stdint.h>

namespace lintel {

/** Of the program that runs, from PROGRAM_RAM_ADDRESS on; 0 = none runs. */
void setProgramRamBytes(uint32_t sizeBytes);

/** 0, or the HostError of this range. */
int32_t rangeFault(uint32_t pointer, int32_t sizeBytes);

inline uint8_t* bytesAt(uint32_t pointer) { return reinterpret_cast<uint8_t*>(static_cast<uintptr_t>(pointer)); }

}  // namespace lintel
