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
/** Devices of a project, and of these those that wait for approval. */
export const DEVICES_PER_PROJECT_MAX = 100_000;
export const WAITING_PER_PROJECT_MAX = 1000;
/** Boards that were refused and are remembered. */
export const STRANGERS_MAX = 256;
/** A stranger that was taken in has to come back within this time with what it showed, milliseconds. */
export const STRANGER_ADMITTED_MS = 3_600_000;
/** A device that would not take its own secret is sent another one no sooner than this, milliseconds. */
export const SECRET_AGAIN_MS = 3_600_000;
/** Devices of which the broker remembers whose they are. */
export const ORGANISATIONS_KNOWN_MAX = 20_000;
/** Devices that one request creates. */
export const DEVICES_PER_REQUEST_MAX = 1000;
/** Applications at the broker of one organisation, and what each is granted. */
export const MQTT_USERS_MAX = 100;
export const TOPIC_GRANTS_MAX = 32;
/** Templates of an organisation, versions that are kept of one (and those that devices are pinned to), attributes of each. */
export const TEMPLATES_MAX = 500;
export const TEMPLATE_VERSIONS_MAX = 100;
export const ATTRIBUTES_MAX = 64;
/** Templates of a device, and values of its own for attributes of them. */
export const DEVICE_TEMPLATES_MAX = 16;
export const DEVICE_OVERRIDES_MAX = 256;
/** Tags of a device, properties of a device or a project; fleets of an organisation, members of one, and of one request. */
export const DEVICE_TAGS_MAX = 32;
export const PROPERTIES_MAX = 64;
export const FLEETS_MAX = 1000;
export const FLEET_MEMBERS_MAX = 20_000;
export const FLEET_MEMBERS_PER_REQUEST_MAX = 1000;
/**
 * Products that one level of configuration says something of; devices that one step looks at after a change, and those that it
 * changes: they restart, so the next ones have a second's time.
 */
export const CONFIG_LEVELS_MAX = 64;
export const CONFIG_STEP_DEVICES = 500;
export const CONFIG_STEP_CHANGES = 50;
/** Text that people write, characters. */
export const TAG_MAX_CHARS = 40;
export const PROPERTY_MAX_CHARS = 500;
export const LABEL_MAX_CHARS = 63;
export const UNIT_MAX_CHARS = 32;
export const DESCRIPTION_MAX_CHARS = 1000;
export const ATTRIBUTE_TEXT_MAX_CHARS = 200;
/** MQTT connections, in all and from one address (a shop, or many, behind one router). */
export const MQTT_CONNECTIONS_MAX = 20_000;
export const MQTT_CONNECTIONS_OF_ADDRESS_MAX = 2000;
/** A connection that has not said CONNECT, or ended its TLS handshake, within this time is closed, milliseconds. */
export const MQTT_CONNECT_MAX_MS = 10_000;
/**
 * How fast a client may talk. The chip takes in and gives out about 1 MB each second at most, and a device waits for each
 * acknowledgement, so no board comes near.
 */
