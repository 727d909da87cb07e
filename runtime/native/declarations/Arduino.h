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
unsigned long micros(void);
uint64_t micros64(void);
void delay(unsigned long ms);
void delayMicroseconds(unsigned int us);
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

// Registers of GPIO0 to GPIO15, a bit a pin, as the core's esp8266_peri.h names them: output enabled, output disabled, level.
#ifdef __XTENSA__
#define ESP8266_REG(offset) (*reinterpret_cast<volatile uint32_t*>(0x60000000 + (offset)))
#define GPES ESP8266_REG(0x310)
#define GPEC ESP8266_REG(0x314)
#define GPI ESP8266_REG(0x318)
#else
// On a PC a test's fake stands for each.
struct FakeGpioRegister {
  uint32_t number;
  void operator=(uint32_t pins) const;
  operator uint32_t() const;
};
extern const FakeGpioRegister GPES;
extern const FakeGpioRegister GPEC;
extern const FakeGpioRegister GPI;
#endif
