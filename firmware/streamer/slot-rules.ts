/**
 * What may be in a slot of a graph: the ids that each kind takes and needs, the ranges of their values, the calls that each kind
 * answers. The same for people, with units: contract/graph-call-table.ts; a test holds the two together.
 */
import {
  GRAPH_BME280_ADDRESS,
  GRAPH_BME280_ADDRESS_MAX,
  GRAPH_DEBOUNCE_MAX_MS,
  GRAPH_PERIOD_MAX_S,
  GRAPH_RANGE_MAX_MV,
  GraphControllerCall,
  GraphSensor,
  GraphSlotCall,
  GraphSlotConfig,
} from "../../runtime/contract/graph-sensors.ts";
import { I2C_SCL_PIN, I2C_SDA_PIN, PIN_MAX } from "../../runtime/contract/host-abi.ts";

/** Ids are bits, counted from Kind: the highest is ThirdInput. */
const KIND: u32 = 1;
const PIN: u32 = 1 << (GraphSlotConfig.Pin - GraphSlotConfig.Kind);
const PERIOD: u32 = 1 << (GraphSlotConfig.PeriodS - GraphSlotConfig.Kind);
const ACTIVE_HIGH: u32 = 1 << (GraphSlotConfig.ActiveHigh - GraphSlotConfig.Kind);
const DEBOUNCE: u32 = 1 << (GraphSlotConfig.DebounceMs - GraphSlotConfig.Kind);
const ADDRESS: u32 = 1 << (GraphSlotConfig.Address - GraphSlotConfig.Kind);
const RANGE: u32 = 1 << (GraphSlotConfig.RangeMv - GraphSlotConfig.Kind);
const INPUT_1: u32 = 1 << (GraphSlotConfig.FirstInput - GraphSlotConfig.Kind);
const INPUT_2: u32 = 1 << (GraphSlotConfig.SecondInput - GraphSlotConfig.Kind);
const INPUT_3: u32 = 1 << (GraphSlotConfig.ThirdInput - GraphSlotConfig.Kind);
const INPUT_ID_MAX = 1023;

/** GPIO6 to 11 carry the flash, GPIO1 and 3 the serial port (runtime/board/chip-pins.ts). */
const UNUSABLE_PINS: u32 = 0x0fca;
/** GPIO16 has no interrupt and no pull-up. */
const RTC_PIN: u32 = 1 << 16;
const I2C_PINS: u32 = (1 << I2C_SDA_PIN) | (1 << I2C_SCL_PIN);

/** Ids that a kind takes, as bits; 0 = there is no such kind. */
export function takenBy(kind: u32): u32 {
  switch (kind) {
    case GraphSensor.Analogue:
      return KIND | PERIOD | RANGE | INPUT_1;
    case GraphSensor.DigitalInput:
      return KIND | PIN | PERIOD | ACTIVE_HIGH | DEBOUNCE | INPUT_1;
    case GraphSensor.DigitalOutput:
      return KIND | PIN | ACTIVE_HIGH;
    case GraphSensor.PulseCounter:
      return KIND | PIN | PERIOD | ACTIVE_HIGH | DEBOUNCE | INPUT_1 | INPUT_2;
    case GraphSensor.Ds18b20:
      return KIND | PIN | PERIOD | INPUT_1;
    case GraphSensor.Dht22:
      return KIND | PIN | PERIOD | INPUT_1 | INPUT_2;
    case GraphSensor.Bme280:
      return KIND | PERIOD | ADDRESS | INPUT_1 | INPUT_2 | INPUT_3;
    default:
      return 0;
  }
}

export function needsPin(kind: u32): bool {
  return (takenBy(kind) & PIN) != 0;
}

/** Values that a kind measures. */
export function valuesOf(kind: u32): u32 {
  const taken = takenBy(kind);
  return (taken & INPUT_3) != 0 ? 3 : (taken & INPUT_2) != 0 ? 2 : 1;
}

/** Pins that a kind at `pin` has for itself, as bits; 0 = that pin will not do. */
export function pinsOf(kind: u32, pin: u32): u32 {
  if (!needsPin(kind) || pin > <u32>PIN_MAX) return 0;
  const mask: u32 = 1 << pin;
  const unusable = kind == GraphSensor.DigitalOutput ? UNUSABLE_PINS : UNUSABLE_PINS | RTC_PIN;
  return mask & ~unusable & <u32>BOARD_PINS;
}

/** Of what is on I2C: the board leads out both lines. */
export const HAS_I2C: bool = (I2C_PINS & ~(<u32>BOARD_PINS)) == 0;

/** Pins that a kind shares with others of its kind. */
export function sharedPinsOf(kind: u32): u32 {
  return kind == GraphSensor.Bme280 ? I2C_PINS : 0;
}

export function isValueOf(id: u32, value: i32): bool {
  switch (id) {
    case GraphSlotConfig.Kind:
      return takenBy(value) != 0;
    case GraphSlotConfig.Pin:
      return isWithin(value, 0, PIN_MAX);
    case GraphSlotConfig.PeriodS:
      return isWithin(value, 1, GRAPH_PERIOD_MAX_S);
    case GraphSlotConfig.ActiveHigh:
      return isWithin(value, 0, 1);
    case GraphSlotConfig.DebounceMs:
      return isWithin(value, 0, GRAPH_DEBOUNCE_MAX_MS);
    case GraphSlotConfig.Address:
      return isWithin(value, GRAPH_BME280_ADDRESS, GRAPH_BME280_ADDRESS_MAX);
    case GraphSlotConfig.RangeMv:
      return isWithin(value, 1, GRAPH_RANGE_MAX_MV);
    default:
      return isWithin(value, 0, INPUT_ID_MAX);
  }
}

function isWithin(value: i32, least: i32, most: i32): bool {
  return value >= least && value <= most;
}

export function answersController(rpc: u32): bool {
  return rpc >= <u32>GraphControllerCall.UptimeS && rpc <= <u32>GraphControllerCall.Identify;
}

export function answersSlot(kind: u32, rpc: u32): bool {
  const isOutput = kind == GraphSensor.DigitalOutput;
  if (rpc >= <u32>GraphSlotCall.Off) return isOutput && rpc <= <u32>GraphSlotCall.Toggle;
  if (rpc == GraphSlotCall.Status) return !isOutput;
  return rpc >= <u32>GraphSlotCall.First && rpc < <u32>GraphSlotCall.First + valuesOf(kind);
}
