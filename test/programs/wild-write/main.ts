/**
 * Writes where it must not, beyond the stack, when the analogue input is not 0; logs first what it finds there.
 */

import { LogLevel } from "../../../runtime/contract/host-abi.ts";
import { logValue } from "../../../runtime/device/hal/log.ts";
import { adc_read } from "../../../runtime/device/imports/host.ts";

const SDK_DATA: usize = 0x3fffd000;

export function start(): void {}

export function poll(): u32 {
  if (adc_read() == 0) {
    logValue(LogLevel.Info, "found ", load<u32>(SDK_DATA));
    return 60000;
  }
  store<u32>(SDK_DATA, 0xbad);
  return 60000;
}
