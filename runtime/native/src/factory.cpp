#include "factory.h"

#include <string.h>

#include "contract.h"
#include "flash.h"

namespace lintel {
namespace {

/** CRC-32 (ISO-HDLC), reflected: the polynomial of IEEE 802.3 3.2.9. */
constexpr uint32_t CRC_POLYNOMIAL = 0xedb88320;

uint32_t crc32(const uint8_t* bytes, uint32_t sizeBytes) {
  uint32_t crc = 0xffffffff;
  for (uint32_t index = 0; index < sizeBytes; index++) {
    crc ^= bytes[index];
    for (int bit = 0; bit < 8; bit++) crc = (crc >> 1) ^ ((crc & 1) != 0 ? CRC_POLYNOMIAL : 0);
  }
  return ~crc;
}

uint32_t wordIn(const uint8_t* record, uint32_t offset) {
  uint32_t word;
  memcpy(&word, record + offset, sizeof word);
  return word;
}

}  // namespace

uint32_t boardId() {
  uint8_t record[FACTORY_RECORD_BYTES];
  if (flashRead(FLASH_FACTORY_OFFSET, record, sizeof record) < 0) return 0;
  const bool isValid = wordIn(record, 0) == FACTORY_MAGIC && wordIn(record, FACTORY_VERSION_OFFSET) == FACTORY_VERSION &&
                       wordIn(record, FACTORY_CRC_OFFSET) == crc32(record, FACTORY_CRC_OFFSET);
  return isValid ? wordIn(record, FACTORY_BOARD_OFFSET) : 0;
}

}  // namespace lintel
