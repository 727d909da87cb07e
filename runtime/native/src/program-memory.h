/**
 * The memory of a program as host functions see it. Pointers and lengths come from the program, so every one is checked
 * here, once, before anything is touched, by the rules of contract/host-functions.ts. The globals of a program lie behind
 * PROGRAM_RAM_BYTES, where no pointer leads.
 */
#pragma once
#include <stdint.h>

namespace lintel {

/** Of the program that runs, its globals included, from PROGRAM_RAM_ADDRESS on; 0 = none runs. */
void setProgramRamBytes(uint32_t sizeBytes);

/** 0, or the HostError of this range. */
int32_t rangeFault(uint32_t pointer, int32_t sizeBytes);

inline uint8_t* bytesAt(uint32_t pointer) { return reinterpret_cast<uint8_t*>(static_cast<uintptr_t>(pointer)); }

}  // namespace lintel
