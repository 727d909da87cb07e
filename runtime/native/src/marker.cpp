/**
 * How the binary shows what it is (contract/host-marker.ts). In flash, where the cache reads by words. `abi_version` reads it
 * there, so that no linker drops it; the size of the flash is a symbol of the linker script, whose address is the number.
 */
#include "contract.h"

extern "C" const char lintel_flash_mib[];

namespace {

struct Marker {
  char text[HOST_MARKER_ABI_OFFSET];
  uint32_t abi;
  const char* flashMiB;
};
// A PC has wider pointers, and no use for it.
static_assert(sizeof(char*) != 4 || sizeof(Marker) == HOST_MARKER_BYTES, "the marker has the contract's layout");
static_assert(sizeof(char*) != 4 || __builtin_offsetof(Marker, flashMiB) == HOST_MARKER_FLASH_OFFSET, "the same");

#define MARKER_SECTION __attribute__((used, section(".irom.text.host_marker")))
constexpr char TEXT[] = HOST_MARKER;
MARKER_SECTION const Marker marker = {{TEXT[0], TEXT[1], TEXT[2], TEXT[3], TEXT[4], TEXT[5], TEXT[6], TEXT[7]},
                                      HOST_ABI_VERSION,
                                      lintel_flash_mib};

}  // namespace

extern "C" int32_t host_abi_version() { return static_cast<int32_t>(static_cast<const volatile Marker&>(marker).abi); }
