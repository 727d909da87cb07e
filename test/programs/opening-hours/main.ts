/** Local time and opening hours on a device, for tests. */
import { OpeningHours } from "../../../runtime/device/schedule/opening-hours.ts";

const hours = new OpeningHours();

export function start(): void {}

export function poll(): u32 {
  return 60000;
}

export function setZone(offsetMin: i32, daylightBegin: u32, daylightEnd: u32): void {
  hours.local.offsetMin = offsetMin;
  hours.local.daylightBegin = daylightBegin;
  hours.local.daylightEnd = daylightEnd;
}

export function localS(unixS: u32): u32 {
  return hours.local.of(unixS);
}

export function setDay(day: i32, value: u32): void {
  hours.setDay(day, value);
}

export function isOpen(unixS: u32): i32 {
  hours.update(unixS);
  return i32(hours.isOpen);
}
