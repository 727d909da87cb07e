/**
 * Host functions of a scan: `net_scan` starts, `net_found` takes the next network. The SDK's list lives only while it calls
 * back, so the strongest SCAN_FOUND_MAX are kept here. It cannot be told to end a scan: one that a program has left behind
 * goes on, and is that of the next program that asks.
 */
#include "scan.h"

#include <string.h>
extern "C" {
#include <user_interface.h>
}

#include "contract.h"
#include "host.h"
#include "network.h"
#include "program-memory.h"
#include "radio.h"

namespace lintel {
namespace {

struct Found {
  uint8_t strength;
  uint8_t flags;
  uint8_t ssidBytes;
  uint8_t ssid[SSID_MAX_BYTES];
};

/** The strongest first; of equal ones that which the SDK tells first. */
Found found[SCAN_FOUND_MAX];
uint32_t foundCount;
uint32_t takenCount;
bool isAtWork;
/** A program waits for it. */
bool isWanted;

void keep(const bss_info& bss) {
  const uint8_t strength = static_cast<uint8_t>(bss.rssi < 0 ? -bss.rssi : 0);
  uint32_t place = foundCount;
  while (place > 0 && found[place - 1].strength > strength) place--;
  if (place == SCAN_FOUND_MAX) return;
  if (foundCount < SCAN_FOUND_MAX) foundCount++;
  for (uint32_t index = foundCount - 1; index > place; index--) found[index] = found[index - 1];
  Found& one = found[place];
  one.strength = strength;
  one.flags = bss.authmode == AUTH_OPEN ? NetFoundFlag::None : NetFoundFlag::Passphrase;
  one.ssidBytes = bss.is_hidden != 0 ? 0 : bss.ssid_len < SSID_MAX_BYTES ? bss.ssid_len : SSID_MAX_BYTES;
  memcpy(one.ssid, bss.ssid, one.ssidBytes);
}

void onScanned(void* list, STATUS status) {
  isAtWork = false;
  if (!isWanted) return;
  isWanted = false;
  wake();
  if (status != OK) return;
  for (const bss_info* bss = static_cast<bss_info*>(list); bss != nullptr; bss = STAILQ_NEXT(bss, next)) keep(*bss);
}

bool begin() {
  pauseJoining();
  beginStation();
  scan_config config;
  memset(&config, 0, sizeof config);
  config.show_hidden = 1;
  return wifi_station_scan(&config, onScanned);
}

}  // namespace

bool isScanning() { return isAtWork; }

void forgetScan() {
  isWanted = false;
  foundCount = takenCount = 0;
}

}  // namespace lintel

using namespace lintel;

extern "C" int32_t host_net_scan() {
  if (isListening() || isWanted) return HostError::Busy;
  if (!isAtWork) isAtWork = begin();
  if (!isAtWork) return HostError::Busy;
  forgetScan();
  isWanted = true;
  return 0;
}

extern "C" int32_t host_net_found(uint32_t ptr, int32_t cap) {
  const int32_t fault = rangeFault(ptr, cap);
  if (fault < 0) return fault;
  if (isWanted) return HostError::Busy;
  const uint32_t room = static_cast<uint32_t>(cap);
  if (room < NET_FOUND_HEADER_BYTES) return HostError::BadArgument;
  if (takenCount == foundCount) return 0;
  const Found& one = found[takenCount];
  const uint32_t sizeBytes = NET_FOUND_HEADER_BYTES + one.ssidBytes;
  if (room < sizeBytes) return HostError::BadArgument;
  takenCount++;
  uint8_t* into = bytesAt(ptr);
  into[0] = one.strength;
  into[1] = one.flags;
  memcpy(into + NET_FOUND_HEADER_BYTES, one.ssid, one.ssidBytes);
  return static_cast<int32_t>(sizeBytes);
}
