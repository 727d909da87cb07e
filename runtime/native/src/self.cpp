/** Host functions of the self group; `log` is in serial.cpp, `abi_version` in marker.cpp. */

extern "C" {
#include <user_interface.h>
}

#include "contract.h"
#include "factory.h"
#include "host.h"
#include "image.h"
#include "program-memory.h"

using namespace lintel;

namespace {

constexpr int32_t MAC_BYTES = 6;

}  // namespace

extern "C" int32_t host_chip_mac(uint32_t ptr) {
  const int32_t fault = rangeFault(ptr, MAC_BYTES);
  if (fault < 0) return fault;
  wifi_get_macaddr(STATION_IF, bytesAt(ptr));
  return 0;
}

extern "C" int32_t host_board_id() { return static_cast<int32_t>(boardId()); }

extern "C" int32_t host_slot() { return chosenImage().slot; }

extern "C" int32_t host_image_run(int32_t off) {
  const int32_t result = chooseImage(static_cast<uint32_t>(off));
  if (result < 0) return result;
  stopProgram(StopKind::Run, 0);
}
