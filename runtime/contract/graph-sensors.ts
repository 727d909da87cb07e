/**
 * What a sensor graph can declare and call on a device that measures by graphs (firmware/streamer): numbers for programs. What
 * they mean, with units, for people and compilers: graph-call-table.ts. A number is never reused for another meaning.
 *
 * `config slot N { set 0x8000 to 5 as uint8_t; set 0x8001 to 12 as uint8_t; }` puts a DS18B20 at GPIO12 into slot N; then
 * `call 0x8000 on slot N => output 1` takes its first value.
 */

/** Value of GraphSlotConfig.Kind. */
export enum GraphSensor {
  /** The analogue input. */
  Analogue = 1,
  /** A contact, a button, a detector. */
  DigitalInput = 2,
  /** A relay, a lamp. */
  DigitalOutput = 3,
  PulseCounter = 4,
  /** Alone at its pin. */
  Ds18b20 = 5,
  /** DHT22, AM2302. */
  Dht22 = 6,
  /** BME280 or BMP280: the chip says which. */
  Bme280 = 7,
}

/** Config ids of a slot, all of them numbers. */
export enum GraphSlotConfig {
  /** GraphSensor; a slot without it has nothing in it */
  Kind = 0x8000,
  /** GPIO; not of what is on I2C, nor of the analogue input */
  Pin = 0x8001,
  /** seconds between two measurements */
  PeriodS = 0x8002,
  /** 1: on, or active, while the pin is high */
  ActiveHigh = 0x8003,
  DebounceMs = 0x8004,
  /** on I2C */
  Address = 0x8005,
  /** millivolts that give the largest reading of the analogue input */
  RangeMv = 0x8006,
  /** id of the `input` stream that each good measurement of the first value goes to; the second and third follow */
  FirstInput = 0x8010,
  SecondInput = 0x8011,
  ThirdInput = 0x8012,
}

/** Functions of a slot. */
export enum GraphSlotCall {
  /** The values of a sensor, in the order of graph-call-table.ts. */
  First = 0x8000,
  Second = 0x8001,
  Third = 0x8002,
  /** SensorStatus of the last measurement; the one call of a sensor that always answers. */
  Status = 0x8003,
  /** Of an output; each answers with the new state. */
  Off = 0x8010,
  On = 0x8011,
  Toggle = 0x8012,
}

/** Functions of `controller`. */
export enum GraphControllerCall {
  UptimeS = 0x8000,
  FreeBytes = 0x8001,
  RssiDbm = 0x8002,
  Queued = 0x8003,
  Held = 0x8004,
  /** 0 to 1023, measured by the call itself. */
  Adc = 0x8005,
  /** Writes a line to the log that says which board this is, and answers 1. */
  Identify = 0x8006,
}

/** Slots of a graph that can have something in them at once. */
export const GRAPH_SENSORS_MAX = 8;
export const GRAPH_PERIOD_MAX_S = 86400;
export const GRAPH_PERIOD_DEFAULT_S = 10;
export const GRAPH_DEBOUNCE_MAX_MS = 1000;
/** Of a contact; pulses have 0 by default. */
export const GRAPH_DEBOUNCE_DEFAULT_MS = 20;
export const GRAPH_RANGE_MAX_MV = 65535;
/** The chip's own input; boards with a divider have more (`adc.maxVolts` of the board's file). */
export const GRAPH_RANGE_DEFAULT_MV = 1000;
/** A BME280's two addresses. */
export const GRAPH_BME280_ADDRESS = 0x76;
export const GRAPH_BME280_ADDRESS_MAX = 0x77;
