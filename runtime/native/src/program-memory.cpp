#include "program-memory.h"

#include "contract.h"

namespace lintel {
namespace {

uint32_t ramBytes;

}  // namespace

void setProgramRamBytes(uint32_t sizeBytes) { ramBytes = sizeBytes < PROGRAM_RAM_BYTES ? sizeBytes : PROGRAM_RAM_BYTES; }

int32_t rangeFault(uint32_t pointer, int32_t sizeBytes) {
  if (sizeBytes < 0) return HostError::BadArgument;
  if (pointer == 0) return sizeBytes == 0 ? 0 : HostError::OutOfRange;
  const uint32_t first = PROGRAM_RAM_ADDRESS + PROGRAM_DATA_OFFSET;
  const uint32_t end = PROGRAM_RAM_ADDRESS + ramBytes;
  if (pointer < first || pointer > end) return HostError::OutOfRange;
  return static_cast<uint32_t>(sizeBytes) > end - pointer ? HostError::OutOfRange : 0;
}

}  // namespace lintel
