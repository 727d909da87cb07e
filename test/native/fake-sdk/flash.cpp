/**
 * The flash chip: it programs by clearing bits, but a Puya takes the new bits as they are; only whole words, only its
 * own.
 */
#include <spi_flash.h>
#include <stdio.h>
#include <string.h>

#include "fake.h"

namespace fake {
namespace {

constexpr uint32_t SECTOR_BYTES = 4096;
constexpr uint32_t PUYA = 0x85;

SpiFlashChip chip;

uint8_t* at(uint32_t address, uint32_t sizeBytes, const void* words) {
  if (address % 4 != 0 || sizeBytes % 4 != 0 || reinterpret_cast<uintptr_t>(words) % 4 != 0) fail("flash is used by bytes");
  if (address + sizeBytes > chip.chip_size) fail("the flash chip ends before");
  return reinterpret_cast<uint8_t*>(static_cast<uintptr_t>(FLASH_ADDRESS + address));
}

}  // namespace

void setFlash(uint32_t flashBytes, uint32_t chipId) {
  chip.chip_size = flashBytes;
  chip.deviceId = chipId;
}

}  // namespace fake

using namespace fake;

SpiFlashChip* flashchip = &chip;

uint32_t spi_flash_get_id() { return chip.deviceId; }

SpiFlashOpResult spi_flash_read(uint32_t address, uint32_t* words, uint32_t sizeBytes) {
  memcpy(words, at(address, sizeBytes, words), sizeBytes);
  return SPI_FLASH_RESULT_OK;
}

SpiFlashOpResult spi_flash_write(uint32_t address, uint32_t* words, uint32_t sizeBytes) {
  printf("sdk flash write %u %u\n", address, sizeBytes);
  uint8_t* target = at(address, sizeBytes, words);
  const uint8_t* from = reinterpret_cast<uint8_t*>(words);
  for (uint32_t index = 0; index < sizeBytes; index++) {
    target[index] = (chip.deviceId & 0xff) == PUYA ? from[index] : target[index] & from[index];
  }
  return SPI_FLASH_RESULT_OK;
}

SpiFlashOpResult spi_flash_erase_sector(uint16_t sector) {
  printf("sdk flash erase %u\n", sector * SECTOR_BYTES);
  memset(at(sector * SECTOR_BYTES, SECTOR_BYTES, nullptr), 0xff, SECTOR_BYTES);
  return SPI_FLASH_RESULT_OK;
}
