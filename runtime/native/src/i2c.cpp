/**
 * I2C as a controller, by the core's software bus at 100 kHz. A write that is followed by a read keeps the bus (repeated
 * start). Results of the core's calls, from its source (core_esp8266_si2c.cpp): 0 done, 2 no answer to the address, 3 a byte
 * was refused, 4 the bus is held. One that fails within a transfer sends no stop: the clock is let go first and the data line
 * after it, and that is one (NXP UM10204 3.1.4).
 */
#include <Arduino.h>
#include <twi.h>

#include "contract.h"
#include "pins.h"
#include "program-memory.h"

using namespace lintel;

namespace {

constexpr int32_t ADDRESS_MAX = 0x7f;
constexpr unsigned char NO_ANSWER = 2;
/** A device that holds the clock longer is not waited for: no host function may take long. */
constexpr uint32_t STRETCH_MAX_US = 1000;

int32_t resultOf(unsigned char status) {
  if (status == 0) return 0;
  return status == NO_ANSWER ? HostError::NoDevice : HostError::Broken;
}

void takePins() {
  setPinMode(I2C_SCL_PIN, PinMode::InputPullup);
  setPinMode(I2C_SDA_PIN, PinMode::InputPullup);
}

int32_t transfer(unsigned char address, uint32_t wptr, int32_t wlen, uint32_t rptr, int32_t rlen) {
  // With nothing to read, an empty write still asks whether somebody answers.
  if (wlen > 0 || rlen == 0) {
    const unsigned char status = twi_writeTo(address, bytesAt(wptr), static_cast<unsigned>(wlen), rlen == 0);
    if (status != 0) return resultOf(status);
  }
  if (rlen == 0) return 0;
  const int32_t result = resultOf(twi_readFrom(address, bytesAt(rptr), static_cast<unsigned>(rlen), true));
  return result < 0 ? result : rlen;
}

}  // namespace

extern "C" int32_t host_i2c_transfer(int32_t addr, uint32_t wptr, int32_t wlen, uint32_t rptr, int32_t rlen) {
  const int32_t writeFault = rangeFault(wptr, wlen);
  if (writeFault < 0) return writeFault;
  const int32_t readFault = rangeFault(rptr, rlen);
  if (readFault < 0) return readFault;
  if (addr < 0 || addr > ADDRESS_MAX) return HostError::BadArgument;
  if (static_cast<uint32_t>(wlen) + static_cast<uint32_t>(rlen) > I2C_TRANSFER_MAX_BYTES) return HostError::BadArgument;
  takePins();
  twi_init(I2C_SDA_PIN, I2C_SCL_PIN);
  twi_setClockStretchLimit(STRETCH_MAX_US);
  const int32_t result = transfer(static_cast<unsigned char>(addr), wptr, wlen, rptr, rlen);
  takePins();
  return result;
}
