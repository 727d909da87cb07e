/** The pins: levels, watched edges, the analogue input, pulse width; I2C is in i2c.cpp, wires with devices in wires.cpp. */
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
/** For a bus: an input with pull-up, low whenever the bus makes an output of it. */
void lendPin(int32_t pin);
/** 0, or the HostError of a pin that can have no wire with devices. */
int32_t wirePinFault(int32_t pin);
/** As lendPin; nobody watches the pin any more. */
void lendWirePin(int32_t pin);
/** Still an input with pull-up; as an output it shows what it did before. */
void takeBackPin(int32_t pin);

}  // namespace lintel
