/**
 * Timing of 1-Wire at standard speed, microseconds, for every host and for the devices of the virtual board.
 *
 * Source: DS18B20 datasheet (Maxim/Analog Devices 19-7487), table "AC electrical characteristics" and figures 13 to 16: the reset
 * pulse is low for 480 at least (tRSTL), a device waits 15 to 60 (tPDHIGH) and is then low for 60 to 240 (tPDLOW), the bus is left
 * alone for 480 after the reset pulse (tRSTH); a slot takes 60 to 120 with 1 between two (tSLOT, tREC), a zero is low for 60 to
 * 120 (tLOW0), a one and a read begin with 1 to 15 of low (tLOW1), and what a device sends is valid until 15 after the beginning
 * (tRDV). Within those bounds the values here leave room on both sides, most for a line that rises slowly.
 */
export const ONEWIRE_RESET_LOW_US = 490;
/** From the end of the reset pulse: between 60, when the last device is low, and 75, when the first one may have let go. */
export const ONEWIRE_PRESENCE_SAMPLE_US = 68;
export const ONEWIRE_RESET_HIGH_US = 490;
export const ONEWIRE_START_LOW_US = 4;
/** From the beginning of a slot. */
export const ONEWIRE_READ_SAMPLE_US = 12;
export const ONEWIRE_ZERO_LOW_US = 64;
/** With the pause before the next one. */
export const ONEWIRE_SLOT_US = 70;
/** How long a line that was let go may take to rise before it counts as held. */
export const WIRE_RISE_MAX_US = 20;
