/** The device library, as products import it. */
import { Clock } from "./hal/clock.ts";
import { logText, logValue } from "./hal/log.ts";
import { RtcRecord } from "./hal/rtc-record.ts";
import { adc_read, edge_read, pin_edges, pin_mode, pin_read, pin_watch, pin_write } from "./imports/host.ts";
import { heap_limit, heap_used } from "./memory/heap.ts";
import { RamQueue } from "./queue/ram-queue.ts";
import { RTC_PRODUCT_OFFSET, Session } from "./session/session.ts";

export {
  adc_read,
  Clock,
  edge_read,
  heap_limit,
  heap_used,
  logText,
  logValue,
  pin_edges,
  pin_mode,
  pin_read,
  pin_watch,
  pin_write,
  RamQueue,
  RTC_PRODUCT_OFFSET,
  RtcRecord,
  Session,
};
