/**
 * Host functions of the network group: joining, and what the SDK says of it. The SDK joins again by itself when the
 * access point comes back; until then the status is Joining and every connection has ended. The core keeps the radio
 * asleep after a start (wifi_fpm_*), and DHCP runs whenever the station joins. Station states: ESP8266 Non-OS SDK API
 * reference, wifi_station_get_connect_status. A station that looks for its network does not scan, and the reverse: the one
 * that is asked for first goes first (pauseJoining).
 */
#include "network.h"

#include <string.h>
extern "C" {
#include <user_interface.h>
}

#include "connections.h"
#include "contract.h"
#include "host.h"
#include "program-memory.h"
#include "radio.h"
#include "scan.h"

namespace lintel {
namespace {

/** IEEE 802.11-2020 annex J.4: a passphrase has at most 63 characters, a key in hexadecimal 64. */
constexpr int32_t PASSPHRASE_MAX_BYTES = 64;

bool isJoined;
/** The station is to connect when the radio has done with a scan. */
bool isConnectDue;
int32_t status = NetStatus::Down;

int32_t stationStatus() {
  switch (wifi_station_get_connect_status()) {
    case STATION_GOT_IP:
      return NetStatus::Up;
    case STATION_WRONG_PASSWORD:
      return NetStatus::Denied;
    case STATION_NO_AP_FOUND:
      return NetStatus::NotFound;
    default:
      return NetStatus::Joining;
  }
}

void setStatus(int32_t now) {
  if (now == status) return;
  const bool wasUp = status == NetStatus::Up;
  status = now;
  if (wasUp) breakConnections();
  wake();
}

}  // namespace

int32_t networkStatus() { return status; }

void networkTick() {
  if (!isJoined) return;
  if (isConnectDue) {
    if (isScanning()) return;
    isConnectDue = false;
    wifi_station_connect();
  }
  setStatus(stationStatus());
}

void pauseJoining() {
  if (!isJoined || status == NetStatus::Up) return;
  wifi_station_disconnect();
  isConnectDue = true;
}

void beginStation() {
  if (wifi_fpm_get_sleep_type() != NONE_SLEEP_T) wifi_fpm_do_wakeup();
  wifi_fpm_close();
  wifi_set_opmode_current(STATION_MODE);
}

void leaveNetwork() {
  if (isJoined) wifi_station_disconnect();
  isJoined = isConnectDue = false;
  setStatus(NetStatus::Down);
}

}  // namespace lintel

using namespace lintel;

extern "C" int32_t host_net_join(uint32_t ssid, int32_t ssid_len, uint32_t pass, int32_t pass_len) {
  const int32_t ssidFault = rangeFault(ssid, ssid_len);
  if (ssidFault < 0) return ssidFault;
  const int32_t passFault = rangeFault(pass, pass_len);
  if (passFault < 0) return passFault;
  if (ssid_len == 0 || static_cast<uint32_t>(ssid_len) > SSID_MAX_BYTES || pass_len > PASSPHRASE_MAX_BYTES) return HostError::BadArgument;
  if (isListening()) return HostError::Busy;
  leaveNetwork();
  beginStation();
  station_config config;
  memset(&config, 0, sizeof config);
  memcpy(config.ssid, bytesAt(ssid), static_cast<size_t>(ssid_len));
  memcpy(config.password, bytesAt(pass), static_cast<size_t>(pass_len));
  wifi_station_set_config_current(&config);
  wifi_station_set_reconnect_policy(true);
  isJoined = true;
  isConnectDue = isScanning();
  if (!isConnectDue) wifi_station_connect();
  setStatus(NetStatus::Joining);
  return 0;
}

extern "C" int32_t host_net_status() { return status; }

/** The SDK answers with a number above zero when it does not know. */
extern "C" int32_t host_net_rssi() {
  if (status != NetStatus::Up) return 0;
  const int32_t dbm = wifi_station_get_rssi();
  return dbm < 0 ? -dbm : 0;
}
