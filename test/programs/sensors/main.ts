/**
 * One of every sensor that the device library drives, for tests: says each reading in the log, its value as information, or
 * its status as a warning where that is not Good. The thermometers on the 1-Wire pin are searched for at the start.
 */
import { LogLevel, PinEdge, PinMode } from "../../../runtime/contract/host-abi.ts";
import { SensorStatus } from "../../../runtime/contract/sensor-reading.ts";
import {
  Adc,
  Bme280,
  clock_ms,
  Dht22,
  Digital,
  Ds18b20,
  heap_limit,
  heap_used,
  logValue,
  OneWireSearch,
  PulseCounter,
  SearchState,
  Sensor,
} from "../../../runtime/device/index.ts";

export { heap_limit, heap_used };

/** Pins, and how often; a test may edit the latter. */
const ONE_WIRE_PIN = 13;
const DHT_PIN = 12;
const SWITCH_PIN = 14;
const METER_PIN = 2;
const EVERY_MS: u32 = 60000;
const ADC_RANGE_MV: u32 = 3200;
const THERMOMETERS = 3;
/** Of the thermometers in turn. */
const RESOLUTION = 12;
const SEARCH_AGAIN_MS: u32 = 1000;
const IDLE_MS: u32 = 60_000;

const search = new OneWireSearch(ONE_WIRE_PIN);
const thermometers = new StaticArray<Ds18b20>(THERMOMETERS);
const bme280 = new Bme280(EVERY_MS);
const bmp280 = new Bme280(EVERY_MS, 0x77);
const dht22 = new Dht22(DHT_PIN, EVERY_MS);
const adc = new Adc(EVERY_MS, ADC_RANGE_MV);
const contact = new Digital(SWITCH_PIN, EVERY_MS);
const meter = new PulseCounter(METER_PIN, EVERY_MS, PinMode.InputPullup, PinEdge.Falling, 1);
let found = 0;
let isSearching = true;
let searchDueMs: u32 = 0;

for (let i = 0; i < THERMOMETERS; i++) thermometers[i] = new Ds18b20(ONE_WIRE_PIN, EVERY_MS, 0, RESOLUTION);

export function start(): void {
  const nowMs = clock_ms();
  searchDueMs = nowMs;
  bme280.begin(nowMs);
  bmp280.begin(nowMs);
  dht22.begin(nowMs);
  adc.begin(nowMs);
  contact.begin(nowMs);
  meter.begin(nowMs);
}

export function poll(): u32 {
  let delayMs = isSearching ? find(clock_ms()) : pollThermometers();
  delayMs = min(delayMs, serve(bme280, "bme280.0 ", "bme280.1 ", "bme280.2 "));
  delayMs = min(delayMs, serve(bmp280, "bmp280.0 ", "bmp280.1 ", "bmp280.2 "));
  delayMs = min(delayMs, serve(dht22, "dht22.0 ", "dht22.1 ", ""));
  delayMs = min(delayMs, serve(adc, "adc ", "", ""));
  delayMs = min(delayMs, serve(contact, "contact ", "", ""));
  return min(delayMs, serve(meter, "pulses ", "total ", ""));
}

function find(nowMs: u32): u32 {
  if (<i32>(searchDueMs - nowMs) > 0) return searchDueMs - nowMs;
  const state = search.poll();
  if (state == SearchState.Found && found < THERMOMETERS) {
    const thermometer = thermometers[found++];
    thermometer.choose(search.rom);
    thermometer.begin(nowMs);
    logValue(LogLevel.Info, "family ", <i32>(search.rom & 0xff));
    logValue(LogLevel.Info, "serial ", <i32>(search.rom >> 8));
  }
  if (state == SearchState.Failed || (state == SearchState.End && found == 0)) {
    logValue(LogLevel.Warning, "search ", state);
    found = 0;
    searchDueMs = nowMs + SEARCH_AGAIN_MS;
    return SEARCH_AGAIN_MS;
  }
  isSearching = state != SearchState.End;
  return 1;
}

function pollThermometers(): u32 {
  let delayMs = IDLE_MS;
  for (let i = 0; i < found; i++) {
    const name = i == 0 ? "ds18b20.0 " : i == 1 ? "ds18b20.1 " : "ds18b20.2 ";
    delayMs = min(delayMs, serve(thermometers[i], name, "", ""));
  }
  return delayMs;
}

function serve(sensor: Sensor, first: string, second: string, third: string): u32 {
  if (sensor.poll(clock_ms())) {
    for (let i = 0; i < sensor.readings.length; i++) {
      const reading = sensor.readings[i];
      const name = i == 0 ? first : i == 1 ? second : third;
      if (reading.status == SensorStatus.Good) logValue(LogLevel.Info, name, reading.value);
      else logValue(LogLevel.Warning, name, reading.status);
    }
  }
  return sensor.delayMs(clock_ms());
}
