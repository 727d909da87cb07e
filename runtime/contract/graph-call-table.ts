/**
 * Every call and every config id that firmware/streamer knows, with units: one table for people and for compilers. Programs do
 * not import it: its text would end up in their memory.
 *
 * No call waits. A sensor is measured every PeriodS, and a call answers with its last measurement if that was good: it is at most
 * one period and the time of a measurement old (0.8 s for a DS18B20). A call that has no good value has no answer, and its
 * node makes no reading.
 */
import {
  GRAPH_BME280_ADDRESS,
  GRAPH_BME280_ADDRESS_MAX,
  GRAPH_DEBOUNCE_MAX_MS,
  GRAPH_PERIOD_DEFAULT_S,
  GRAPH_PERIOD_MAX_S,
  GRAPH_RANGE_DEFAULT_MV,
  GRAPH_RANGE_MAX_MV,
  GraphControllerCall,
  GraphSensor,
  GraphSlotCall,
  GraphSlotConfig,
} from "./graph-sensors.ts";
import { PIN_MAX } from "./host-abi.ts";

/** What is in a slot, and the values that GraphSlotCall.First, Second and Third give. */
export class GraphSensorFacts {
  kind: GraphSensor;
  name: string;
  /** What each value is, with its unit. */
  values: string[];
  /** What it needs besides Kind. */
  needs: GraphSlotConfig[];
  /** What else it takes. */
  takes: GraphSlotConfig[];

  constructor(kind: GraphSensor, name: string, values: string[], needs: GraphSlotConfig[], takes: GraphSlotConfig[]) {
    this.kind = kind;
    this.name = name;
    this.values = values;
    this.needs = needs;
    this.takes = takes;
  }
}

export const GRAPH_SENSOR_TABLE: GraphSensorFacts[] = [
  new GraphSensorFacts(
    GraphSensor.Analogue,
    "analogue input",
    ["voltage, mV"],
    [],
    [GraphSlotConfig.PeriodS, GraphSlotConfig.RangeMv, GraphSlotConfig.FirstInput],
  ),
  new GraphSensorFacts(
    GraphSensor.DigitalInput,
    "digital input",
    ["1 = active"],
    [GraphSlotConfig.Pin],
    [GraphSlotConfig.PeriodS, GraphSlotConfig.ActiveHigh, GraphSlotConfig.DebounceMs, GraphSlotConfig.FirstInput],
  ),
  new GraphSensorFacts(
    GraphSensor.DigitalOutput,
    "digital output",
    ["1 = on"],
    [GraphSlotConfig.Pin],
    [GraphSlotConfig.ActiveHigh],
  ),
  new GraphSensorFacts(
    GraphSensor.PulseCounter,
    "pulse counter",
    ["pulses in the last whole period", "pulses since the start, wraps at 2^32"],
    [GraphSlotConfig.Pin],
    [
      GraphSlotConfig.PeriodS,
      GraphSlotConfig.ActiveHigh,
      GraphSlotConfig.DebounceMs,
      GraphSlotConfig.FirstInput,
      GraphSlotConfig.SecondInput,
    ],
  ),
  new GraphSensorFacts(
    GraphSensor.Ds18b20,
    "DS18B20",
    ["temperature, m°C"],
    [GraphSlotConfig.Pin],
    [GraphSlotConfig.PeriodS, GraphSlotConfig.FirstInput],
  ),
  new GraphSensorFacts(
    GraphSensor.Dht22,
    "DHT22",
    ["temperature, m°C", "relative humidity, m%"],
    [GraphSlotConfig.Pin],
    [GraphSlotConfig.PeriodS, GraphSlotConfig.FirstInput, GraphSlotConfig.SecondInput],
  ),
  new GraphSensorFacts(
    GraphSensor.Bme280,
    "BME280 or BMP280",
    ["temperature, m°C", "pressure, Pa", "relative humidity, m% (BME280)"],
    [],
    [
      GraphSlotConfig.PeriodS,
      GraphSlotConfig.Address,
      GraphSlotConfig.FirstInput,
      GraphSlotConfig.SecondInput,
      GraphSlotConfig.ThirdInput,
    ],
  ),
];

