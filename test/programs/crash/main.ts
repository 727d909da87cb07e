/** Crashes as the analogue input says: 1 divides by zero, 2 reads where the chip has nothing. */
import { adc_read } from "../../../runtime/device/imports/host.ts";

const NOWHERE: usize = 0x1000;

export function start(): void {}

export function poll(): u32 {
  const how = adc_read();
  if (how == 1) return divide(1000, how - 1);
  if (how == 2) return peek(NOWHERE, 3);
  return 1000;
}

/** Calls itself, so that it is not inlined and a crash has its name. */
function divide(a: i32, b: i32): u32 {
  if (a == 7) return divide(a + 1, b);
  return a / b;
}

function peek(address: usize, depth: i32): u32 {
  if (depth == 0) return load<u32>(address);
  return peek(address, depth - 1) + 1;
}
