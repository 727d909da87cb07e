/** The radio: states and frames are steered from outside, what the host asks for is told. */
#include <stdio.h>
#include <string.h>
#include <user_interface.h>

#include <list>

#include "fake.h"

namespace fake {
namespace {

constexpr uint8_t MAC[] = {0x5c, 0xcf, 0x7f, 1, 2, 3};

uint8_t stationStatus = STATION_IDLE;
int8_t rssi = 31;
bool isAsleep = true;
WIFI_MODE mode = NULL_MODE;
scan_done_cb_t onScanned;
wifi_promiscuous_cb_t onFrame;
bool isPromiscuous;
freedom_outside_cb_t onSent;

void needsStation(const char* what) {
  if (mode != STATION_MODE) fail(std::string(what) + " before the station is on");
}

/** `done NAME:RSSI:AUTHMODE ...`; the name `-` is hidden. */
void endScan(const Words& words) {
  std::list<bss_info> found;
  for (size_t at = 2; at < words.size(); at++) {
    const std::string& word = words[at];
    const size_t rssiAt = word.find(':');
    const size_t modeAt = word.rfind(':');
    bss_info one = {};
    one.is_hidden = word[0] == '-' ? 1 : 0;
    one.ssid_len = static_cast<uint8_t>(rssiAt);
    memcpy(one.ssid, word.data(), rssiAt);
    one.rssi = static_cast<int8_t>(std::stoi(word.substr(rssiAt + 1, modeAt - rssiAt - 1)));
    one.authmode = static_cast<AUTH_MODE>(std::stoi(word.substr(modeAt + 1)));
    if (!found.empty()) {
      found.push_back(one);
      std::prev(found.end(), 2)->next.stqe_next = &found.back();
    } else found.push_back(one);
  }
  onScanned(found.empty() ? nullptr : &found.front(), OK);
}

}  // namespace

void steerWifi(const Words& words) {
  const std::string& what = words.at(0);
  if (what == "status") stationStatus = static_cast<uint8_t>(std::stoi(words.at(1)));
  else if (what == "rssi") rssi = static_cast<int8_t>(std::stoi(words.at(1)));
  else if (what == "scan" && words.at(1) == "done") endScan(words);
  else if (what == "scan") onScanned(nullptr, FAIL);
  else if (what == "sent") onSent(0);
  else if (what == "frame") {
    std::vector<uint8_t> bytes = bytesOf(words.at(1));
    if (isPromiscuous) onFrame(bytes.data(), static_cast<uint16_t>(bytes.size()));
  } else fail("no such event of the radio: " + what);
}

}  // namespace fake

using namespace fake;

bool wifi_get_macaddr(uint8_t, uint8_t* mac) {
  memcpy(mac, MAC, sizeof MAC);
  return true;
}
enum sleep_type wifi_fpm_get_sleep_type() { return isAsleep ? MODEM_SLEEP_T : NONE_SLEEP_T; }
void wifi_fpm_do_wakeup() { isAsleep = false; }
void wifi_fpm_close() {}
bool wifi_set_opmode_current(WIFI_MODE now) {
  if (isAsleep) fail("the radio sleeps");
  mode = now;
  return true;
}
bool wifi_set_channel(uint8_t channel) {
  printf("sdk wifi channel %u\n", channel);
  return true;
}
bool wifi_station_set_config_current(station_config* config) {
  needsStation("a configuration");
  const std::string password(reinterpret_cast<char*>(config->password), strnlen(reinterpret_cast<char*>(config->password), 64));
  const std::string ssid(reinterpret_cast<char*>(config->ssid), strnlen(reinterpret_cast<char*>(config->ssid), 32));
  printf("sdk wifi config %s %s\n", ssid.c_str(), password.c_str());
  return true;
}
bool wifi_station_set_reconnect_policy(bool set) {
  printf("sdk wifi reconnect %d\n", set);
  return true;
}
bool wifi_station_connect() {
  needsStation("a connection");
  if (isPromiscuous) fail("a connection while the radio listens to everybody");
  stationStatus = STATION_CONNECTING;
  printf("sdk wifi connect\n");
  return true;
}
bool wifi_station_disconnect() {
  stationStatus = STATION_IDLE;
  printf("sdk wifi disconnect\n");
  return true;
}
uint8_t wifi_station_get_connect_status() { return stationStatus; }
int8_t wifi_station_get_rssi() { return rssi; }
bool wifi_station_scan(scan_config* config, scan_done_cb_t done) {
  needsStation("a scan");
  if (stationStatus != STATION_IDLE && stationStatus != STATION_GOT_IP) fail("a scan while the station looks for a network");
  if (config->ssid != nullptr || config->channel != 0 || config->show_hidden == 0) fail("a scan for some networks only");
  printf("sdk wifi scan\n");
  onScanned = done;
  return true;
}
void wifi_promiscuous_enable(uint8_t isOn) {
  needsStation("listening to everybody");
  isPromiscuous = isOn != 0;
  printf("sdk wifi promiscuous %u\n", isOn);
}
void wifi_set_promiscuous_rx_cb(wifi_promiscuous_cb_t received) { onFrame = received; }
int wifi_register_send_pkt_freedom_cb(freedom_outside_cb_t sent) {
  onSent = sent;
  return 0;
}
int wifi_send_pkt_freedom(uint8_t* bytes, int sizeBytes, bool systemSequence) {
  needsStation("a frame");
  printf("sdk wifi send %s %d\n", hexOf(bytes, static_cast<size_t>(sizeBytes)).c_str(), systemSequence);
  return 0;
}
