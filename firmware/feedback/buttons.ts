/**
 * Which buttons are down: each at a pin of its own, or all on one ladder of resistors at the analogue input. A pin's edges are
 * counted by interrupt, so a press is found however late one looks. A ladder shows one value for each button, and another for
 * none; what is none of them is unclear: several buttons, or one that is half way down.
 */
import { PinEdge, PinMode } from "../../runtime/contract/host-abi.ts";
import { FeedbackSetting } from "../../runtime/contract/product-settings.ts";
import { ANSWER_UNCLEAR } from "../../runtime/contract/stream-ids.ts";
import {
  adc_read,
  Config,
  pin_edges,
  pin_mode,
  pin_read,
  pin_watch,
  RTC_PRODUCT_OFFSET,
  RtcRecord,
} from "../../runtime/device/index.ts";
import { BUTTONS_MAX } from "./presses.ts";

/** Behind the totals of votes. */
const RTC_CALIBRATION_OFFSET: u32 = RTC_PRODUCT_OFFSET + 4 * (BUTTONS_MAX + 1);
/** Behind the values: version of the configuration that they replace. */
const CONFIG_VERSION = BUTTONS_MAX;
const NO_BUTTON: u32 = 0x7fffffff;
const ADC_MAX = 1023;
const DEBOUNCE_MS = 20;
/** A value that is measured has come to rest when it differs by no more than this from the one before it. */
const STEADY = 4;

/** Constants that the build gives; NO_PIN = none. */
const pins: StaticArray<i32> = [PIN_BUTTON_A, PIN_BUTTON_B, PIN_BUTTON_C, PIN_BUTTON_D, PIN_BUTTON_E];
/** 10 kOhm to 1 V, and to ground, by the buttons, 0, 1, 2.2, 4.7 and 10 kOhm. */
const ladder: StaticArray<i32> = [0, 93, 184, 327, 512];

export class Buttons {
  /** There are no pins: the buttons are on a ladder. */
  isLadder: bool = true;
  /** Number of the button, from 1, that is pressed next to be measured; 0 = none. */
  calibrates: i32 = 0;
  /** What was measured. */
  measured: i32 = 0;
  private idle: i32 = ADC_MAX;
  private tolerance: i32 = 0;
  private before: i32 = -1;
  /** Nominal values, then CONFIG_VERSION. */
  private readonly values: RtcRecord = new RtcRecord(RTC_CALIBRATION_OFFSET, BUTTONS_MAX + 1);

  begin(config: Config): void {
    for (let button = 0; button < BUTTONS_MAX; button++) {
      const pin = unchecked(pins[button]);
      if (pin_mode(pin, PinMode.InputPullup) < 0 || pin_watch(pin, PinEdge.Falling, DEBOUNCE_MS) < 0) continue;
      this.isLadder = false;
    }
    this.idle = config.setting(FeedbackSetting.LadderIdle, 0, ADC_MAX, ADC_MAX);
    this.tolerance = config.setting(FeedbackSetting.LadderTolerance, 1, ADC_MAX, 20);
    // What was measured counts until there is a newer configuration.
    if (this.values.load() && this.values.get(CONFIG_VERSION) == config.version) return;
    this.values.set(CONFIG_VERSION, config.version);
    const isListed = config.item(FeedbackSetting.Ladder, 0, 0, ADC_MAX, -1) >= 0;
    for (let button = 0; button < BUTTONS_MAX; button++) {
      const otherwise = isListed ? NO_BUTTON : unchecked(ladder[button]);
      this.values.set(button, config.item(FeedbackSetting.Ladder, button, 0, ADC_MAX, otherwise));
    }
  }

  /** A bit for each button that is down, or was since the last call; ANSWER_UNCLEAR. */
  sample(): u32 {
    return this.isLadder ? this.sampleLadder(adc_read()) : this.samplePins();
  }

  private samplePins(): u32 {
    let down: u32 = 0;
    for (let button = 0; button < BUTTONS_MAX; button++) {
      const pin = unchecked(pins[button]);
      // Both answer a HostError where there is no pin.
      if (pin_edges(pin) > 0 || pin_read(pin) == 0) down |= 1 << button;
    }
    return down;
  }

  /** For `value` of the analogue input. */
  sampleLadder(value: i32): u32 {
    const isSteady = abs(value - this.before) <= STEADY;
    this.before = value;
    if (this.isNear(value, this.idle)) return 0;
    if (this.calibrates != 0) {
      if (!isSteady) return 0;
      this.measure(value);
    }
    for (let button = 0; button < BUTTONS_MAX; button++) {
      if (this.isNear(value, this.values.get(button))) return 1 << button;
    }
    return ANSWER_UNCLEAR;
  }

  private isNear(value: i32, nominal: i32): bool {
    return abs(value - nominal) <= this.tolerance;
  }

  private measure(value: i32): void {
    this.values.set(this.calibrates - 1, value);
    this.values.save();
    this.measured = (this.calibrates << 10) | value;
    this.calibrates = 0;
  }
}
