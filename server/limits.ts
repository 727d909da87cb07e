/** Every named maximum of the server itself. Those that devices share are in runtime/contract/limits.ts. */
import { FLASH_REGION_CHIP_OFFSET, FLASH_SLOT_A_OFFSET, FLASH_SLOT_BYTES } from "../runtime/contract/flash-map.ts";

/** Received and not yet committed, all devices together, bytes. Above it packs are dropped unacknowledged. */
export const PENDING_MAX_BYTES = 8 * 1024 * 1024;
/** The same for one device, bytes, so that one cannot starve the rest. */
export const PENDING_DEVICE_MAX_BYTES = 256 * 1024;
/** What one message takes besides its payload: its record in a block and the bookkeeping of it, bytes, about. */
export const MESSAGE_OVERHEAD_BYTES = 64;
/** Messages handed to the writer at once, bytes; and the most of these blocks that make one group commit. */
export const BATCH_MAX_BYTES = 128 * 1024;
export const COMMIT_MAX_BATCHES = 4;
/** Blocks under way to the writer before a block waits to be full: one that it works on, one that is next. */
export const BATCHES_UNDER_WAY_MAX = 2;
/** Empty blocks kept for the next messages. */
export const FREE_BLOCKS_MAX = 16;
/** Devices that the writer remembers before it forgets them all and reads them again. */
export const DEVICE_CACHE_MAX = 20_000;
/** Epochs and streams that it remembers of one device. */
export const DEVICE_DETAIL_CACHE_MAX = 256;
/** Largest MQTT packet of any client, bytes. More than a message may have, so that a message too long is still counted. */
export const MQTT_PACKET_MAX_BYTES = 64 * 1024;
/** A client that reads this little of what it is sent, bytes, loses messages until it catches up. */
export const MQTT_UNSENT_MAX_BYTES = 1024 * 1024;
/** An observer's topic filters. */
export const SUBSCRIPTIONS_MAX = 64;
/** A live viewer that leaves this much unread, bytes, is dropped. */
export const LIVE_UNSENT_MAX_BYTES = 256 * 1024;
/** Live viewers at once. */
export const LIVE_VIEWERS_MAX = 64;
/** Readings told to live viewers after one commit; the rest is in the store. */
export const LIVE_READINGS_PER_COMMIT_MAX = 5000;
export const LIVE_HEARTBEAT_MS = 15_000;
/** Rows of one page of a list, and of one step of an export. */
export const PAGE_DEFAULT_ROWS = 100;
export const PAGE_MAX_ROWS = 1000;
export const READINGS_DEFAULT_ROWS = 1000;
export const READINGS_JSON_MAX_ROWS = 10_000;
export const EXPORT_STEP_ROWS = 500;
/** Lines about malformed or denied messages in the log, each minute. */
export const LOG_LINES_PER_MINUTE = 60;
/** Longest wait, at a stop, for what was sent to leave. */
export const STOP_FLUSH_MS = 1000;
/** A stop spreads reconnects over this long for each connected device, and at least over the minimum. */
export const RECONNECT_SPREAD_PER_DEVICE_MS = 2;
export const RECONNECT_SPREAD_MIN_MS = 200;
/** Between two attempts of a failed writer to write again. */
export const WRITER_RETRY_MS = 1000;
/** Page cache of the writer and of the reader, KiB, and pages in the log before it is copied into the database. */
export const WRITER_CACHE_KIB = 8 * 1024;
export const READER_CACHE_KIB = 4 * 1024;
export const WAL_CHECKPOINT_PAGES = 4000;
/** A database below this size is checked page by page at the start, bytes. */
export const QUICK_CHECK_MAX_BYTES = 32 * 1024 * 1024;
/** Images in the store, and patches between them. */
export const IMAGES_MAX = 1000;
export const PATCHES_MAX = 1000;
/** Boards with a flash kit. */
export const FLASH_KITS_MAX = 64;
/** Parts of a kit, all together: the host and everything up to the end of slot A, bytes; and the request that brings them. */
export const FLASH_KIT_MAX_BYTES = FLASH_REGION_CHIP_OFFSET + FLASH_SLOT_A_OFFSET + FLASH_SLOT_BYTES;
export const FLASH_KIT_REQUEST_MAX_BYTES = Math.ceil(FLASH_KIT_MAX_BYTES / 3) * 4 + 8 * 1024;
/** Steps of updates that are remembered of each device. */
export const UPDATE_HISTORY_MAX = 100;
/** Images and patches kept in memory for devices that download them, bytes. */
export const IMAGE_CACHE_MAX_BYTES = 2 * 1024 * 1024;
/** Pieces of images that a device has asked for and not read, bytes; further requests of it are dropped. */
export const CHUNKS_UNSENT_MAX_BYTES = 16 * 1024;
/** Patches and compressed images being made or waiting for it. Above it the image is offered as it is. */
export const FILES_UNDER_WAY_MAX = 8;
/**
 * One that takes longer is given up, milliseconds. The slowest image takes 4 s on a desktop and ten times that on a small
 * machine that is busy, so only a thread that is stuck is met here.
 */
export const FILE_MAKE_MAX_MS = 120_000;
/** What could not be made is tried again after this time, milliseconds; and how many of these are remembered. */
export const FILE_RETRY_MS = 3_600_000;
export const FILES_POSTPONED_MAX = 1000;
/**
 * A device that has loaded an image restarts into it within this time, milliseconds: it waits for its last report to leave,
 * 30 s at most (runtime/device/update).
 */
export const DEVICE_LEAVES_MAX_MS = 60_000;
/** Devices whose last offer is remembered. */
export const OFFERS_KNOWN_MAX = 10_000;
/** Changes that the API has under way to the writer. */
export const STORE_REQUESTS_MAX = 64;
/** Who was told that the server is busy asks again after this time, seconds. */
export const BUSY_RETRY_S = 1;
/** Commands of a device that are not done, and of all those that are remembered. */
export const COMMANDS_OPEN_MAX = 32;
export const COMMANDS_KEPT_MAX = 100;
/** A device that has not answered within this time of its hello is sent again what it was sent, milliseconds. */
export const ORDERS_AGAIN_MS = 60_000;
/** Longest time that a command can wait for its device, seconds: a year. */
export const COMMAND_EXPIRES_MAX_S = 365 * 86_400;
/** Times that a change is made anew because another one came first. */
export const CHANGE_ATTEMPTS_MAX = 4;
/** Lines of log that are kept of a device, and devices that lines are kept of. */
export const LOG_RING_LINES = 200;
export const LOG_DEVICES_MAX = 64;
/** Lines of log that are taken from a device, each minute; what is beyond is counted. */
export const LOG_TAKEN_PER_MINUTE = 1200;
