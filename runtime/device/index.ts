/** The device library, as products import it. */
import { Config } from "./config/config.ts";
import { Adc } from "./drivers/adc.ts";
import { Bme280 } from "./drivers/bme280.ts";
import { Dht22 } from "./drivers/dht22.ts";
import { Digital } from "./drivers/digital.ts";
import { Ds18b20 } from "./drivers/ds18b20.ts";
import { OneWireSearch, SearchState } from "./drivers/onewire.ts";
import { PulseCounter } from "./drivers/pulse-counter.ts";
import { Reading, Sensor } from "./drivers/sensor.ts";
import { GraphCalls, GraphOutput } from "./graph/graph-calls.ts";
import { checkGraph } from "./graph/graph-check.ts";
import { GraphClock } from "./graph/graph-clock.ts";
import { GraphEngine } from "./graph/graph-engine.ts";
import {
  configBytes,
  configNumber,
  configsAt,
  constantsAt,
  findConfig,
  inputStream,
  nodeAt,
  streamerCount,
  streamersAt,
} from "./graph/graph-form.ts";
import { selects } from "./graph/graph-streamers.ts";
import { GraphCheck, GraphStore } from "./graph-store/graph-store.ts";
import { Clock, elapsedMs } from "./hal/clock.ts";
import { logText, logValue } from "./hal/log.ts";
import { RTC_PRODUCT_OFFSET } from "./hal/rtc-map.ts";
import { RtcRecord } from "./hal/rtc-record.ts";
import {
  abi_version,
  adc_read,
  board_id,
  chip_mac,
  clock_ms,
  clock_set,
  clock_unix,
  deadline_set,
  edge_read,
  flash_erase,
  flash_read,
  flash_size,
  flash_write,
  hmac_sha256,
  i2c_transfer,
  image_run,
  log,
  net_found,
  net_join,
  net_rssi,
  net_scan,
  net_status,
  onewire_transfer,
  onewire_triplet,
  pin_edges,
  pin_mode,
  pin_read,
  pin_watch,
  pin_write,
  pulse_read,
  pwm_write,
  radio_beacon,
  radio_read,
  radio_sniff,
  random_fill,
  reset_reason,
  restart,
  rtc_read,
  rtc_write,
  serial_read,
  serial_write,
  sha256,
  sha256_flash,
  sleep_deep,
  slot,
  tcp_close,
  tcp_open,
  tcp_read,
  tcp_status,
  tcp_write,
  verify_p256,
} from "./imports/host.ts";
import { Improv } from "./improv/improv.ts";
import { heap_limit, heap_used } from "./memory/heap.ts";
import { FlashQueue } from "./queue/flash-queue.ts";
import { HoldingQueue, PackSigner } from "./queue/holding-queue.ts";
import { OpeningHours } from "./schedule/opening-hours.ts";
import { PeriodClock } from "./schedule/period-clock.ts";
import { COMMAND_REFUSED, COMMAND_UNKNOWN, CommandHandler, MethodName } from "./session/command-handler.ts";
import { PinCommands } from "./session/pin-commands.ts";
import { RecoverySession } from "./session/recovery-session.ts";
import { RemoteLog } from "./session/remote-log.ts";
import { Session } from "./session/session.ts";
import { Factory } from "./update/factory.ts";
import { ImageCheck } from "./update/image-check.ts";
import { sameBytes, slotOffset } from "./update/image-id.ts";
import { SlotStates } from "./update/slot-states.ts";
import { TrialNote, trialFailure } from "./update/trial-note.ts";

export {
  Adc,
  abi_version,
  adc_read,
  Bme280,
  board_id,
  Clock,
  COMMAND_REFUSED,
  COMMAND_UNKNOWN,
  CommandHandler,
  Config,
  checkGraph,
  chip_mac,
  clock_ms,
  clock_set,
  clock_unix,
  configBytes,
  configNumber,
  configsAt,
  constantsAt,
  Dht22,
  Digital,
  Ds18b20,
  deadline_set,
  edge_read,
  elapsedMs,
  Factory,
  FlashQueue,
  findConfig,
  flash_erase,
  flash_read,
  flash_size,
  flash_write,
  GraphCalls,
  GraphCheck,
  GraphClock,
  GraphEngine,
  GraphOutput,
  GraphStore,
  HoldingQueue,
  heap_limit,
  heap_used,
  hmac_sha256,
  ImageCheck,
  Improv,
  i2c_transfer,
  image_run,
  inputStream,
  log,
  logText,
  logValue,
  MethodName,
  net_found,
  net_join,
  net_rssi,
  net_scan,
  net_status,
  nodeAt,
  OneWireSearch,
  OpeningHours,
  onewire_transfer,
  onewire_triplet,
  PackSigner,
  PeriodClock,
  PinCommands,
  PulseCounter,
  pin_edges,
  pin_mode,
  pin_read,
  pin_watch,
  pin_write,
  pulse_read,
  pwm_write,
  Reading,
  RecoverySession,
  RemoteLog,
  RTC_PRODUCT_OFFSET,
  RtcRecord,
  radio_beacon,
  radio_read,
  radio_sniff,
  random_fill,
  reset_reason,
  restart,
  rtc_read,
  rtc_write,
  SearchState,
  Sensor,
  Session,
  SlotStates,
  sameBytes,
  selects,
  serial_read,
  serial_write,
  sha256,
  sha256_flash,
  sleep_deep,
  slot,
  slotOffset,
  streamerCount,
  streamersAt,
  TrialNote,
  tcp_close,
  tcp_open,
  tcp_read,
  tcp_status,
  tcp_write,
  trialFailure,
  verify_p256,
};
