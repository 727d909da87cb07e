/**
 * Images in flash as the host sees them: it runs what has headers that it understands (contract/image-header.ts,
 * contract/native-image.ts). Whether an image is the right one, whole and signed, is decided by the boot program.
 */
#include "image.h"

#include "contract.h"
#include "flash.h"
#include "host.h"
#include "serial.h"

namespace lintel {
namespace {

struct Area {
  uint32_t offset;
  uint32_t sizeBytes;
  int32_t slot;
};
constexpr Area AREAS[] = {
    {FLASH_BOOT_OFFSET, FLASH_BOOT_BYTES, Slot::Boot},
    {FLASH_SLOT_A_OFFSET, FLASH_SLOT_BYTES, Slot::A},
    {FLASH_SLOT_B_OFFSET, FLASH_SLOT_BYTES, Slot::B},
};

ProgramImage chosen = {FLASH_BOOT_OFFSET, Slot::Boot, 0, 0, 0, 0, 0};

const Area* areaAt(uint32_t offset) {
  for (const Area& area : AREAS) {
    if (area.offset == offset) return &area;
  }
  return nullptr;
}

uint32_t wordAt(uint32_t offset) {
  uint32_t word = 0;
  flashRead(offset, &word, sizeof word);
  return word;
}

bool isEntry(uint32_t offset, uint32_t imageBytes, bool isRequired) {
  if (offset == 0) return !isRequired;
  return offset >= NATIVE_IMAGE_HEADER_BYTES && offset < imageBytes;
}

/** Why the image in this area does not run; nullptr: it does. */
const char* faultOf(const Area& area, ProgramImage& image) {
  const uint32_t offset = area.offset;
  if (wordAt(offset) != IMAGE_MAGIC) return "no image begins there";
  if (wordAt(offset + IMAGE_VERSION_OFFSET) != IMAGE_HEADER_VERSION) return "its header has another version";
  if (wordAt(offset + IMAGE_ARCH_OFFSET) != static_cast<uint32_t>(ImageArch::Lx106)) return "it is not for this chip";
  if (wordAt(offset + IMAGE_ABI_OFFSET) > HOST_ABI_VERSION) return "it needs a newer host";
  if (wordAt(offset + IMAGE_RAM_BYTES_OFFSET) > PROGRAM_RESERVED_BYTES) return "it needs more RAM than there is";
  const uint32_t payloadBytes = wordAt(offset + IMAGE_PAYLOAD_BYTES_OFFSET);
  if (payloadBytes < NATIVE_IMAGE_HEADER_BYTES || payloadBytes > area.sizeBytes - IMAGE_HEADER_BYTES) {
    return "its size does not fit there";
  }
  const uint32_t payload = offset + IMAGE_HEADER_BYTES;
  const auto native = [payload](int32_t word) { return wordAt(payload + 4 * static_cast<uint32_t>(word)); };
  if (native(NativeImageWord::Magic) != NATIVE_IMAGE_MAGIC) return "it holds no native program";
  if (native(NativeImageWord::ImageBytes) != payloadBytes) return "its program has another size than it says";
  const uint32_t ramBytes = native(NativeImageWord::RamBytes);
  if (ramBytes < PROGRAM_DATA_OFFSET || ramBytes > PROGRAM_RESERVED_BYTES || ramBytes % 4 != 0) {
    return "its program has no sound size of RAM";
  }
  for (int32_t word = NativeImageWord::Init; word <= NativeImageWord::HeapLimit; word++) {
    if (!isEntry(native(word), payloadBytes, word <= NativeImageWord::Poll)) return "a function lies outside of it";
  }
  const uint32_t address = FLASH_MAP_ADDRESS + FLASH_REGION_CHIP_OFFSET + payload;
  image = {offset,
           area.slot,
           address,
           ramBytes,
           address + native(NativeImageWord::Init),
           address + native(NativeImageWord::Start),
           address + native(NativeImageWord::Poll)};
  return nullptr;
}

}  // namespace

int32_t chooseImage(uint32_t offset) {
  const Area* area = areaAt(offset);
  const char* fault = area == nullptr ? "no image can stand there" : faultOf(*area, chosen);
  if (fault == nullptr) return 0;
  beginLog(offset == FLASH_BOOT_OFFSET ? LogLevel::Error : LogLevel::Warning);
  putText("the image at ");
  putHex(offset);
  putText(" does not run: ");
  putText(fault);
  endLine();
  return HostError::BadArgument;
}

const ProgramImage& chosenImage() { return chosen; }

}  // namespace lintel
