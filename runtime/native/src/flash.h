/** The Lintel region of the flash chip, for the host itself. Offsets count from the start of the region. */
#pragma once
#include <stdint.h>

namespace lintel {

uint32_t flashRegionBytes();
/** Any offset, address and size; 0 or HostError::OutOfRange. */
int32_t flashRead(uint32_t offset, void* into, uint32_t sizeBytes);

}  // namespace lintel
