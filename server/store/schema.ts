/**
 * The tables, as a list of steps: a database of version n has had the first n. A step that was released is never edited;
 * a change is a new step at the end.
 *
 * Invariant: `epochs.watermark` changes in the transaction that inserts the readings, gaps and rejected records it
 * covers. That alone makes delivery exactly once; no table needs a unique index over sequence numbers.
 *
 * `readings` is clustered by stream and time, the way it is read; `streams` carries what would need a scan otherwise.
 */
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
];
