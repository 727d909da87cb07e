/**
 * Looking for networks: `net_scan` starts, `net_found` takes the next one found. The SDK's list lives only while it
 * calls back, so what fits is kept here; access points beyond FOUND_MAX are not told. A record: u8 strength as -dBm, u8
 * flags, the name.
 */
#include "contract.h"

#ifdef HOST_HAS_NET_SCAN
#include <string.h>
extern "C" {
#include <user_interface.h>
}

#include "host.h"
#include "network.h"
#include "program-memory.h"

using namespace lintel;

namespace {

constexpr uint32_t FOUND_MAX = 24;
constexpr uint8_t SSID_MAX_BYTES = 32;
constexpr uint32_t HEAD_BYTES = 2;
constexpr uint8_t NEEDS_PASSPHRASE = 1;

struct Found {
  uint8_t strength;
  uint8_t flags;
  uint8_t ssid[SSID_MAX_BYTES];
  uint8_t ssidBytes;
};

Found found[FOUND_MAX];
uint32_t foundCount;
uint32_t takenCount;
bool isScanning;

void onScanned(void* list, STATUS status) {
  isScanning = false;
  wake();
  if (status != OK) return;
  for (const bss_info* bss = static_cast<bss_info*>(list); bss != nullptr; bss = STAILQ_NEXT(bss, next)) {
    if (foundCount == FOUND_MAX) return;
    Found& one = found[foundCount++];
    one.strength = static_cast<uint8_t>(bss->rssi < 0 ? -bss->rssi : 0);
    one.flags = bss->authmode == AUTH_OPEN ? 0 : NEEDS_PASSPHRASE;
    one.ssidBytes = bss->ssid_len < SSID_MAX_BYTES ? bss->ssid_len : SSID_MAX_BYTES;
    memcpy(one.ssid, bss->ssid, one.ssidBytes);
  }
}

}  // namespace

extern "C" int32_t host_net_scan() {
  if (isScanning) return HostError::Busy;
  foundCount = 0;
  takenCount = 0;
  beginStation();
  isScanning = wifi_station_scan(nullptr, onScanned);
  return isScanning ? 0 : HostError::Busy;
}

extern "C" int32_t host_net_found(uint32_t ptr, int32_t cap) {
  const int32_t fault = rangeFault(ptr, cap);
  if (fault < 0) return fault;
  if (static_cast<uint32_t>(cap) < HEAD_BYTES + SSID_MAX_BYTES) return HostError::BadArgument;
  if (isScanning) return HostError::Busy;
  if (takenCount == foundCount) return 0;
  const Found& one = found[takenCount++];
  uint8_t* into = bytesAt(ptr);
  into[0] = one.strength;
  into[1] = one.flags;
  memcpy(into + HEAD_BYTES, one.ssid, one.ssidBytes);
  return static_cast<int32_t>(HEAD_BYTES + one.ssidBytes);
}
#endif
