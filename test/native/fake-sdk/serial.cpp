/**
 * The serial port at 115,200 baud: whole lines out are told as `log`, when they are put into the FIFO; bytes in wait to be
 * read, as many as the core has been told to keep.
 */
#include <ets_sys.h>
#include <stdio.h>
#include <uart.h>

#include <algorithm>
#include <deque>

#include "fake.h"

namespace fake {
namespace {

/** What the port has room for at once (the core's UART_TX_FIFO_SIZE). */
constexpr size_t FIFO_BYTES = 128;
/** Start bit, 8 data bits, stop bit. */
constexpr uint64_t BYTE_NS = 10 * 1000000000ull / 115200;

std::string line;
std::deque<uint8_t> waiting;
size_t receiveMaxBytes;
uint64_t emptyAtNs;

size_t fifoBytes() {
  const uint64_t nowNs = nowUs * 1000;
  return emptyAtNs > nowNs ? static_cast<size_t>((emptyAtNs - nowNs + BYTE_NS - 1) / BYTE_NS) : 0;
}

void out(char byte, const char* kind) {
  if (byte == '\r') return;
  if (byte != '\n') {
    line += byte;
    return;
  }
  if (!line.empty()) printf("%s %s\n", kind, line.c_str());
  line.clear();
}

}  // namespace

void receiveSerial(const std::vector<uint8_t>& bytes) {
  const size_t kept = std::min(bytes.size(), receiveMaxBytes - waiting.size());
  waiting.insert(waiting.end(), bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(kept));
}

}  // namespace fake

using namespace fake;

struct uart_ {
} port;

uart_t* uart_init(int number, int baudRate, int, int, int, size_t ringBytes, bool) {
  receiveMaxBytes = ringBytes - 1;
  printf("sdk uart %d %d\n", number, baudRate);
  return &port;
}
size_t uart_write(uart_t*, const char* bytes, size_t sizeBytes) {
  for (size_t at = 0; at < sizeBytes; at++) {
    while (fifoBytes() >= FIFO_BYTES - 1) nowUs += BYTE_NS / 1000;
    emptyAtNs = std::max(emptyAtNs, nowUs * 1000) + BYTE_NS;
    out(bytes[at], "log");
  }
  return sizeBytes;
}
size_t uart_read(uart_t*, char* into, size_t capacityBytes) {
  size_t done = 0;
  for (; done < capacityBytes && !waiting.empty(); done++) {
    into[done] = static_cast<char>(waiting.front());
    waiting.pop_front();
  }
  return done;
}
size_t uart_rx_available(uart_t*) { return waiting.size(); }
size_t uart_tx_free(uart_t*) { return FIFO_BYTES - fifoBytes(); }
void uart_set_debug(int number) { printf("sdk uart debug %d\n", number); }
void uart_wait_tx_empty(uart_t*) {}
void ets_putc(char byte) { out(byte, "rom"); }
