/**
 * The serial line. What is said goes through a queue, so that a line of log does not hold up a program for the 23 ms
 * that 256 bytes take; when the queue is full, the caller waits for room, since a lost line costs more than a late
 * poll. Of a program no more is taken than SERIAL_SEND_BYTES under way, log lines included.
 *
 * The core keeps what has come in a ring that holds a byte less than it is told, and drops the oldest bytes of a full one,
 * unless it is built with UART_DISCARD_NEWEST (platformio.ini, cores/esp8266/uart.cpp).
 */
#include "serial.h"

#include <Arduino.h>
#include <uart.h>
extern "C" {
#include <ets_sys.h>
}

#include "contract.h"
#include "host.h"
#include "log-format.h"
#include "program-memory.h"

namespace lintel {
namespace {

constexpr uint32_t SEND_QUEUE_BYTES = 1024;
constexpr size_t RECEIVE_RING_BYTES = SERIAL_RECEIVE_BYTES + 1;
/** ESP8266 Technical Reference 11.2. */
constexpr uint32_t FIFO_BYTES = 128;
constexpr int TX_PIN = 1;
constexpr uint32_t MS_PER_S = 1000;

uart_t* uart;
char queue[SEND_QUEUE_BYTES];
uint32_t queuedFrom;
uint32_t queuedBytes;
size_t seenBytes;
/** A write took fewer bytes than it was given. */
bool wantsRoom;
bool isCrashed;

char takeQueued() {
  const char byte = queue[queuedFrom];
  queuedFrom = (queuedFrom + 1) % SEND_QUEUE_BYTES;
  queuedBytes--;
  return byte;
}

void sendOne() {
  const char byte = takeQueued();
  uart_write(uart, &byte, 1);
}

uint32_t roomBytes() {
  const uint32_t underWayBytes = queuedBytes + FIFO_BYTES - uart_tx_free(uart);
  return underWayBytes < SERIAL_SEND_BYTES ? SERIAL_SEND_BYTES - underWayBytes : 0;
}

}  // namespace

void serialBegin() {
  uart = uart_init(UART0, SERIAL_BAUD, UART_8N1, UART_FULL, TX_PIN, RECEIVE_RING_BYTES, false);
  // The SDK has things to say too (scans, modes), in no form that a monitor knows.
  uart_set_debug(UART_NO);
}

void serialTick() {
  for (size_t room = uart_tx_free(uart); room > 0 && queuedBytes > 0; room--) sendOne();
  if (wantsRoom && roomBytes() >= FIFO_BYTES) {
    wantsRoom = false;
    wake();
  }
  const size_t available = uart_rx_available(uart);
  if (available > seenBytes) wake();
  seenBytes = available;
}

void serialForget() {
  char byte;
  while (uart_read(uart, &byte, 1) > 0) {
  }
  seenBytes = 0;
  wantsRoom = false;
}

void serialFlush() {
  while (queuedBytes > 0) sendOne();
  uart_wait_tx_empty(uart);
}

void serialCrashed() {
  isCrashed = true;
  while (queuedBytes > 0) ets_putc(takeQueued());
}

void put(char byte) {
  if (isCrashed) {
    ets_putc(byte);
    return;
  }
  if (queuedBytes == SEND_QUEUE_BYTES) sendOne();
  queue[(queuedFrom + queuedBytes) % SEND_QUEUE_BYTES] = byte;
  queuedBytes++;
}

void putText(const char* text) {
  while (*text != '\0') put(*text++);
}

void putNumber(uint32_t value) {
  if (value >= 10) putNumber(value / 10);
  put(static_cast<char>('0' + value % 10));
}

void putHex(uint32_t value) {
  putText("0x");
  for (int shift = 28; shift >= 0; shift -= 4) put("0123456789abcdef"[(value >> shift) & 0xf]);
}

void endLine() { putText("\r\n"); }

void beginLog(int32_t level) {
  const uint32_t ms = millis();
  putNumber(ms / MS_PER_S);
  put('.');
  if (ms % MS_PER_S < 100) put('0');
  if (ms % MS_PER_S < 10) put('0');
  putNumber(ms % MS_PER_S);
  put(' ');
  putText(LOG_LEVEL_NAMES[level]);
  put(' ');
}

void logLine(int32_t level, const char* text) {
  beginLog(level);
  putText(text);
  endLine();
}

}  // namespace lintel

using namespace lintel;

extern "C" int32_t host_serial_read(uint32_t ptr, int32_t cap) {
  const int32_t fault = rangeFault(ptr, cap);
  if (fault < 0) return fault;
  const size_t taken = uart_read(uart, reinterpret_cast<char*>(bytesAt(ptr)), static_cast<size_t>(cap));
  seenBytes = uart_rx_available(uart);
  return static_cast<int32_t>(taken);
}

extern "C" int32_t host_serial_write(uint32_t ptr, int32_t len) {
  const int32_t fault = rangeFault(ptr, len);
  if (fault < 0) return fault;
  const uint32_t room = roomBytes();
  const uint32_t taken = static_cast<uint32_t>(len) < room ? static_cast<uint32_t>(len) : room;
  if (taken < static_cast<uint32_t>(len)) wantsRoom = true;
  for (uint32_t index = 0; index < taken; index++) put(static_cast<char>(bytesAt(ptr)[index]));
  return static_cast<int32_t>(taken);
}

extern "C" int32_t host_log(int32_t level, uint32_t ptr, int32_t len) {
  const int32_t fault = rangeFault(ptr, len);
  if (fault < 0) return fault;
  if (level < LogLevel::Error || level > LogLevel::Debug) return HostError::BadArgument;
  if (static_cast<uint32_t>(len) > LOG_MAX_BYTES) return HostError::BadArgument;
  beginLog(level);
  for (int32_t index = 0; index < len; index++) {
    const uint8_t byte = bytesAt(ptr)[index];
    put(byte < 0x20 || byte == 0x7f ? '?' : static_cast<char>(byte));
  }
  endLine();
  return 0;
}
