/**
 * The pins group. Without a wire between two pins the only output is GPIO2, the LED of most modules, and the only input GPIO14;
 * with one, edges are made on one end and taken on the other.
 */
import { HostError } from "../../runtime/contract/error-codes.ts";
import { EDGE_RECORD_BYTES, PIN_MAX, PinEdge, PinMode } from "../../runtime/contract/host-abi.ts";
import { EDGE_LOG_MAX } from "../../runtime/contract/limits.ts";
import {
  adc_read,
  clock_ms,
  edge_read,
  pin_edges,
  pin_mode,
  pin_read,
  pin_watch,
  pin_write,
} from "../../runtime/device/index.ts";
import { Checks, Next } from "./checks.ts";
import { NONE } from "./environment.ts";
import { fillScratch, isRestUntouched, SCRATCH_BYTES, scratch } from "./memory-map.ts";

export const LED_PIN = 2;
const INPUT_PIN = 14;
/** One of those that carry the flash. */
export const FLASH_PIN = 6;
/** Has no pull-up and no interrupt. */
const RTC_PIN = 16;
const ADC_MAX = 1023;
const ADC_TOLERANCE = 16;
const DEBOUNCE_MS = 50;
const FILL: u8 = 0x3c;

export class PinChecks extends Checks {
  private fromMs: u32 = 0;

  protected run(step: i32): Next {
    if (step == 0) return this.checkLevels();
    if (step == 1) return this.checkBadPins();
    if (step == 2) return this.environment.wireIn == NONE ? Next.Done : this.checkEdges();
    if (step == 3) return this.checkOverflow();
    if (step == 4) return this.bounce();
    return this.checkBounce();
  }

  private checkLevels(): Next {
    const report = this.report;
    report.of("pin_mode");
    report.equal("output", pin_mode(LED_PIN, PinMode.Output), 0);
    report.of("pin_write");
    report.equal("high", pin_write(LED_PIN, 1), 0);
    report.of("pin_read");
    report.equal("high", pin_read(LED_PIN), 1);
    report.of("pin_write");
    report.equal("low", pin_write(LED_PIN, 0), 0);
    report.of("pin_read");
    report.equal("low", pin_read(LED_PIN), 0);
    pin_write(LED_PIN, 1);
    report.of("pin_mode");
    report.equal("input", pin_mode(INPUT_PIN, PinMode.Input), 0);
    report.equal("pull-up", pin_mode(INPUT_PIN, PinMode.InputPullup), 0);
    report.equal("rtc-input", pin_mode(RTC_PIN, PinMode.Input), 0);
    report.of("pin_read");
    report.within("input", pin_read(INPUT_PIN), 0, 1);
    report.of("pin_watch");
    report.equal("starts", pin_watch(INPUT_PIN, PinEdge.Both, 20), 0);
    report.equal("ends", pin_watch(INPUT_PIN, 0, 0), 0);
    report.of("pin_edges");
    report.equal("not-watched", pin_edges(INPUT_PIN), 0);
    report.of("edge_read");
    while (edge_read(scratch, SCRATCH_BYTES) > 0) {}
    report.equal("none", edge_read(scratch, EDGE_RECORD_BYTES), 0);
    report.of("adc_read");
    report.within("in-bounds", adc_read(), 0, ADC_MAX);
    const adc = this.environment.adc;
    if (adc != NONE) report.within("known", adc_read(), adc - ADC_TOLERANCE, adc + ADC_TOLERANCE);
    return Next.Step;
  }

