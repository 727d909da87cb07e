/**
 * Host functions of the flash group. The SDK's calls want addresses and sizes of whole words, so bytes go through a
 * page of this host's; they also empty the flash cache, so a program sees what it has written. Nothing outside of the
 * Lintel region is ever written.
 *
 * A flash chip programs by clearing bits, whatever it is given. Those of Puya (manufacturer 0x85) put the new bits over
 * the old ones instead, so they are given the old ones with the new ones cleared; the core does the same when it is
 * built with PUYA_SUPPORT (cores/esp8266/Esp.cpp). Esp-01 modules have them (boards/esp-01.json).
 */
#include "flash.h"

#include <string.h>
extern "C" {
#include <c_types.h>
#include <spi_flash.h>
}

#include "contract.h"
#include "program-memory.h"
#include "serial.h"

namespace lintel {
namespace {

constexpr uint32_t WORD_BYTES = 4;
constexpr uint32_t PAGE_BYTES = 256;
/** Sectors that the SDK keeps for itself at the end of the chip (contract/flash-map.ts). */
constexpr uint32_t SDK_BYTES = 4 * FLASH_SECTOR_BYTES;
constexpr uint32_t PUYA = 0x85;

/** What bytes go through: not on the stack, most of which is the program's. */
uint32_t page[PAGE_BYTES / WORD_BYTES];

bool isInside(uint32_t offset, uint32_t sizeBytes) {
  const uint32_t regionBytes = flashRegionBytes();
  return offset <= regionBytes && sizeBytes <= regionBytes - offset;
}

/** The contract has no error for a flash chip that fails: a line of log tells it from an offset that is wrong. */
int32_t resultOf(SpiFlashOpResult result) {
  if (result == SPI_FLASH_RESULT_OK) return 0;
  logLine(LogLevel::Error, "the flash chip has failed");
  return HostError::OutOfRange;
}

uint32_t smaller(uint32_t a, uint32_t b) { return a < b ? a : b; }

}  // namespace

uint32_t flashRegionBytes() {
  const uint32_t bytes = flashchip->chip_size - SDK_BYTES - FLASH_REGION_CHIP_OFFSET;
  return smaller(bytes, FLASH_REGION_MAX_BYTES);
}

int32_t flashRead(uint32_t offset, void* into, uint32_t sizeBytes) {
  if (!isInside(offset, sizeBytes)) return HostError::OutOfRange;
  uint8_t* target = static_cast<uint8_t*>(into);
  while (sizeBytes > 0) {
    const uint32_t skip = offset % WORD_BYTES;
    const uint32_t part = smaller(sizeBytes, PAGE_BYTES - skip);
    const uint32_t readBytes = (skip + part + WORD_BYTES - 1) / WORD_BYTES * WORD_BYTES;
    const int32_t result = resultOf(spi_flash_read(FLASH_REGION_CHIP_OFFSET + offset - skip, page, readBytes));
    if (result < 0) return result;
    memcpy(target, reinterpret_cast<uint8_t*>(page) + skip, part);
    target += part;
    offset += part;
    sizeBytes -= part;
  }
  return 0;
}

}  // namespace lintel

using namespace lintel;

extern "C" int32_t host_flash_size() { return static_cast<int32_t>(flashRegionBytes()); }

extern "C" int32_t host_flash_read(int32_t off, uint32_t ptr, int32_t len) {
  const int32_t fault = rangeFault(ptr, len);
  if (fault < 0) return fault;
  return flashRead(static_cast<uint32_t>(off), bytesAt(ptr), static_cast<uint32_t>(len));
}

extern "C" int32_t host_flash_write(int32_t off, uint32_t ptr, int32_t len) {
  const int32_t fault = rangeFault(ptr, len);
  if (fault < 0) return fault;
  uint32_t offset = static_cast<uint32_t>(off);
  uint32_t left = static_cast<uint32_t>(len);
  if (ptr % WORD_BYTES != 0) return HostError::Unaligned;
  if (!isInside(offset, left)) return HostError::OutOfRange;
  if (offset % WORD_BYTES != 0 || left % WORD_BYTES != 0) return HostError::Unaligned;
  const bool isPuya = (spi_flash_get_id() & 0xff) == PUYA;
  const uint8_t* from = bytesAt(ptr);
  uint8_t* bytes = reinterpret_cast<uint8_t*>(page);
  while (left > 0) {
    const uint32_t part = smaller(left, PAGE_BYTES - offset % PAGE_BYTES);
    const uint32_t address = FLASH_REGION_CHIP_OFFSET + offset;
    memcpy(page, from, part);
    if (isPuya) {
      const int32_t read = resultOf(spi_flash_read(address, page, part));
      if (read < 0) return read;
      for (uint32_t index = 0; index < part; index++) bytes[index] &= from[index];
    }
    const int32_t result = resultOf(spi_flash_write(address, page, part));
    if (result < 0) return result;
    from += part;
    offset += part;
    left -= part;
  }
  return 0;
}

extern "C" int32_t host_flash_erase(int32_t off) {
  const uint32_t offset = static_cast<uint32_t>(off);
  if (!isInside(offset, 1)) return HostError::OutOfRange;
  if (offset % FLASH_SECTOR_BYTES != 0) return HostError::Unaligned;
  const uint32_t sector = (FLASH_REGION_CHIP_OFFSET + offset) / FLASH_SECTOR_BYTES;
  return resultOf(spi_flash_erase_sector(static_cast<uint16_t>(sector)));
}
