/** The pins: levels, watched edges, the analogue input, pulse width; I2C is in i2c.cpp. */
#pragma once
#include <stdint.h>

namespace lintel {

void beginPins();
/** Ends the hold-offs that are over. */
void pinsTick();
/** All as after a reset: inputs, no watches, an empty log. */
void resetPins();
/** A PinMode that the pin has; ends pulses. */
void setPinMode(int32_t pin, int32_t mode);

}  // namespace lintel
