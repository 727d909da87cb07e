/** The pins: levels, watched edges, the analogue input, pulse width; I2C is in i2c.cpp. */
#pragma once
#include <stdint.h>

namespace lintel {

void beginPins();
/** Ends the hold-offs that are over. */
void pinsTick();
/** All as after a reset: inputs, no watches, an empty log. */
void resetPins();
bool isUsablePin(int32_t pin);

}  // namespace lintel