export const MQTT_PACKETS_PER_SECOND = 1000;
export const MQTT_PACKETS_BURST = 5000;
export const MQTT_BYTES_PER_SECOND = 1024 * 1024;
export const MQTT_BYTES_BURST = 4 * 1024 * 1024;
/** A client that is above that for so long is dropped, milliseconds. */
export const MQTT_FLOOD_MAX_MS = 30_000;
/** A client that asks for a longer keep alive, or for none, has this one, seconds. */
export const MQTT_KEEP_ALIVE_MAX_S = 1200;
/** Messages of QoS 2 that a client has begun and not ended. */
export const MQTT_INFLIGHT_MAX = 16;
export const MQTT_TOPIC_LEVELS_MAX = 16;
export const MQTT_CLIENT_ID_MAX = 128;
/** Retained messages: of devices, and of the applications of one organisation; topics and payloads, bytes. */
export const RETAINED_OF_DEVICES = { count: 100_000, bytes: 32 * 1024 * 1024 };
export const RETAINED_OF_ORGANISATION = { count: 1000, bytes: 1024 * 1024 };
/** Refusals of which it is remembered when they were last told. */
export const REFUSALS_KNOWN_MAX = 10_000;
/** HTTP: connections; and time for the headers and for all of a request, milliseconds. */
export const HTTP_CONNECTIONS_MAX = 1000;
export const HTTP_HEADERS_MAX_MS = 10_000;
export const HTTP_REQUEST_MAX_MS = 60_000;
export const HTTP_CHECK_EVERY_MS = 2000;
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
export const EXPORT_STEP_ROWS = 1000;
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
/** Pages of the database that a backup copies between two commits: a commit waits a millisecond or two for them. */
export const BACKUP_STEP_PAGES = 256;
/** After a commit that failed the store counts as well again with this much room on its disk, bytes: some of the largest commits. */
export const DISK_FREE_MIN_BYTES = 8 * 1024 * 1024;
/**
 * Readings of a segment. It is what one step of the sealer takes on and one look-up unpacks: some milliseconds of the writer,
 * some tenths of one of the reader.
 */
export const SEGMENT_MAX_READINGS = 2048;
/** A day with fewer readings needs no hours beside them: unpacking them is as fast. */
export const HOURS_FROM_READINGS = 48;
/** A day is packed this long after it is over and after its first reading since came, milliseconds. */
export const SEAL_AFTER_MS = 3_600_000;
/** A day that has not come yet (a clock that is ahead) is not waited for longer than this, milliseconds. */
export const SEAL_WAIT_MAX_MS = 86_400_000;
/** How often the writer is given the time, to pack days and delete old ones, milliseconds. */
export const HOUSEKEEPING_EVERY_MS = 10_000;
/** The part of the writer's time that this takes as long as there is something to do. */
export const HOUSEKEEPING_SHARE = 0.2;
/** Retention goes through all streams this often, milliseconds; and deletes as many segments in one step. */
export const RETENTION_EVERY_MS = 600_000;
export const RETENTION_STEP_SEGMENTS = 32;
/** Retention's clock goes at most this many times as fast as time passes: a server's clock that jumps deletes nothing. */
export const RETENTION_CLOCK_RATE = 24;
/** It is written when it has moved this far, milliseconds: a server that has nothing to do writes seldom. */
export const RETENTION_CLOCK_STEP_MS = 60_000;
/** A database of which this part is free, and this many pages, is written anew at the start, if what is in it is not more bytes. */
export const SHRINK_FREE_SHARE = 0.5;
export const SHRINK_FREE_MIN_PAGES = 256;
export const SHRINK_MAX_BYTES = 1024 ** 3;
/** Segments that the reader keeps unpacked. */
export const UNPACKED_SEGMENTS_MAX = 64;
/** Largest report of an IOTile device, bytes: a header, 4096 readings, a footer. Gateways send some kilobytes at once. */
export const IOTILE_REPORT_MAX_BYTES = 20 + 4096 * 16 + 24;
/** Events of a device, what one of them says, and its files; the files of an organisation. A note, and the notes of a thing. */
export const EVENTS_OF_DEVICE_MAX = 20_000;
export const EVENT_DATA_MAX_BYTES = 8 * 1024;
export const EVENT_FILE_MAX_BYTES = 1024 * 1024;
export const EVENT_FILES_MAX = 8;
export const EVENT_FILES_OF_ORGANISATION_MAX = 10_000;
export const EVENT_FILES_OF_ORGANISATION_MAX_BYTES = 512 * 1024 * 1024;
export const NOTE_MAX_CHARS = 4000;
export const NOTES_OF_THING_MAX = 1000;
/** Events that retention deletes in one step, with their files. */
export const RETENTION_STEP_EVENTS = 16;
/** Days whose rollups are looked up at once. */
export const ROLLUP_STEP_DAYS = 64;
/** Buckets of one answer, and the number that is aimed at when nothing is said. */
export const AGGREGATE_BUCKETS_MAX = 5000;
export const AGGREGATE_POINTS = 500;
/** Long queries at once; who comes after that is told to come again. */
export const QUERIES_MAX = 8;
/** Rows of a row group in a Parquet file. */
export const PARQUET_GROUP_ROWS = 20_000;
/**
 * Derived streams of a device, sections of an alias, definitions that refer to each other; streams that one is derived from in the end,
 * each as often as it is named: so often it may be read for one answer. The writer follows so many definitions of one.
 */
