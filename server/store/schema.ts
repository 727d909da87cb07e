/**
 * The tables, as a list of steps: a database of version n has had the first n. A step that was released is never edited;
 * a change is a new step at the end.
 *
 * Invariant: `epochs.watermark` changes in the transaction that inserts the readings, gaps and rejected records it
 * covers. That alone makes delivery exactly once; no table needs a unique index over sequence numbers.
 *
 * `readings` is clustered by stream and time, the way it is read; `streams` carries what would need a scan otherwise. A reading is
 * in `readings` or in a segment, never in both: packing and deleting is one transaction (sealer.ts). `unsealed` has a row for
 * each day of a stream that has readings in the table. Rollups of a day sum up what was ever packed of it, also when the
 * segments are gone; `retained` says from which day on they are all there.
 *
 * `patches.bytes` and `images.compressed` are null where they are not worth while; the latter also until it was made, which
 * `compress_tried` tells apart. The last row of a device in `update_history` is its present state; `told` is 0 where the
 * device has not said so itself, but its `hello` does (store/update-ledger.ts). In `desired_images` `tried` means that the
 * device has started the image since it was set, `given_up` that it will not run it.
 */
import { ACCOUNTS_STEP } from "./migrations/accounts.ts";
import { ALERTS_STEP } from "./migrations/alerts.ts";
import { CHANGES_STEP } from "./migrations/changes.ts";
import { CHANGES_TRIMMED_STEP } from "./migrations/changes-trimmed.ts";
import { CONFIG_LEVELS_STEP } from "./migrations/config-levels.ts";
import { EVENTS_STEP } from "./migrations/events.ts";
import { FLASHED_SETTINGS_STEP } from "./migrations/flashed-settings.ts";
import { FLEETS_STEP } from "./migrations/fleets.ts";
import { HEALTH_STEP } from "./migrations/health.ts";
import { PEOPLE_STEP } from "./migrations/people.ts";
import { REFERENCE_INDEXES_STEP } from "./migrations/reference-indexes.ts";
import { REGISTRATION_STEP } from "./migrations/registration.ts";
import { ROLLOUTS_STEP } from "./migrations/rollouts.ts";
import { TEMPLATES_STEP } from "./migrations/templates.ts";

export const APPLICATION_ID = 0x4c4e544c; // "LNTL"

