/**
 * Host functions of the radio group; records, and who has the radio when, are those of contract/host-abi.ts. Addresses of
 * phones become hashes with a salt that is random, new with each start of the host and told to nobody: within a start one
 * sender has one hash, and no list of addresses can be held against it.
 *
 * What the SDK hands over: 12 bytes about the reception, the first of them the strength, then up to 112 of the frame
 * when it is one of management; 128 bytes in all (ESP8266 Technical Reference, "Sniffer Structure Introduction").
 * Frames: IEEE 802.11-2020 9.2.4.1 (frame control), 9.3.3.1 (addresses).
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
#include "scan.h"

namespace lintel {
namespace {

constexpr uint32_t SALT_BYTES = 16;
constexpr uint32_t MAC_BYTES = 6;
constexpr uint16_t MANAGEMENT_BYTES = 128;
constexpr uint32_t FRAME_OFFSET = 12;
constexpr uint32_t SENDER_OFFSET = FRAME_OFFSET + 10;
/** The first byte of frame control: version 0, type management. The second has flags, and a beacon has none. */
constexpr uint8_t PROBE_REQUEST = 0x40;
constexpr uint8_t BEACON = 0x80;
constexpr uint16_t DROPPED_MAX = 0xffff;
/** Where beacons go while the radio is nowhere. */
constexpr uint8_t HOME_CHANNEL = 1;
/** The SDK tells when a frame has left; should it forget to, the next one may go after this. */
constexpr uint32_t SEND_MAX_MS = 100;

struct Heard {
  uint8_t kind;
  uint8_t strength;
  uint16_t droppedBefore;
  uint32_t atMs;
  uint8_t sender[MAC_BYTES];
  uint8_t channel;
};

Heard heard[RADIO_LOG_MAX];
uint32_t oldest;
uint32_t heardCount;
/** 0 = it does not listen. */
uint8_t channelNow;
bool isSalted;
uint8_t salt[SALT_BYTES];
volatile bool isSending;
uint32_t sentAtMs;

/** A full log drops its oldest record, as that of edges does. */
void makeRoom() {
  if (heardCount < RADIO_LOG_MAX) return;
  const uint32_t dropped = heard[oldest].droppedBefore + 1u;
  oldest = (oldest + 1) % RADIO_LOG_MAX;
  heardCount--;
  const uint32_t sum = heard[oldest].droppedBefore + dropped;
  heard[oldest].droppedBefore = sum > DROPPED_MAX ? DROPPED_MAX : static_cast<uint16_t>(sum);
}

void onFrame(uint8_t* bytes, uint16_t sizeBytes) {
  if (sizeBytes != MANAGEMENT_BYTES) return;
  const uint8_t control = bytes[FRAME_OFFSET];
  if (control != PROBE_REQUEST && control != BEACON) return;
  makeRoom();
  Heard& one = heard[(oldest + heardCount) % RADIO_LOG_MAX];
  heardCount++;
  const int8_t dbm = static_cast<int8_t>(bytes[0]);
  one.kind = control == BEACON ? RadioKind::Beacon : RadioKind::Probe;
  one.strength = static_cast<uint8_t>(dbm < 0 ? -dbm : 0);
  one.droppedBefore = 0;
  one.atMs = millis();
  one.channel = channelNow;
  memcpy(one.sender, bytes + SENDER_OFFSET, MAC_BYTES);
  wake();
}

void onSent(uint8_t) { isSending = false; }

void putPseudonym(const Heard& one, uint8_t* into) {
  uint8_t digest[SHA256_BYTES];
  br_sha256_context context;
  br_sha256_init(&context);
  br_sha256_update(&context, salt, SALT_BYTES);
  br_sha256_update(&context, one.sender, MAC_BYTES);
  br_sha256_out(&context, digest);
  memcpy(into, digest, RADIO_WHO_BYTES);
}

void putRecord(const Heard& one, uint8_t* into) {
  const uint32_t ageMs = millis() - one.atMs;
  into[0] = one.kind;
  into[1] = one.strength;
  memcpy(into + 2, &one.droppedBefore, sizeof one.droppedBefore);
  memcpy(into + 4, &ageMs, sizeof ageMs);
  uint8_t* who = into + RADIO_RECORD_BYTES - RADIO_WHO_BYTES;
  if (one.kind == RadioKind::Probe) {
    putPseudonym(one, who);
    return;
  }
  memcpy(who, one.sender, MAC_BYTES);
  who[MAC_BYTES] = one.channel;
  who[MAC_BYTES + 1] = 0;
}

void beginListening() {
  if (!isSalted) os_get_random(salt, SALT_BYTES);
  isSalted = true;
  leaveNetwork();
  beginStation();
  wifi_set_promiscuous_rx_cb(onFrame);
  wifi_promiscuous_enable(1);
}

void endListening() {
  if (channelNow != 0) wifi_promiscuous_enable(0);
  channelNow = 0;
}

}  // namespace

bool isListening() { return channelNow != 0; }

void stopRadio() {
  endListening();
  heardCount = 0;
  isSending = false;
}

}  // namespace lintel

using namespace lintel;

extern "C" int32_t host_radio_sniff(int32_t channel) {
  if (channel < 0 || static_cast<uint32_t>(channel) > RADIO_CHANNEL_MAX) return HostError::BadArgument;
  if (channel == 0) {
    endListening();
    return 0;
  }
  if (isScanning()) return HostError::Busy;
  if (channelNow == 0) beginListening();
  channelNow = static_cast<uint8_t>(channel);
  wifi_set_channel(channelNow);
  return 0;
}

extern "C" int32_t host_radio_read(uint32_t ptr, int32_t cap) {
  const int32_t fault = rangeFault(ptr, cap);
  if (fault < 0) return fault;
  const uint32_t room = static_cast<uint32_t>(cap);
  if (room < RADIO_RECORD_BYTES) return HostError::BadArgument;
  uint32_t done = 0;
  for (; heardCount > 0 && room - done >= RADIO_RECORD_BYTES; done += RADIO_RECORD_BYTES) {
    putRecord(heard[oldest], bytesAt(ptr) + done);
    oldest = (oldest + 1) % RADIO_LOG_MAX;
    heardCount--;
  }
  return static_cast<int32_t>(done);
}

extern "C" int32_t host_radio_beacon(uint32_t ptr, int32_t len) {
  const int32_t fault = rangeFault(ptr, len);
  if (fault < 0) return fault;
  const uint32_t sizeBytes = static_cast<uint32_t>(len);
  if (sizeBytes < RADIO_FRAME_MIN_BYTES || sizeBytes > RADIO_FRAME_MAX_BYTES) return HostError::BadArgument;
  if (bytesAt(ptr)[0] != BEACON || bytesAt(ptr)[1] != 0) return HostError::BadArgument;
  if (isScanning() || (isSending && millis() - sentAtMs < SEND_MAX_MS)) return HostError::Busy;
  if (networkStatus() == NetStatus::Down && !isListening()) {
    beginStation();
    wifi_set_channel(HOME_CHANNEL);
  }
  wifi_register_send_pkt_freedom_cb(onSent);
  // The SDK refuses a frame while it has one of its own on the way.
  isSending = wifi_send_pkt_freedom(bytesAt(ptr), len, false) == 0;
  sentAtMs = millis();
  return isSending ? 0 : HostError::Busy;
}
