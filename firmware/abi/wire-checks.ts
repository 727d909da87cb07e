/**
 * 1-Wire and pulses. Where nobody speaks of a device, GPIO2 is asked: nobody answers there, and a line that is pulled low for a
 * moment and let go harms nothing. Of a device the code is read twice, at once and bit by bit as a search does it.
 *
 * Names of checks are those of other groups where they fit at all: each new one costs RAM, of which this program has no more.
 */
import { HostError } from "../../runtime/contract/error-codes.ts";
import { OneWireTriplet, PIN_MAX } from "../../runtime/contract/host-abi.ts";
import { ONEWIRE_TRANSFER_MAX_BYTES, PULSE_READ_MAX_US } from "../../runtime/contract/limits.ts";
import { clock_ms, onewire_transfer, onewire_triplet, pin_read, pulse_read } from "../../runtime/device/index.ts";
import { Checks, Next } from "./checks.ts";
import { NONE } from "./environment.ts";
import { fillScratch, isRestUntouched, other, scratch } from "./memory-map.ts";
import { FLASH_PIN, LED_PIN } from "./pin-checks.ts";

const RTC_PIN = 16;
const FILL: u8 = 0x3c;
const READ_ROM: u8 = 0x33;
const SEARCH_ROM: u8 = 0xf0;
const ROM_BYTES = 8;
const NOBODY = OneWireTriplet.Bit | OneWireTriplet.Complement | OneWireTriplet.Taken;
/** A DHT22: high, low and high of its response, and low and high of 40 bits. The sensor is left alone for two seconds before. */
const WIDTHS = 83;
const WIDTH_BYTES = 2;
const START_LOW_US = 1100;
const QUIET_US = 250;
const SENSOR_PAUSE_MS: u32 = 2500;

export class WireChecks extends Checks {
  protected run(step: i32): Next {
    if (step == 0) return this.checkNobody();
    if (step == 1) return this.checkBadArguments();
    if (step == 2) return this.checkCode();
    if (this.environment.pulsePin == NONE) return Next.Done;
    if (this.stepMs < SENSOR_PAUSE_MS) {
      this.wait(SENSOR_PAUSE_MS);
      return Next.Again;
    }
    return this.checkPulses();
  }

  private checkNobody(): Next {
    const report = this.report;
    report.of("onewire_transfer");
    fillScratch(FILL);
    report.equal("nobody", onewire_transfer(LED_PIN, 0, 0, 0, 0), HostError.NoDevice);
    report.equal("nobody-reads", onewire_transfer(LED_PIN, other, 1, scratch, 8), HostError.NoDevice);
    report.holds("stays-in-range", isRestUntouched(0, FILL));
    report.of("onewire_triplet");
    report.equal("nobody", onewire_triplet(LED_PIN, 0), NOBODY);
    report.of("pulse_read");
    const fromMs = clock_ms();
    report.equal("none", pulse_read(LED_PIN, 4000, 500, scratch, 8), 0);
    report.within("time", clock_ms() - fromMs, 4, 6);
    report.holds("stays-in-range", isRestUntouched(0, FILL));
    report.of("pin_read");
    report.equal("pull-up", pin_read(LED_PIN), 1);
    return Next.Step;
  }

