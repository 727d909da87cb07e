// What the host calls of the Arduino core for ESP8266, for builds without it (README.md). Prototypes only.
#pragma once
#include <stddef.h>
#include <stdint.h>

#define IRAM_ATTR __attribute__((section(".iram.text")))
#define INPUT 0x00
#define INPUT_PULLUP 0x02
#define OUTPUT 0x01
#define SPECIAL 0xf8
#define CHANGE 3
#define A0 17

extern "C" {
uint32_t millis(void);
uint64_t micros64(void);
void delay(unsigned long ms);
void pinMode(uint8_t pin, uint8_t mode);
void digitalWrite(uint8_t pin, uint8_t level);
int digitalRead(uint8_t pin);
int analogRead(uint8_t pin);
void analogWrite(uint8_t pin, int value);
void analogWriteRange(uint32_t range);
void attachInterruptArg(uint8_t pin, void (*routine)(void*), void* argument, int mode);
void detachInterrupt(uint8_t pin);
// Macros in the core.
void interrupts(void);
void noInterrupts(void);
}
