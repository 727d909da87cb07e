/**
 * Releases and rollouts. `plan` is a RolloutPlan as JSON (server/rollouts), states are the enums of that room. `due_ms`: when a
 * rollout is to be looked at; whatever happens to one of its devices sets it in the same transaction, so nothing else has to be
 * remembered across a restart.
 *
 * `live` marks the one rollout that a device's news count for. `bad`: it counts against the error condition. `restarts` and what
 * follows: since the device was confirmed; `before_...`: an hour, in its week before. `vital_days` is where the latter is from.
 */
export const ROLLOUTS_STEP = `
  CREATE TABLE trusted_keys (
    organisation_id INTEGER NOT NULL REFERENCES organisations (id) ON DELETE CASCADE,
    key_id BLOB NOT NULL CHECK (length(key_id) = 8),
    point BLOB NOT NULL CHECK (length(point) = 64),
    name TEXT NOT NULL,
    since_ms INTEGER NOT NULL,
    PRIMARY KEY (organisation_id, key_id)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE rollout_policies (
    organisation_id INTEGER PRIMARY KEY REFERENCES organisations (id) ON DELETE CASCADE,
    needs_approval INTEGER NOT NULL
  ) STRICT;

  CREATE TABLE releases (
    id INTEGER PRIMARY KEY,
    organisation_id INTEGER NOT NULL REFERENCES organisations (id) ON DELETE CASCADE,
    version TEXT NOT NULL,
    notes TEXT NOT NULL,
    state INTEGER NOT NULL,
    created_ms INTEGER NOT NULL,
    state_ms INTEGER NOT NULL,
    UNIQUE (organisation_id, version)
  ) STRICT;

  CREATE TABLE release_images (
    release_id INTEGER NOT NULL REFERENCES releases (id) ON DELETE CASCADE,
    image_id BLOB NOT NULL REFERENCES images (id),
    PRIMARY KEY (release_id, image_id)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX release_images_of_image ON release_images (image_id);

  CREATE TABLE rollouts (
    id INTEGER PRIMARY KEY,
    organisation_id INTEGER NOT NULL REFERENCES organisations (id) ON DELETE CASCADE,
    release_id INTEGER NOT NULL REFERENCES releases (id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    plan TEXT NOT NULL,
    state INTEGER NOT NULL,
    reason TEXT,
    revision INTEGER NOT NULL DEFAULT 1,
    open_group INTEGER NOT NULL DEFAULT -1,
    made_by TEXT NOT NULL,
    maker TEXT NOT NULL,
    approved_by TEXT,
    created_ms INTEGER NOT NULL,
    started_ms INTEGER,
    state_ms INTEGER NOT NULL,
    due_ms INTEGER
  ) STRICT;
  CREATE INDEX rollouts_of_organisation ON rollouts (organisation_id, id);
  CREATE INDEX rollouts_of_release ON rollouts (release_id);
  CREATE INDEX rollouts_due ON rollouts (due_ms) WHERE due_ms IS NOT NULL;

  CREATE TABLE rollout_devices (
    rollout_id INTEGER NOT NULL REFERENCES rollouts (id) ON DELETE CASCADE,
    device_id INTEGER NOT NULL REFERENCES devices (id) ON DELETE CASCADE,
    group_at INTEGER NOT NULL,
    state INTEGER NOT NULL,
    live INTEGER NOT NULL,
    bad INTEGER NOT NULL DEFAULT 0,
    reason TEXT,
    failure INTEGER,
    image_id BLOB NOT NULL,
    before_image BLOB,
    before_version TEXT,
    at_ms INTEGER NOT NULL,
    heard_ms INTEGER,
    confirmed_ms INTEGER,
    restarts INTEGER NOT NULL DEFAULT 0,
    reconnects INTEGER NOT NULL DEFAULT 0,
    readings_lost INTEGER NOT NULL DEFAULT 0,
    free_bytes INTEGER,
    before_restarts REAL NOT NULL DEFAULT 0,
    before_reconnects REAL NOT NULL DEFAULT 0,
    before_readings_lost REAL NOT NULL DEFAULT 0,
    PRIMARY KEY (rollout_id, device_id)
  ) STRICT, WITHOUT ROWID;
  CREATE UNIQUE INDEX rollout_devices_live ON rollout_devices (device_id) WHERE live = 1;
  CREATE INDEX rollout_devices_by_state ON rollout_devices (rollout_id, group_at, state, bad);
  CREATE INDEX rollout_devices_of_device ON rollout_devices (device_id);

  CREATE TABLE rollout_log (
    id INTEGER PRIMARY KEY,
    rollout_id INTEGER NOT NULL REFERENCES rollouts (id) ON DELETE CASCADE,
    at_ms INTEGER NOT NULL,
    state INTEGER NOT NULL,
    open_group INTEGER NOT NULL,
    reason TEXT,
    who TEXT
  ) STRICT;
  CREATE INDEX rollout_log_of_rollout ON rollout_log (rollout_id, id);

  CREATE TABLE vital_days (
    device_id INTEGER NOT NULL REFERENCES devices (id) ON DELETE CASCADE,
    day INTEGER NOT NULL,
    restarts INTEGER NOT NULL,
    reconnects INTEGER NOT NULL,
    readings_lost INTEGER NOT NULL,
    PRIMARY KEY (device_id, day)
  ) STRICT, WITHOUT ROWID;
`;
