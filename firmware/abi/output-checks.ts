/** Pulses and I2C. Without a device of the environment nothing is written to the bus: addresses are only asked for. */
import { HostError } from "../../runtime/contract/error-codes.ts";
import { I2C_SCL_PIN, I2C_SDA_PIN, PIN_MAX, PinMode, PWM_DUTY_MAX } from "../../runtime/contract/host-abi.ts";
import { I2C_TRANSFER_MAX_BYTES } from "../../runtime/contract/limits.ts";
import { i2c_transfer, pin_mode, pin_read, pin_write, pwm_write } from "../../runtime/device/index.ts";
import { Checks, Next } from "./checks.ts";
import { NONE } from "./environment.ts";
import { fillScratch, isRestUntouched, other, scratch } from "./memory-map.ts";
import { FLASH_PIN, LED_PIN } from "./pin-checks.ts";

const RTC_PIN = 16;
/** Two addresses that hardly any device has; one of them is not the environment's. */
const NOBODY = 0x13;
const NOBODY_ELSE = 0x14;
const ADDRESS_MAX = 0x7f;
const FILL: u8 = 0x3c;

export class OutputChecks extends Checks {
  protected run(step: i32): Next {
    if (step == 0) {
      this.checkPulses();
      return Next.Step;
    }
    this.checkI2c();
    return Next.Done;
  }

  private checkPulses(): void {
    const report = this.report;
    pin_mode(LED_PIN, PinMode.Input);
    report.of("pwm_write");
    report.equal("bad-input", pwm_write(LED_PIN, 512), HostError.BadArgument);
    pin_mode(LED_PIN, PinMode.Output);
    report.equal("half", pwm_write(LED_PIN, 512), 0);
    report.equal("most", pwm_write(LED_PIN, PWM_DUTY_MAX), 0);
    report.equal("most-is-high", pin_read(LED_PIN), 1);
    report.equal("none", pwm_write(LED_PIN, 0), 0);
    report.equal("none-is-low", pin_read(LED_PIN), 0);
    report.equal("bad-duty", pwm_write(LED_PIN, PWM_DUTY_MAX + 1), HostError.BadArgument);
    report.equal("bad-negative", pwm_write(LED_PIN, -1), HostError.BadArgument);
    report.equal("bad-pin", pwm_write(PIN_MAX + 1, 0), HostError.BadArgument);
    report.equal("bad-flash-pin", pwm_write(FLASH_PIN, 0), HostError.BadArgument);
    report.equal("bad-rtc-pin", pwm_write(RTC_PIN, 0), HostError.Unsupported);
    pwm_write(LED_PIN, 700);
    report.of("pin_write");
    report.equal("ends-pulses", pin_write(LED_PIN, 0), 0);
    report.of("pin_read");
    report.equal("pulses-ended", pin_read(LED_PIN), 0);
    pin_mode(LED_PIN, PinMode.Input);
  }

  private checkI2c(): void {
    const report = this.report;
    const environment = this.environment;
    const nobody = environment.i2cAddress == NOBODY ? NOBODY_ELSE : NOBODY;
    report.of("i2c_transfer");
    report.equal("nobody", i2c_transfer(nobody, 0, 0, 0, 0), HostError.NoDevice);
    report.equal("nobody-reads", i2c_transfer(nobody, 0, 0, scratch, 4), HostError.NoDevice);
    report.equal("bad-address", i2c_transfer(ADDRESS_MAX + 1, 0, 0, 0, 0), HostError.BadArgument);
    report.equal("bad-negative", i2c_transfer(-1, 0, 0, 0, 0), HostError.BadArgument);
    const tooLong = I2C_TRANSFER_MAX_BYTES + 1;
    report.equal("bad-long-read", i2c_transfer(nobody, 0, 0, scratch, tooLong), HostError.BadArgument);
    report.equal("bad-long-sum", i2c_transfer(nobody, other, 60, scratch, 41), HostError.BadArgument);
    report.of("pin_read");
    report.equal("i2c-data", pin_read(I2C_SDA_PIN), 1);
    report.equal("i2c-clock", pin_read(I2C_SCL_PIN), 1);
    report.of("i2c_transfer");
    if (environment.i2cAddress == NONE) return;
    report.equal("there", i2c_transfer(environment.i2cAddress, 0, 0, 0, 0), 0);
    store<u8>(other, <u8>environment.i2cRegister);
    fillScratch(FILL);
    report.equal("writes", i2c_transfer(environment.i2cAddress, other, 1, 0, 0), 0);
    report.equal("reads", i2c_transfer(environment.i2cAddress, other, 1, scratch, 1), 1);
    report.equal("register", load<u8>(scratch), environment.i2cValue);
    report.holds("stays-in-range", isRestUntouched(1, FILL));
  }
}
