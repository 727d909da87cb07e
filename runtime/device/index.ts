/** The device library, as products import it. */
import { Clock } from "./hal/clock.ts";
import { logText, logValue } from "./hal/log.ts";
import { RTC_PRODUCT_OFFSET } from "./hal/rtc-map.ts";
import { RtcRecord } from "./hal/rtc-record.ts";
import {
  adc_read,
  deadline_set,
  edge_read,
  image_run,
  pin_edges,
  pin_mode,
  pin_read,
  pin_watch,
  pin_write,
  reset_reason,
} from "./imports/host.ts";
import { Improv } from "./improv/improv.ts";
import { heap_limit, heap_used } from "./memory/heap.ts";
import { FlashQueue } from "./queue/flash-queue.ts";
import { COMMAND_REFUSED, COMMAND_UNKNOWN, CommandHandler, MethodName } from "./session/command-handler.ts";
import { RecoverySession } from "./session/recovery-session.ts";
import { Session } from "./session/session.ts";
import { Factory } from "./update/factory.ts";
import { ImageCheck } from "./update/image-check.ts";
import { sameBytes, slotOffset } from "./update/image-id.ts";
import { SlotStates } from "./update/slot-states.ts";
import { TrialNote, trialFailure } from "./update/trial-note.ts";

export {
  adc_read,
  Clock,
  COMMAND_REFUSED,
  COMMAND_UNKNOWN,
  CommandHandler,
  deadline_set,
  edge_read,
  Factory,
  FlashQueue,
  heap_limit,
  heap_used,
  ImageCheck,
  Improv,
  image_run,
  logText,
  logValue,
  MethodName,
  pin_edges,
  pin_mode,
  pin_read,
  pin_watch,
  pin_write,
  RecoverySession,
  RTC_PRODUCT_OFFSET,
  RtcRecord,
  reset_reason,
  Session,
  SlotStates,
  sameBytes,
  slotOffset,
  TrialNote,
  trialFailure,
};