export const MIGRATIONS: readonly string[] = [
  `
  CREATE TABLE devices (
    id INTEGER PRIMARY KEY,
    mac TEXT NOT NULL UNIQUE,
    product TEXT, version TEXT,
    board INTEGER, abi INTEGER, slot INTEGER, reset_reason INTEGER, boots INTEGER, epoch INTEGER,
    first_seen_ms INTEGER NOT NULL,
    last_seen_ms INTEGER NOT NULL,
    hello_ms INTEGER,
    online INTEGER NOT NULL DEFAULT 0,
    state_ms INTEGER,
    rssi_dbm INTEGER, free_bytes INTEGER, queued INTEGER, dropped INTEGER, reconnects INTEGER,
    uptime_s INTEGER, ignored INTEGER
  ) STRICT;

  CREATE TABLE epochs (
    id INTEGER PRIMARY KEY,
    device_id INTEGER NOT NULL REFERENCES devices (id),
    epoch INTEGER NOT NULL,
    watermark INTEGER NOT NULL,
    first_seen_ms INTEGER NOT NULL,
    UNIQUE (device_id, epoch)
  ) STRICT;

  CREATE TABLE streams (
    id INTEGER PRIMARY KEY,
    device_id INTEGER NOT NULL REFERENCES devices (id),
    stream INTEGER NOT NULL,
    reading_count INTEGER NOT NULL,
    first_time_ms INTEGER NOT NULL,
    last_time_ms INTEGER NOT NULL,
    last_value NUMERIC NOT NULL,
    UNIQUE (device_id, stream)
  );

  CREATE TABLE readings (
    stream_id INTEGER NOT NULL,
    time_ms INTEGER NOT NULL,
    epoch_id INTEGER NOT NULL,
    sequence INTEGER NOT NULL,
    value NUMERIC NOT NULL,
    clock INTEGER NOT NULL,
    PRIMARY KEY (stream_id, time_ms, epoch_id, sequence)
  ) WITHOUT ROWID;

  CREATE TABLE gaps (
    id INTEGER PRIMARY KEY,
    device_id INTEGER NOT NULL REFERENCES devices (id),
    epoch_id INTEGER NOT NULL REFERENCES epochs (id),
    from_sequence INTEGER NOT NULL,
    to_sequence INTEGER NOT NULL,
    noticed_ms INTEGER NOT NULL
  ) STRICT;
  CREATE INDEX gaps_of_device ON gaps (device_id, id);

  CREATE TABLE rejected (
    id INTEGER PRIMARY KEY,
    device_id INTEGER NOT NULL REFERENCES devices (id),
    epoch_id INTEGER NOT NULL REFERENCES epochs (id),
    sequence INTEGER NOT NULL,
    reason TEXT NOT NULL,
    record BLOB NOT NULL,
    received_ms INTEGER NOT NULL
  ) STRICT;
  CREATE INDEX rejected_of_device ON rejected (device_id, id);

  CREATE TABLE probe (id INTEGER PRIMARY KEY CHECK (id = 1), count INTEGER NOT NULL) STRICT;
  INSERT INTO probe VALUES (1, 0);
  `,
  // How sure the time of a reading is (NULL: not known; `clock` 2: estimated), images, and how updates fare.
  `
  ALTER TABLE readings ADD COLUMN error_s INTEGER;

  ALTER TABLE devices ADD COLUMN image BLOB;
  ALTER TABLE devices ADD COLUMN trial INTEGER NOT NULL DEFAULT 0;
  ALTER TABLE devices ADD COLUMN failure INTEGER;
  ALTER TABLE devices ADD COLUMN failed_image BLOB;
  ALTER TABLE devices ADD COLUMN config_version INTEGER;
  CREATE INDEX devices_by_image ON devices (image) WHERE image IS NOT NULL;

  CREATE TABLE images (
    number INTEGER PRIMARY KEY,
    id BLOB NOT NULL UNIQUE CHECK (length(id) = 8),
    product TEXT NOT NULL, version TEXT NOT NULL,
    arch INTEGER NOT NULL, abi INTEGER NOT NULL, board INTEGER NOT NULL,
    security_counter INTEGER NOT NULL,
    payload_bytes INTEGER NOT NULL, ram_bytes INTEGER NOT NULL,
    digest BLOB NOT NULL, key_id BLOB NOT NULL,
    size_bytes INTEGER NOT NULL,
    created_ms INTEGER NOT NULL,
    bytes BLOB NOT NULL
  ) STRICT;

  CREATE TABLE patches (
    number INTEGER PRIMARY KEY,
    base_id BLOB NOT NULL REFERENCES images (id) ON DELETE CASCADE,
    image_id BLOB NOT NULL REFERENCES images (id) ON DELETE CASCADE,
    size_bytes INTEGER,
    created_ms INTEGER NOT NULL,
    bytes BLOB,
    UNIQUE (base_id, image_id)
  ) STRICT;
  CREATE INDEX patches_by_image ON patches (image_id);

  CREATE TABLE desired_images (
    device_id INTEGER PRIMARY KEY REFERENCES devices (id),
    image_id BLOB NOT NULL REFERENCES images (id),
    retry INTEGER NOT NULL,
    set_ms INTEGER NOT NULL,
    tried INTEGER NOT NULL DEFAULT 0,
    given_up INTEGER NOT NULL DEFAULT 0
  ) STRICT;
  CREATE INDEX desired_by_image ON desired_images (image_id);

  CREATE TABLE update_history (
    id INTEGER PRIMARY KEY,
    device_id INTEGER NOT NULL REFERENCES devices (id),
    at_ms INTEGER NOT NULL,
    state INTEGER NOT NULL,
    image BLOB,
    percent INTEGER,
    failure INTEGER,
    told INTEGER NOT NULL
  ) STRICT;
  CREATE INDEX update_history_of_device ON update_history (device_id, id);
  `,
  "ALTER TABLE images ADD COLUMN compressed BLOB;",
  // An image without a compressed form may be one for which the time did not suffice.
  `
  ALTER TABLE images ADD COLUMN compress_tried INTEGER NOT NULL DEFAULT 0;
  UPDATE images SET compress_tried = 1 WHERE compressed IS NOT NULL;
  `,
  // What browsers flash boards with (runtime/image/flash-kit.ts): one kit a board.
  `
  CREATE TABLE flash_kits (
    board TEXT PRIMARY KEY,
    title TEXT NOT NULL, product TEXT NOT NULL, version TEXT NOT NULL,
    flash_mib INTEGER NOT NULL,
    stored_ms INTEGER NOT NULL
  ) STRICT;

  CREATE TABLE flash_kit_parts (
    board TEXT NOT NULL REFERENCES flash_kits (board) ON DELETE CASCADE,
    name TEXT NOT NULL,
    offset INTEGER NOT NULL,
    digest BLOB NOT NULL,
    bytes BLOB NOT NULL,
    PRIMARY KEY (board, name)
  ) STRICT;
  `,
  // What devices are told: configuration and sensor graph (`part`), and commands (server/orders/order-requests.ts).
  `
  ALTER TABLE devices ADD COLUMN graph_version INTEGER;

  CREATE TABLE desired_parts (
    device_id INTEGER NOT NULL REFERENCES devices (id),
    part INTEGER NOT NULL,
    version INTEGER NOT NULL,
    product TEXT NOT NULL,
    chosen TEXT,
    content BLOB NOT NULL,
    state INTEGER NOT NULL,
    reason INTEGER,
    setting INTEGER,
    set_ms INTEGER NOT NULL,
    state_ms INTEGER NOT NULL,
    PRIMARY KEY (device_id, part)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE commands (
    device_id INTEGER NOT NULL REFERENCES devices (id),
    id INTEGER NOT NULL,
    method TEXT NOT NULL,
    argument INTEGER,
    second INTEGER,
    expires_s INTEGER,
    state INTEGER NOT NULL,
    code INTEGER,
    value INTEGER,
    created_ms INTEGER NOT NULL,
    sent_ms INTEGER,
    ended_ms INTEGER,
    PRIMARY KEY (device_id, id)
  ) STRICT, WITHOUT ROWID;
  `,
  // Which readings came with a signature, and what it was worth (store/signature-ledger.ts).
  `
  CREATE TABLE signatures (
    id INTEGER PRIMARY KEY,
    device_id INTEGER NOT NULL REFERENCES devices (id),
    epoch_id INTEGER NOT NULL REFERENCES epochs (id),
    from_sequence INTEGER NOT NULL,
    to_sequence INTEGER NOT NULL,
    verdict INTEGER NOT NULL,
    last_ms INTEGER NOT NULL
  ) STRICT;
  CREATE INDEX signatures_of_device ON signatures (device_id, id);
  `,
  PEOPLE_STEP,
  // Readings that last: days that are over are packed (segment-format.ts), and summed up (rollup-format.ts).
  `
  CREATE TABLE unsealed (
    stream_id INTEGER NOT NULL,
    day INTEGER NOT NULL,
    due_ms INTEGER NOT NULL,
    PRIMARY KEY (stream_id, day)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX unsealed_by_due ON unsealed (due_ms);
  INSERT INTO unsealed SELECT DISTINCT stream_id, time_ms / 86400000, 0 FROM readings;

  CREATE TABLE segments (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    stream_id INTEGER NOT NULL,
    day INTEGER NOT NULL,
    first_ms INTEGER NOT NULL,
    last_ms INTEGER NOT NULL,
    count INTEGER NOT NULL,
    body BLOB NOT NULL
  ) STRICT;
  CREATE INDEX segments_of_stream ON segments (stream_id, day, first_ms, last_ms, count);
  CREATE INDEX segments_by_day ON segments (day);

  CREATE TABLE day_rollups (
    stream_id INTEGER NOT NULL,
    day INTEGER NOT NULL,
    count INTEGER NOT NULL,
    sum NUMERIC NOT NULL, min NUMERIC NOT NULL, max NUMERIC NOT NULL,
    first_ms INTEGER NOT NULL, first NUMERIC NOT NULL,
    last_ms INTEGER NOT NULL, last NUMERIC NOT NULL,
    PRIMARY KEY (stream_id, day)
  ) WITHOUT ROWID;
  CREATE INDEX day_rollups_by_day ON day_rollups (day);

  CREATE TABLE hour_rollups (
    stream_id INTEGER NOT NULL,
    day INTEGER NOT NULL,
    body BLOB NOT NULL,
    PRIMARY KEY (stream_id, day)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE minute_rollups (
    stream_id INTEGER NOT NULL,
    day INTEGER NOT NULL,
    body BLOB NOT NULL,
    PRIMARY KEY (stream_id, day)
  ) STRICT;
  CREATE INDEX minute_rollups_by_day ON minute_rollups (day);

  CREATE TABLE retained (
    stream_id INTEGER PRIMARY KEY,
    raw_from_day INTEGER NOT NULL DEFAULT 0,
    rollups_from_day INTEGER NOT NULL DEFAULT 0
  ) STRICT;

  CREATE TABLE retention_clock (id INTEGER PRIMARY KEY CHECK (id = 1), now_ms INTEGER NOT NULL) STRICT;

  CREATE TABLE derived_streams (
    id INTEGER PRIMARY KEY,
    device_id INTEGER NOT NULL REFERENCES devices (id),
    stream INTEGER NOT NULL,
    definition TEXT NOT NULL,
    created_ms INTEGER NOT NULL,
    UNIQUE (device_id, stream)
  ) STRICT;
  `,
  ROLLOUTS_STEP,
  ACCOUNTS_STEP,
  REGISTRATION_STEP,
  HEALTH_STEP,
  TEMPLATES_STEP,
  CHANGES_STEP,
  EVENTS_STEP,
  FLEETS_STEP,
  ALERTS_STEP,
  CONFIG_LEVELS_STEP,
  CHANGES_TRIMMED_STEP,
  REFERENCE_INDEXES_STEP,
  FLASHED_SETTINGS_STEP,
];