  private checkBadArguments(): Next {
    const report = this.report;
    const tooMany = ONEWIRE_TRANSFER_MAX_BYTES + 1;
    report.of("onewire_transfer");
    report.equal("bad-pin", onewire_transfer(PIN_MAX + 1, 0, 0, 0, 0), HostError.BadArgument);
    report.equal("bad-flash-pin", onewire_transfer(FLASH_PIN, 0, 0, 0, 0), HostError.BadArgument);
    report.equal("bad-rtc-pin", onewire_transfer(RTC_PIN, 0, 0, 0, 0), HostError.Unsupported);
    report.equal("bad-long-read", onewire_transfer(LED_PIN, 0, 0, scratch, tooMany), HostError.BadArgument);
    report.equal("bad-long-sum", onewire_transfer(LED_PIN, other, tooMany - 1, scratch, 1), HostError.BadArgument);
    report.of("onewire_triplet");
    report.equal("bad-level", onewire_triplet(LED_PIN, 2), HostError.BadArgument);
    report.equal("bad-negative", onewire_triplet(LED_PIN, -1), HostError.BadArgument);
    report.equal("bad-pin", onewire_triplet(-1, 0), HostError.BadArgument);
    report.equal("bad-rtc-pin", onewire_triplet(RTC_PIN, 0), HostError.Unsupported);
    report.of("pulse_read");
    report.equal("bad-pin", pulse_read(PIN_MAX + 1, 0, 100, scratch, 8), HostError.BadArgument);
    report.equal("bad-flash-pin", pulse_read(FLASH_PIN, 0, 100, scratch, 8), HostError.BadArgument);
    report.equal("bad-rtc-pin", pulse_read(RTC_PIN, 0, 100, scratch, 8), HostError.Unsupported);
    report.equal("bad-long-sum", pulse_read(LED_PIN, PULSE_READ_MAX_US + 1, 100, scratch, 8), HostError.BadArgument);
    report.equal("bad-negative", pulse_read(LED_PIN, -1, 100, scratch, 8), HostError.BadArgument);
    report.equal("bad-quiet", pulse_read(LED_PIN, 0, 0, scratch, 8), HostError.BadArgument);
    report.equal("bad-lowest", pulse_read(LED_PIN, 0, -1, scratch, 8), HostError.BadArgument);
    report.equal("bad-room", pulse_read(LED_PIN, 0, 100, scratch, 1), HostError.BadArgument);
    return Next.Step;
  }

  /** One device, alone on its wire. */
  private checkCode(): Next {
    const pin = this.environment.oneWirePin;
    if (pin == NONE) return Next.Step;
    const report = this.report;
    report.of("onewire_transfer");
    report.equal("there", onewire_transfer(pin, 0, 0, 0, 0), 0);
    fillScratch(FILL);
    store<u8>(other, READ_ROM);
    report.equal("reads", onewire_transfer(pin, other, 1, scratch, ROM_BYTES), ROM_BYTES);
    report.holds("stays-in-range", isRestUntouched(ROM_BYTES, FILL));
    store<u8>(other, SEARCH_ROM);
    report.equal("writes", onewire_transfer(pin, other, 1, 0, 0), 0);
    report.of("onewire_triplet");
    let wrong = 0;
    for (let bit = 0; bit < 8 * ROM_BYTES; bit++) {
      const isOne = ((<u32>load<u8>(scratch + (bit >> 3)) >>> (bit & 7)) & 1) != 0;
      const expected = isOne ? OneWireTriplet.Bit | OneWireTriplet.Taken : OneWireTriplet.Complement;
      // The way to go is that of the device, whatever is asked for where there is no choice.
      if (onewire_triplet(pin, bit & 1) != expected) wrong++;
    }
    report.equal("known", wrong, 0);
    report.equal("rest", onewire_triplet(pin, 0), NOBODY);
    return Next.Step;
  }

  private checkPulses(): Next {
    const report = this.report;
    const pin = this.environment.pulsePin;
    const sizeBytes = WIDTHS * WIDTH_BYTES;
    report.of("pulse_read");
    fillScratch(FILL);
    report.equal("reads", pulse_read(pin, START_LOW_US, QUIET_US, scratch, sizeBytes), sizeBytes);
    report.holds("stays-in-range", isRestUntouched(sizeBytes, FILL));
    report.within("low", load<u16>(scratch, WIDTH_BYTES), 65, 95);
    report.within("high", load<u16>(scratch, 2 * WIDTH_BYTES), 65, 95);
    let wrong = 0;
    for (let at = 3; at < WIDTHS; at += 2) {
      const lowUs = load<u16>(scratch + at * WIDTH_BYTES);
      const highUs = load<u16>(scratch + (at + 1) * WIDTH_BYTES);
      if (lowUs < 40 || lowUs > 65 || highUs < 15 || highUs > 85) wrong++;
    }
    report.equal("in-bounds", wrong, 0);
    return Next.Done;
  }
}
