/**
 * Host functions of the radio group. The radio hears one channel at a time, so `radio_sniff` leaves the network, and
 * `net_join` ends the sniffing.
 *
 * A record, RADIO_RECORD_BYTES: 6 bytes, the first of the SHA-256 of a salt and the sender's address; u8 strength as
 * -dBm; u8 the records lost before it; u32 age, milliseconds, little-endian. The salt is random and new with each start
 * of the host and is never told: within a start one sender has one hash, and no list of addresses can be held against
 * it.
 *
 * What the SDK hands over: 12 bytes about the reception, the first of them the strength, then up to 112 of the frame
 * when it is one of management; 128 bytes in all (ESP8266 Technical Reference, "Sniffer Structure Introduction").
 * Frames: IEEE 802.11-2020 9.2.4.1 (frame control) and 9.3.3.9 (probe request).
 */
#include "radio.h"

#include <Arduino.h>
#include <bearssl/bearssl.h>
#include <string.h>
extern "C" {
#include <osapi.h>
#include <user_interface.h>
}

#include "contract.h"
#include "host.h"
#include "network.h"
#include "program-memory.h"

namespace lintel {
namespace {

constexpr uint32_t RADIO_LOG_MAX = 32;
constexpr uint32_t SALT_BYTES = 16;
constexpr uint32_t HASH_BYTES = 6;
constexpr uint32_t MAC_BYTES = 6;
constexpr uint16_t MANAGEMENT_BYTES = 128;
constexpr uint32_t FRAME_OFFSET = 12;
constexpr uint32_t SENDER_OFFSET = FRAME_OFFSET + 10;
constexpr uint8_t PROBE_REQUEST = 0x40;
/** Frame control: version and type; all zeros for management. */
constexpr uint8_t TYPE_MASK = 0x0f;
constexpr int32_t CHANNEL_MAX = 14;
/** The header of a management frame, and what the SDK takes at most (wifi_send_pkt_freedom). */
constexpr int32_t FRAME_MIN_BYTES = 24;
constexpr int32_t FRAME_MAX_BYTES = 1400;
constexpr uint8_t LOST_MAX = 0xff;

struct Heard {
  uint8_t sender[MAC_BYTES];
  uint8_t strength;
  uint8_t lostBefore;
  uint32_t atMs;
};

Heard heard[RADIO_LOG_MAX];
uint32_t oldest;
uint32_t heardCount;
bool isOn;
bool isSalted;
uint8_t salt[SALT_BYTES];

/** A full log drops its oldest record, as that of edges does. */
void makeRoom() {
  if (heardCount < RADIO_LOG_MAX) return;
  const uint32_t lost = heard[oldest].lostBefore + 1u;
  oldest = (oldest + 1) % RADIO_LOG_MAX;
  heardCount--;
  const uint32_t sum = heard[oldest].lostBefore + lost;
  heard[oldest].lostBefore = sum > LOST_MAX ? LOST_MAX : static_cast<uint8_t>(sum);
}

void onFrame(uint8_t* bytes, uint16_t sizeBytes) {
  if (sizeBytes != MANAGEMENT_BYTES || bytes[FRAME_OFFSET] != PROBE_REQUEST) return;
  makeRoom();
  Heard& one = heard[(oldest + heardCount) % RADIO_LOG_MAX];
  heardCount++;
  memcpy(one.sender, bytes + SENDER_OFFSET, MAC_BYTES);
  const int8_t dbm = static_cast<int8_t>(bytes[0]);
  one.strength = static_cast<uint8_t>(dbm < 0 ? -dbm : 0);
  one.lostBefore = 0;
  one.atMs = millis();
  wake();
}

void hashOf(const Heard& one, uint8_t* into) {
  uint8_t digest[SHA256_BYTES];
  br_sha256_context context;
  br_sha256_init(&context);
  br_sha256_update(&context, salt, SALT_BYTES);
  br_sha256_update(&context, one.sender, MAC_BYTES);
  br_sha256_out(&context, digest);
  memcpy(into, digest, HASH_BYTES);
}

}  // namespace

void stopRadio() {
  if (isOn) wifi_promiscuous_enable(0);
  isOn = false;
  heardCount = 0;
}

}  // namespace lintel

using namespace lintel;

extern "C" int32_t host_radio_sniff(int32_t channel) {
  if (channel < 0 || channel > CHANNEL_MAX) return HostError::BadArgument;
  stopRadio();
  if (channel == 0) return 0;
  if (!isSalted) os_get_random(salt, SALT_BYTES);
  isSalted = true;
  leaveNetwork();
  beginStation();
  wifi_set_promiscuous_rx_cb(onFrame);
  wifi_promiscuous_enable(1);
  wifi_set_channel(static_cast<uint8_t>(channel));
  isOn = true;
  return 0;
}

extern "C" int32_t host_radio_read(uint32_t ptr, int32_t cap) {
  const int32_t fault = rangeFault(ptr, cap);
  if (fault < 0) return fault;
  if (static_cast<uint32_t>(cap) < RADIO_RECORD_BYTES) return HostError::BadArgument;
  if (heardCount == 0) return 0;
  const Heard& one = heard[oldest];
  uint8_t* into = bytesAt(ptr);
  hashOf(one, into);
  into[HASH_BYTES] = one.strength;
  into[HASH_BYTES + 1] = one.lostBefore;
  const uint32_t ageMs = millis() - one.atMs;
  memcpy(into + HASH_BYTES + 2, &ageMs, sizeof ageMs);
  oldest = (oldest + 1) % RADIO_LOG_MAX;
  heardCount--;
  return RADIO_RECORD_BYTES;
}

extern "C" int32_t host_radio_beacon(uint32_t ptr, int32_t len) {
  const int32_t fault = rangeFault(ptr, len);
  if (fault < 0) return fault;
  if (len < FRAME_MIN_BYTES || len > FRAME_MAX_BYTES) return HostError::BadArgument;
  if ((bytesAt(ptr)[0] & TYPE_MASK) != 0) return HostError::BadArgument;
  if (networkStatus() == NetStatus::Down && !isOn) beginStation();
  return wifi_send_pkt_freedom(bytesAt(ptr), len, false) == 0 ? 0 : HostError::NotConnected;
}
