/**
 * DS18B20 thermometers, one or several on a pin, each with a supply wire of its own (not parasitic).
 *
 * After power-on the chip shows 85 degrees, which is also a temperature. So this driver writes two bytes of its own where alarms
 * would stand (TH, TL; in RAM, not to EEPROM) beside the resolution: a scratchpad without them is one that has lost power since,
 * and what it shows was not measured. That also finds a line that reads as zeros, whose CRC is right.
 *
 * Source: DS18B20 datasheet, tables 1 and 2, figures 7 and 8, "DS18B20 function commands".
 */
import { SensorQuantity, SensorStatus } from "../../contract/sensor-reading.ts";
import { ANY_ROM, crc8, OneWirePort, wireStatus } from "./onewire.ts";
import { OVER, Reading, Sensor } from "./sensor.ts";

const CONVERT_T: u8 = 0x44;
const WRITE_SCRATCHPAD: u8 = 0x4e;
const READ_SCRATCHPAD: u8 = 0xbe;
const SCRATCHPAD_BYTES = 9;
const TH_OFFSET = 2;
const CONFIGURATION_OFFSET = 4;
/** "Lt": whoever uses alarms has other limits. */
const MARK: u16 = 0x744c;
const RESOLUTION_MIN: u32 = 9;
const RESOLUTION_MAX: u32 = 12;
const RESOLUTION_SHIFT: u32 = 5;
/** Of the configuration register: always ones. */
const CONFIGURATION_ONES: u32 = 0x1f;
/** The longest conversion with 12 bits; each bit less halves it. */
const CONVERSION_MAX_MS: u32 = 750;
/** Between two transfers, each of which takes up to 13 ms: others have their turn. */
const SOON_MS: u32 = 1;
/** -55 and 125 degrees. */
const MIN_MILLI_C = -55_000;
const MAX_MILLI_C = 125_000;

enum Step {
  /** The chip may have other settings than ours. */
  Configure,
  Convert,
  Read,
}

export class Ds18b20 extends Sensor {
  private readonly port: OneWirePort;
  private readonly configuration: u32;
  private readonly conversionMs: u32;
  private next: Step = Step.Configure;

  /** `rom` as OneWireSearch finds it. A conversion takes 94 ms with 9 bits of resolution (half a degree), 750 ms with 12. */
  constructor(pin: i32, everyMs: u32, rom: u64 = ANY_ROM, resolution: u32 = RESOLUTION_MAX) {
    super(1, everyMs);
    this.port = new OneWirePort(pin, rom);
    const bits = min(max(resolution, RESOLUTION_MIN), RESOLUTION_MAX);
    this.configuration = ((bits - RESOLUTION_MIN) << RESOLUTION_SHIFT) | CONFIGURATION_ONES;
    this.conversionMs = (CONVERSION_MAX_MS >> (RESOLUTION_MAX - bits)) + 1;
    unchecked((this.readings[0] = new Reading(SensorQuantity.TemperatureMilliC)));
  }

  /** Another device of this wire, from the next measurement on. */
  choose(rom: u64): void {
    this.port.rom = rom;
    this.next = Step.Configure;
  }

  protected step(isFirst: bool, nowMs: u32): u32 {
    if (isFirst && this.next == Step.Read) this.next = Step.Convert;
    if (this.next == Step.Configure) return this.configure();
    return this.next == Step.Convert ? this.convert() : this.read();
  }

  private configure(): u32 {
    const port = this.port
      .select()
      .put(WRITE_SCRATCHPAD)
      .put(<u8>MARK)
      .put(<u8>(MARK >> 8))
      .put(<u8>this.configuration);
    const result = port.run();
    if (result < 0) return this.fail(wireStatus(result));
    this.next = Step.Convert;
    return SOON_MS;
  }

  private convert(): u32 {
    const result = this.port.select().put(CONVERT_T).run();
    if (result < 0) return this.fail(wireStatus(result));
    this.next = Step.Read;
    return this.conversionMs;
  }

  private read(): u32 {
    this.next = Step.Convert;
    const port = this.port;
    const result = port.select().put(READ_SCRATCHPAD).run(SCRATCHPAD_BYTES);
    if (result < 0) return this.fail(wireStatus(result));
    const scratchpad = port.data;
    if (crc8(scratchpad, SCRATCHPAD_BYTES) != 0) return this.fail(SensorStatus.BadCrc);
    const mark = ((<u32>load<u8>(scratchpad, TH_OFFSET + 1)) << 8) | load<u8>(scratchpad, TH_OFFSET);
    if (mark != MARK || load<u8>(scratchpad, CONFIGURATION_OFFSET) != this.configuration) {
      this.next = Step.Configure;
      return this.fail(SensorStatus.NotReady);
    }
    const raw = <i32>load<i16>(scratchpad);
    unchecked(this.readings[0]).set((raw * 125) / 2, MIN_MILLI_C, MAX_MILLI_C);
    return OVER;
  }
}
