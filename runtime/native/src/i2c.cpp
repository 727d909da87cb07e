/**
 * I2C as a controller, by the core's software bus at 100 kHz. A write that is followed by a read keeps the bus (repeated
 * start). From the core's source (core_esp8266_si2c.cpp): its calls answer 0 = done, 2 = no answer to the address, 3 = a byte
 * was refused, 4 = the bus is held; a line is pulled low by making an output of a pin that was written low before; a write that
 * fails before a read sends no stop, but lets go of both lines, and the next transfer begins with a repeated start.
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
  lendPin(I2C_SDA_PIN);
  lendPin(I2C_SCL_PIN);
  twi_init(I2C_SDA_PIN, I2C_SCL_PIN);
  twi_setClockStretchLimit(STRETCH_MAX_US);
  const int32_t result = transfer(static_cast<unsigned char>(addr), wptr, wlen, rptr, rlen);
  takeBackPin(I2C_SDA_PIN);
  takeBackPin(I2C_SCL_PIN);
  return result;
}