export const DERIVED_STREAMS_MAX = 100;
export const ALIAS_SECTIONS_MAX = 50;
export const DERIVED_DEPTH_MAX = 4;
export const DERIVED_PARTS_MAX = 200;
export const DERIVED_FOLLOWED_MAX = DERIVED_PARTS_MAX * DERIVED_DEPTH_MAX;
/** Days that restarts, reconnects and lost readings of a device are counted over, to hold an update against. */
export const VITAL_DAYS_KEPT = 7;
/** Of an organisation: keys that releases are signed with, releases, and rollouts; the devices of one rollout. */
export const TRUSTED_KEYS_MAX = 16;
export const RELEASES_MAX = 1000;
export const RELEASE_IMAGES_MAX = 32;
export const ROLLOUTS_MAX = 1000;
export const ROLLOUT_DEVICES_MAX = 20_000;
/** A device in a rollout that says nothing for so long gives its place to another, milliseconds; an offer is then repeated. */
export const ROLLOUT_BUSY_MS = 600_000;
/** Rollouts are looked at this often, milliseconds; what devices say is looked at when it comes. */
export const ROLLOUT_TICK_MS = 1000;
/** Steps of rollouts take at most this part of the time, as long as one does not take more than it leaves. */
export const ROLLOUT_STEP_SHARE = 0.2;
export const ROLLOUT_REST_MAX_MS = 1000;
/** Devices that are offered an image in one step; more in the next. */
export const ROLLOUT_OFFERS_MAX = 100;
/** Devices that are away and are told in one step what to go back to; more in the next. */
export const ROLLOUT_RETURNS_MAX = 200;
/** Pieces of images that one turn of the event loop sends: some milliseconds. */
export const CHUNKS_TURN_MAX_BYTES = 32 * 1024;
/** Devices whose request for a piece of an image waits for the limit of bytes a second. */
export const DOWNLOADS_WAITING_MAX = 10_000;
/** Passwords computed at once, and logins that wait for their turn; each takes 32 MiB while it is computed. */
export const PASSWORDS_AT_ONCE_MAX = 2;
export const PASSWORDS_WAITING_MAX = 32;
/** Accounts, and addresses, whose failed logins are remembered. */
export const THROTTLED_KEPT_MAX = 10_000;
/** Principals and addresses whose requests are counted. */
export const RATES_KEPT_MAX = 10_000;
/** Requests of one who has logged in, and of one address that has not: at once, and each second. */
export const REQUESTS_OF_PRINCIPAL = { burst: 1000, perS: 100 };
export const REQUESTS_OF_ADDRESS = { burst: 300, perS: 20 };
/** A session that is not used for this long has ended; and however it is used, one of this age, milliseconds. */
export const SESSION_IDLE_MS = 7 * 86_400_000;
export const SESSION_MAX_MS = 30 * 86_400_000;
/** When a session or a token was last used is written at most this often, milliseconds. */
export const USED_STEP_MS = 60_000;
/** Sessions of a user; a new one ends the oldest. Tokens of a user or an organisation, and invitations of one. */
export const SESSIONS_MAX = 20;
export const TOKENS_MAX = 100;
export const INVITATIONS_MAX = 100;
export const USERS_MAX = 10_000;
export const ORGANISATIONS_MAX = 1000;
/** Of one organisation. */
export const PROJECTS_MAX = 1000;
/** Longest time that an invitation is good for, hours; and how long when it is not said. */
export const INVITATION_MAX_H = 30 * 24;
export const INVITATION_H = 7 * 24;
/** Entries of the audit log; the oldest go. They are looked at every so many entries. */
export const AUDIT_KEPT_MAX = 1_000_000;
export const AUDIT_TRIM_STEP = 1000;
/** Answers that are kept for requests that come again (`Idempotency-Key`): so long, so many, so large. */
export const ANSWERS_KEPT_MS = 86_400_000;
export const ANSWERS_KEPT_MAX = 10_000;
export const ANSWER_MAX_BYTES = 64 * 1024;
/** How long somebody who was thrown out goes on seeing what he was seeing at that moment, at most, milliseconds. */
export const RIGHTS_LOOKED_AT_MS = 5000;
/** The health of devices is looked at this often, milliseconds, and so many are judged in one transaction. */
export const HEALTH_TICK_MS = 15_000;
export const HEALTH_STEP_DEVICES = 500;
/** A clock that is off by more than this since the last look has jumped; a look that is later means nobody has listened, milliseconds. */
export const HEALTH_CLOCK_JUMP_MS = 60_000;
export const HEALTH_ABSENCE_MS = 180_000;
/** Changes of health that are remembered of each device. */
export const HEALTH_HISTORY_MAX = 500;
/** Schedules, and policies of projects, that are kept at hand; and the windows of one schedule. */
export const HEALTH_SCHEDULES_MAX = 1000;
export const HEALTH_WINDOWS_MAX = 28;
/** Changes of an organisation that are kept to be read, and for how long, milliseconds; how many there are is looked at every so many. */
export const CHANGES_KEPT_MAX = 20_000;
export const CHANGES_KEPT_MS = 90 * 86_400_000;
export const CHANGES_TRIM_STEP = 1000;
/** The oldest of all that are looked at in one step. */
export const CHANGES_AGE_STEP = 100;
/** Alert rules and channels of an organisation; changes, devices and streams that one rule names; addresses of one channel of mail. */
export const ALERT_RULES_MAX = 100;
export const CHANNELS_MAX = 50;
export const CHANNELS_OF_RULE_MAX = 10;
export const RULE_DEVICES_MAX = 1000;
export const MAIL_TO_MAX = 10;
/** Alerts of an organisation that are over and are kept; how many there are is looked at every so many. Opened at once. */
export const ALERTS_KEPT_MAX = 10_000;
export const ALERTS_TRIM_STEP = 100;
export const ALERTS_STEP = 200;
/** A value that is older than this when it comes is late: it opens an alert when no newer one comes for so long, and at the latest then, milliseconds. */
export const LATE_VALUE_MS = 300_000;
export const LATE_WAIT_MS = 120_000;
export const LATE_WAIT_MAX_MS = 900_000;
/** Alerts that one message lists; and deliveries of a channel that are kept. */
export const ALERTS_OF_MESSAGE_MAX = 200;
export const DELIVERIES_KEPT_MAX = 200;
/** What happens together is told together: waited for from the first, and until the next message, milliseconds. */
export const GROUP_WAIT_MS = 120_000;
export const GROUP_EVERY_MS = 600_000;
/** Deliveries under way; a failed one is tried again after the first of these, twice as long each time; 30 attempts are about a day. */
export const DELIVERIES_AT_ONCE = 8;
export const DELIVERY_RETRY_FIRST_MS = 30_000;
export const DELIVERY_RETRY_MAX_MS = 3_600_000;
export const DELIVERY_ATTEMPTS_MAX = 30;
/** One attempt through any channel is given up then; and what is waited before the store is told of it once more, and at most. */
export const DELIVERY_MAX_MS = 120_000;
export const DELIVERY_END_FIRST_MS = 2000;
export const DELIVERY_END_MAX_MS = 300_000;
/** Of one attempt at a webhook: all of it, milliseconds, and what is read of the answer, bytes. */
export const WEBHOOK_MAX_MS = 10_000;
export const WEBHOOK_ANSWER_MAX_BYTES = 64 * 1024;
/** Of one attempt at a mail, milliseconds. */
export const MAIL_MAX_MS = 30_000;
/** A device that was heard so far in the future was heard by a clock that has been set back since, milliseconds. */
export const SEEN_AHEAD_MAX_MS = 60_000;