  private checkBadPins(): Next {
    const report = this.report;
    report.of("pin_mode");
    report.equal("bad-mode", pin_mode(LED_PIN, 3), HostError.BadArgument);
    report.equal("bad-neg-mode", pin_mode(LED_PIN, -1), HostError.BadArgument);
    report.equal("bad-pin", pin_mode(PIN_MAX + 1, PinMode.Input), HostError.BadArgument);
    report.equal("bad-neg-pin", pin_mode(-1, PinMode.Input), HostError.BadArgument);
    report.equal("bad-flash-pin", pin_mode(FLASH_PIN, PinMode.Output), HostError.BadArgument);
    report.equal("bad-rtc-pullup", pin_mode(RTC_PIN, PinMode.InputPullup), HostError.Unsupported);
    report.of("pin_read");
    report.equal("bad-pin", pin_read(PIN_MAX + 1), HostError.BadArgument);
    report.equal("bad-neg-pin", pin_read(i32.MIN_VALUE), HostError.BadArgument);
    report.equal("bad-flash-pin", pin_read(FLASH_PIN), HostError.BadArgument);
    report.of("pin_write");
    report.equal("bad-level", pin_write(LED_PIN, 2), HostError.BadArgument);
    report.equal("bad-neg-level", pin_write(LED_PIN, -1), HostError.BadArgument);
    report.equal("bad-pin", pin_write(PIN_MAX + 1, 0), HostError.BadArgument);
    report.equal("bad-flash-pin", pin_write(FLASH_PIN, 0), HostError.BadArgument);
    report.of("pin_watch");
    report.equal("bad-edges", pin_watch(INPUT_PIN, 4, 0), HostError.BadArgument);
    report.equal("bad-neg-edges", pin_watch(INPUT_PIN, -1, 0), HostError.BadArgument);
    report.equal("bad-debounce", pin_watch(INPUT_PIN, PinEdge.Both, -1), HostError.BadArgument);
    report.equal("bad-pin", pin_watch(PIN_MAX + 1, PinEdge.Both, 0), HostError.BadArgument);
    report.equal("bad-rtc-pin", pin_watch(RTC_PIN, PinEdge.Both, 0), HostError.Unsupported);
    report.of("pin_edges");
    report.equal("bad-pin", pin_edges(PIN_MAX + 1), HostError.BadArgument);
    report.equal("bad-neg-pin", pin_edges(-1), HostError.BadArgument);
    report.equal("bad-flash-pin", pin_edges(FLASH_PIN), HostError.BadArgument);
    report.of("edge_read");
    report.equal("bad-room", edge_read(scratch, EDGE_RECORD_BYTES - 1), HostError.BadArgument);
    report.equal("bad-no-room", edge_read(scratch, 0), HostError.BadArgument);
    return Next.Step;
  }

  private watchWire(edges: PinEdge, debounceMs: i32): void {
    const environment = this.environment;
    pin_mode(environment.wireIn, PinMode.Input);
    pin_mode(environment.wireOut, PinMode.Output);
    pin_write(environment.wireOut, 0);
    this.fromMs = clock_ms();
    this.report.of("pin_watch");
    this.report.equal("wire", pin_watch(environment.wireIn, edges, debounceMs), 0);
  }

  private toggle(times: i32): void {
    for (let level = 1; times > 0; times--, level = 1 - level) pin_write(this.environment.wireOut, level);
  }

  private checkEdges(): Next {
    const report = this.report;
    const pin = this.environment.wireIn;
    this.watchWire(PinEdge.Both, 0);
    this.toggle(2);
    report.of("pin_edges");
    report.equal("counts", pin_edges(pin), 2);
    report.equal("takes", pin_edges(pin), 0);
    report.of("edge_read");
    fillScratch(FILL);
    report.equal("one", edge_read(scratch, EDGE_RECORD_BYTES), EDGE_RECORD_BYTES);
    report.holds("stays-in-range", isRestUntouched(EDGE_RECORD_BYTES, FILL));
    report.within("time", load<i32>(scratch) - this.fromMs, 0, 10);
    report.equal("pin", load<u8>(scratch, 4), pin);
    report.equal("rising", load<u8>(scratch, 5), 1);
    report.equal("none-dropped", load<u16>(scratch, 6), 0);
    report.equal("rest", edge_read(scratch, EDGE_RECORD_BYTES * 2 + 7), EDGE_RECORD_BYTES);
    report.equal("falling", load<u8>(scratch, 5), 0);
    pin_watch(pin, PinEdge.Falling, 0);
    this.toggle(2);
    report.of("pin_edges");
    report.equal("falling-only", pin_edges(pin), 1);
    pin_watch(pin, 0, 0);
    this.toggle(2);
    report.equal("watch-ended", pin_edges(pin), 0);
    edge_read(scratch, SCRATCH_BYTES);
    return Next.Step;
  }

  /** A full log drops its oldest records and says how many. */
  private checkOverflow(): Next {
    const report = this.report;
    const pin = this.environment.wireIn;
    this.watchWire(PinEdge.Both, 0);
    this.toggle(EDGE_LOG_MAX + 6);
    report.of("edge_read");
    report.equal("full", edge_read(scratch, SCRATCH_BYTES), EDGE_LOG_MAX * EDGE_RECORD_BYTES);
    report.equal("dropped", load<u16>(scratch, 6), 6);
    report.equal("dropped-once", load<u16>(scratch + EDGE_RECORD_BYTES, 6), 0);
    report.of("pin_edges");
    report.equal("counts-all", pin_edges(pin), EDGE_LOG_MAX + 6);
    return Next.Step;
  }

  private bounce(): Next {
    this.watchWire(PinEdge.Both, DEBOUNCE_MS);
    this.toggle(5);
    this.wait(4 * DEBOUNCE_MS);
    return Next.Step;
  }

  private checkBounce(): Next {
    const report = this.report;
    report.of("pin_watch");
    report.equal("debounce", pin_edges(this.environment.wireIn), 1);
    pin_watch(this.environment.wireIn, 0, 0);
    pin_mode(this.environment.wireOut, PinMode.Input);
    edge_read(scratch, SCRATCH_BYTES);
    return Next.Done;
  }
}
