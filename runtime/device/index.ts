/** The device library, as products import it. */
import { Clock } from "./hal/clock.ts";
import { logValue } from "./hal/log.ts";
import { RtcRecord } from "./hal/rtc-record.ts";
import { edge_read, pin_edges, pin_mode, pin_watch } from "./imports/host.ts";
import { heap_limit, heap_used } from "./memory/heap.ts";
import { RamQueue } from "./queue/ram-queue.ts";
import { RTC_PRODUCT_OFFSET, Session } from "./session/session.ts";

export {
  Clock,
  edge_read,
  heap_limit,
  heap_used,
  logValue,
  pin_edges,
  pin_mode,
  pin_watch,
  RamQueue,
  RTC_PRODUCT_OFFSET,
  RtcRecord,
  Session,
};
