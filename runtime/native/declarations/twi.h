// The core's I2C in software. Prototypes only.
#pragma once
#include <stdint.h>

extern "C" {
int twi_init(unsigned char sda, unsigned char scl);
void twi_setClockStretchLimit(uint32_t us);
unsigned char twi_writeTo(unsigned char address, unsigned char* bytes, unsigned int sizeBytes, unsigned char sendStop);
unsigned char twi_readFrom(unsigned char address, unsigned char* into, unsigned int sizeBytes, unsigned char sendStop);
}