export class GraphConfigFacts {
  id: GraphSlotConfig;
  summary: string;
  least: number;
  most: number;

  constructor(id: GraphSlotConfig, summary: string, least: number, most: number) {
    this.id = id;
    this.summary = summary;
    this.least = least;
    this.most = most;
  }
}

const INPUT_ID_MAX = 1023;

export const GRAPH_SLOT_CONFIG_TABLE: GraphConfigFacts[] = [
  new GraphConfigFacts(GraphSlotConfig.Kind, "what is in the slot", GraphSensor.Analogue, GraphSensor.Bme280),
  new GraphConfigFacts(GraphSlotConfig.Pin, "GPIO", 0, PIN_MAX),
  new GraphConfigFacts(
    GraphSlotConfig.PeriodS,
    `seconds between two measurements, ${GRAPH_PERIOD_DEFAULT_S} without it`,
    1,
    GRAPH_PERIOD_MAX_S,
  ),
  new GraphConfigFacts(GraphSlotConfig.ActiveHigh, "1: on, or active, while the pin is high; 0 without it", 0, 1),
  new GraphConfigFacts(
    GraphSlotConfig.DebounceMs,
    "milliseconds, 20 for an input and 0 for pulses without it",
    0,
    GRAPH_DEBOUNCE_MAX_MS,
  ),
  new GraphConfigFacts(
    GraphSlotConfig.Address,
    `on I2C, ${GRAPH_BME280_ADDRESS} without it`,
    GRAPH_BME280_ADDRESS,
    GRAPH_BME280_ADDRESS_MAX,
  ),
  new GraphConfigFacts(
    GraphSlotConfig.RangeMv,
    `millivolts that give the largest reading, ${GRAPH_RANGE_DEFAULT_MV} without it`,
    1,
    GRAPH_RANGE_MAX_MV,
  ),
  new GraphConfigFacts(GraphSlotConfig.FirstInput, "id of the input that gets the first value", 0, INPUT_ID_MAX),
  new GraphConfigFacts(GraphSlotConfig.SecondInput, "id of the input that gets the second value", 0, INPUT_ID_MAX),
  new GraphConfigFacts(GraphSlotConfig.ThirdInput, "id of the input that gets the third value", 0, INPUT_ID_MAX),
];

export class GraphCallFacts {
  rpc: GraphSlotCall | GraphControllerCall;
  summary: string;

  constructor(rpc: GraphSlotCall | GraphControllerCall, summary: string) {
    this.rpc = rpc;
    this.summary = summary;
  }
}

export const GRAPH_SLOT_CALL_TABLE: GraphCallFacts[] = [
  new GraphCallFacts(GraphSlotCall.First, "first value; of an output, whether it is on"),
  new GraphCallFacts(GraphSlotCall.Second, "second value"),
  new GraphCallFacts(GraphSlotCall.Third, "third value"),
  new GraphCallFacts(GraphSlotCall.Status, "SensorStatus of the first value, 0 = good"),
  new GraphCallFacts(GraphSlotCall.Off, "switches an output off; answers 0"),
  new GraphCallFacts(GraphSlotCall.On, "switches an output on; answers 1"),
  new GraphCallFacts(GraphSlotCall.Toggle, "switches an output over; answers whether it is on"),
];

export const GRAPH_CONTROLLER_CALL_TABLE: GraphCallFacts[] = [
  new GraphCallFacts(GraphControllerCall.UptimeS, "seconds since the start"),
  new GraphCallFacts(GraphControllerCall.FreeBytes, "bytes of program memory not given out"),
  new GraphCallFacts(GraphControllerCall.RssiDbm, "signal strength, dBm; no answer off the network"),
  new GraphCallFacts(GraphControllerCall.Queued, "readings not acknowledged yet"),
  new GraphCallFacts(GraphControllerCall.Held, "of these, readings that wait for their streamer"),
  new GraphCallFacts(GraphControllerCall.Adc, "the analogue input, 0 to 1023"),
  new GraphCallFacts(GraphControllerCall.Identify, "a line in the log that says which board this is; answers 1"),
];
