/** What one slot of a graph has: a sensor that measures by itself, or an output. */
import { GRAPH_TYPE_SHIFT, GraphStreamType } from "../../runtime/contract/graph-format.ts";
import {
  GRAPH_BME280_ADDRESS,
  GRAPH_DEBOUNCE_DEFAULT_MS,
  GRAPH_PERIOD_DEFAULT_S,
  GRAPH_RANGE_DEFAULT_MV,
  GraphSensor,
  GraphSlotCall,
  GraphSlotConfig,
} from "../../runtime/contract/graph-sensors.ts";
import { PinEdge, PinMode } from "../../runtime/contract/host-abi.ts";
import { POLL_MAX_MS } from "../../runtime/contract/limits.ts";
import { SensorStatus } from "../../runtime/contract/sensor-reading.ts";
import {
  Adc,
  Bme280,
  configNumber,
  Dht22,
  Digital,
  Ds18b20,
  findConfig,
  GraphEngine,
  PulseCounter,
  pin_mode,
  pin_write,
  Sensor,
} from "../../runtime/device/index.ts";
import { kindAt } from "./graph-judge.ts";

/** Where a value goes: nowhere. */
const NO_INPUT = -1;

export class SensorSlot {
  /** What the last call answered. */
  value: i32 = 0;
  private readonly kind: u32;
  private readonly pin: i32;
  private readonly isActiveHigh: bool;
  private readonly sensor: Sensor | null;
  /** Stream of each value. */
  private readonly inputs: StaticArray<i32>;
  private isOn: bool = false;

  /** `graph` is one that the judge has let pass, with something at `address`. */
  constructor(
    readonly address: u32,
    graph: usize,
  ) {
    const kind = kindAt(graph, address);
    const isActiveHigh = configNumber(findConfig(graph, address, GraphSlotConfig.ActiveHigh), 0) != 0;
    const pin = configNumber(findConfig(graph, address, GraphSlotConfig.Pin), 0);
    this.kind = kind;
    this.pin = pin;
    this.isActiveHigh = isActiveHigh;
    this.sensor = kind == GraphSensor.DigitalOutput ? null : makeSensor(graph, address, kind, pin, isActiveHigh);
    const inputs: StaticArray<i32> = [NO_INPUT, NO_INPUT, NO_INPUT];
    for (let i = 0; i < inputs.length; i++) {
      const id = configNumber(findConfig(graph, address, GraphSlotConfig.FirstInput + i), NO_INPUT);
      if (id >= 0) inputs[i] = (GraphStreamType.Input << GRAPH_TYPE_SHIFT) | id;
    }
    this.inputs = inputs;
  }

  /** An output is off until the graph says otherwise. */
  begin(nowMs: u32): void {
    const sensor = this.sensor;
    if (sensor !== null) return sensor.begin(nowMs);
    pin_mode(this.pin, PinMode.Output);
    this.drive(false);
  }

  /** Measures if it is time, and gives what is good to the graph. */
  poll(nowMs: u32, engine: GraphEngine, timeS: u32): void {
    const sensor = this.sensor;
    if (sensor === null || !sensor.poll(nowMs)) return;
    for (let i = 0; i < sensor.readings.length; i++) {
      const reading = unchecked(sensor.readings[i]);
      const input = unchecked(this.inputs[i]);
      if (input != NO_INPUT && reading.status == SensorStatus.Good) engine.process(input, reading.value, timeS);
    }
  }

  delayMs(nowMs: u32): u32 {
    const sensor = this.sensor;
    return sensor === null ? POLL_MAX_MS : sensor.delayMs(nowMs);
  }

  /** False: it has no answer. */
  call(rpc: u32): bool {
    const sensor = this.sensor;
    if (sensor === null) return this.callOutput(rpc);
    if (rpc == GraphSlotCall.Status) {
      this.value = unchecked(sensor.readings[0]).status;
      return true;
    }
    const index = rpc - GraphSlotCall.First;
    if (index >= <u32>sensor.readings.length) return false;
    const reading = unchecked(sensor.readings[index]);
    this.value = reading.value;
    return reading.status == SensorStatus.Good;
  }

  private callOutput(rpc: u32): bool {
    let isOn = this.isOn;
    if (rpc == GraphSlotCall.On) isOn = true;
    else if (rpc == GraphSlotCall.Off) isOn = false;
    else if (rpc == GraphSlotCall.Toggle) isOn = !isOn;
    else if (rpc != GraphSlotCall.First) return false;
    this.value = i32(isOn);
    return rpc == GraphSlotCall.First || this.drive(isOn);
  }

  /** False where the host has no such output. */
  private drive(isOn: bool): bool {
    this.isOn = isOn;
    return pin_write(this.pin, i32(isOn == this.isActiveHigh)) >= 0;
  }
}

function makeSensor(graph: usize, address: u32, kind: u32, pin: i32, isActiveHigh: bool): Sensor {
  const everyMs = <u32>configNumber(findConfig(graph, address, GraphSlotConfig.PeriodS), GRAPH_PERIOD_DEFAULT_S) * 1000;
  // A contact that is active low is closed to ground, and needs the chip's resistor.
  const mode = isActiveHigh ? PinMode.Input : PinMode.InputPullup;
  switch (kind) {
    case GraphSensor.Analogue:
      return new Adc(
        everyMs,
        configNumber(findConfig(graph, address, GraphSlotConfig.RangeMv), GRAPH_RANGE_DEFAULT_MV),
      );
    case GraphSensor.DigitalInput:
      return new Digital(pin, everyMs, mode, !isActiveHigh, debounceMs(graph, address, GRAPH_DEBOUNCE_DEFAULT_MS));
    case GraphSensor.PulseCounter:
      return new PulseCounter(
        pin,
        everyMs,
        mode,
        isActiveHigh ? PinEdge.Rising : PinEdge.Falling,
        debounceMs(graph, address, 0),
      );
    case GraphSensor.Ds18b20:
      return new Ds18b20(pin, everyMs);
    case GraphSensor.Dht22:
      return new Dht22(pin, everyMs);
    default:
      return new Bme280(
        everyMs,
        configNumber(findConfig(graph, address, GraphSlotConfig.Address), GRAPH_BME280_ADDRESS),
      );
  }
}

function debounceMs(graph: usize, address: u32, otherwise: i32): u32 {
  return configNumber(findConfig(graph, address, GraphSlotConfig.DebounceMs), otherwise);
}
