/**
 * I2C as a controller, by the core's software bus: SDA on GPIO4, SCL on GPIO5, where boards of this chip label them;
 * 100 kHz. A write that is followed by a read keeps the bus (repeated start). Results of the core's twi_writeTo, from
 * its source: 0 done, 2 no answer to the address, 3 a byte was refused, 4 the bus is held. A transfer of I2C_MAX_BYTES
 * takes 12 ms.
 */
#include <Arduino.h>
#include <twi.h>

#include "contract.h"
#include "program-memory.h"

using namespace lintel;

namespace {

constexpr unsigned char SDA_PIN = 4;
constexpr unsigned char SCL_PIN = 5;
constexpr int32_t ADDRESS_MAX = 0x7f;
constexpr int32_t I2C_MAX_BYTES = 128;
constexpr unsigned char NO_ANSWER = 2;

int32_t resultOf(unsigned char status) {
  if (status == 0) return 0;
  return status == NO_ANSWER ? HostError::NotConnected : HostError::Broken;
}

}  // namespace

extern "C" int32_t host_i2c_transfer(int32_t addr, uint32_t wptr, int32_t wlen, uint32_t rptr, int32_t rlen) {
  const int32_t writeFault = rangeFault(wptr, wlen);
  if (writeFault < 0) return writeFault;
  const int32_t readFault = rangeFault(rptr, rlen);
  if (readFault < 0) return readFault;
  if (addr < 0 || addr > ADDRESS_MAX || wlen > I2C_MAX_BYTES || rlen > I2C_MAX_BYTES) return HostError::BadArgument;
  const unsigned char address = static_cast<unsigned char>(addr);
  twi_init(SDA_PIN, SCL_PIN);
  // With nothing to read, an empty write still asks whether somebody answers.
  if (wlen > 0 || rlen == 0) {
    const unsigned char status = twi_writeTo(address, bytesAt(wptr), static_cast<unsigned>(wlen), rlen == 0);
    if (status != 0) return resultOf(status);
  }
  if (rlen == 0) return 0;
  const int32_t result = resultOf(twi_readFrom(address, bytesAt(rptr), static_cast<unsigned>(rlen), true));
  return result < 0 ? result : rlen;
}
