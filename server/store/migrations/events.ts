/**
 * What happened at a device besides what it measures, with files, and what people note about devices, their streams and projects.
 *
 * `data` is JSON. `maker` is who (as `user:3`), `made_by` his name then. `device_id` stands at a file as well, so that the files
 * of an organisation are counted from an index. A note is about a device, one of its streams, or a project.
 */
export const EVENTS_STEP = `
  CREATE TABLE events (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    device_id INTEGER NOT NULL REFERENCES devices (id) ON DELETE CASCADE,
    time_ms INTEGER NOT NULL,
    kind TEXT NOT NULL,
    stream INTEGER,
    data TEXT NOT NULL,
    maker TEXT NOT NULL,
    made_by TEXT NOT NULL,
    created_ms INTEGER NOT NULL
  ) STRICT;
  CREATE INDEX events_of_device ON events (device_id, time_ms, id);
  CREATE INDEX events_by_time ON events (time_ms);

  CREATE TABLE event_files (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    event_id INTEGER NOT NULL REFERENCES events (id) ON DELETE CASCADE,
    device_id INTEGER NOT NULL REFERENCES devices (id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    media_type TEXT NOT NULL,
    size_bytes INTEGER NOT NULL,
    digest BLOB NOT NULL,
    created_ms INTEGER NOT NULL,
    bytes BLOB NOT NULL,
    UNIQUE (event_id, name)
  ) STRICT;
  CREATE INDEX event_files_of_device ON event_files (device_id, size_bytes);

  CREATE TABLE notes (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    device_id INTEGER REFERENCES devices (id) ON DELETE CASCADE,
    stream INTEGER,
    project_id INTEGER REFERENCES projects (id) ON DELETE CASCADE,
    text TEXT NOT NULL,
    maker TEXT NOT NULL,
    made_by TEXT NOT NULL,
    created_ms INTEGER NOT NULL,
    changed_ms INTEGER,
    CHECK ((device_id IS NULL) <> (project_id IS NULL) AND (stream IS NULL OR device_id IS NOT NULL))
  ) STRICT;
  CREATE INDEX notes_of_device ON notes (device_id, id) WHERE device_id IS NOT NULL;
  CREATE INDEX notes_of_project ON notes (project_id, id) WHERE project_id IS NOT NULL;
`;
