/**
 * The DS18B20 thermometer, powered by a wire of its own.
 *
 * Source: DS18B20 datasheet (Maxim/Analog Devices 19-7487): figure 7 and 8 (scratchpad, configuration), table 2 (conversion
 * times), "DS18B20 function commands". The reserved byte 6 is what devices show after power-on; the datasheet leaves it open.
 */
import { oneWireCrc } from "./crc8.ts";
import { OneWireDevice } from "./one-wire-device.ts";

export const DS18B20_FAMILY = 0x28;

enum FunctionCommand {
  ConvertT = 0x44,
  WriteScratchpad = 0x4e,
  ReadPowerSupply = 0xb4,
  RecallE2 = 0xb8,
  ReadScratchpad = 0xbe,
  CopyScratchpad = 0x48,
}

/** +85 degrees. */
const POWER_ON_RAW = 0x0550;
/** TH, TL and the configuration register as they leave the factory: 75, 70, 12 bits. */
const FACTORY_EEPROM = [0x4b, 0x46, 0x7f];
const RESERVED = [0xff, 0x0c, 0x10];
const FIRST_SETTING = 2;
const CONFIGURATION = 4;
const R_SHIFT = 5;
const R_MASK = 3;
/** With 12 bits. */
const CONVERSION_US = 750_000;
const PER_DEGREE = 16;

export class Ds18b20 extends OneWireDevice {
  temperatureC = 20;
  /** Scratchpads read from now on have a wrong bit. */
  hasBadCrc = false;
  #eeprom = FACTORY_EEPROM;
  #scratchpad: number[] = [];
  #conversionEndUs = 0;
  #convertingRaw: number | undefined;

  constructor(serial: number) {
    super(DS18B20_FAMILY, serial);
    this.powerOn();
  }

  /** Power was away: a conversion is lost, and the scratchpad is as the EEPROM says. */
  powerOn(): void {
    this.#scratchpad = [POWER_ON_RAW & 0xff, POWER_ON_RAW >> 8, ...this.#eeprom, ...RESERVED];
    this.#convertingRaw = undefined;
    this.#conversionEndUs = 0;
    this.deafen();
  }

  protected command(code: number, atUs: number): void {
    this.#settle(atUs);
    switch (code) {
      case FunctionCommand.ConvertT:
        this.#convertingRaw = this.#rawNow();
        this.#conversionEndUs = atUs + this.conversionUs;
        return this.tell((nowUs) => nowUs >= this.#conversionEndUs);
      case FunctionCommand.ReadScratchpad: {
        const bytes = [...this.#scratchpad, oneWireCrc(this.#scratchpad)];
        if (this.hasBadCrc) bytes[0] = (bytes[0] as number) ^ 0x10;
        return this.send(bytes);
      }
      case FunctionCommand.WriteScratchpad:
        return this.receive(3, ([high = 0, low = 0, configuration = 0]) => {
          // Of the configuration register bits 5 and 6 can be written; bit 7 is 0, bits 0 to 4 are ones.
          this.#scratchpad.splice(FIRST_SETTING, 3, high, low, (configuration & (R_MASK << R_SHIFT)) | 0x1f);
          this.deafen();
        });
      case FunctionCommand.CopyScratchpad:
        this.#eeprom = this.#scratchpad.slice(FIRST_SETTING, CONFIGURATION + 1);
        return this.tell(() => true);
      case FunctionCommand.RecallE2:
        this.#scratchpad.splice(FIRST_SETTING, 3, ...this.#eeprom);
        return this.tell(() => true);
      case FunctionCommand.ReadPowerSupply:
        return this.tell(() => true);
    }
  }

  get conversionUs(): number {
    return CONVERSION_US >> (R_MASK - this.#resolution);
  }

  /** 0 is 9 bits, 3 is 12. */
  get #resolution(): number {
    return ((this.#scratchpad[CONFIGURATION] as number) >> R_SHIFT) & R_MASK;
  }

  /** The bits that a lower resolution leaves undefined are zeros here. */
  #rawNow(): number {
    const undefinedBits = R_MASK - this.#resolution;
    return (Math.round(this.temperatureC * PER_DEGREE) >> undefinedBits) << undefinedBits;
  }

  #settle(atUs: number): void {
    if (this.#convertingRaw === undefined || atUs < this.#conversionEndUs) return;
    this.#scratchpad.splice(0, 2, this.#convertingRaw & 0xff, (this.#convertingRaw >> 8) & 0xff);
    this.#convertingRaw = undefined;
  }
}
