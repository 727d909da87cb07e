/**
 * How devices fare (server/health). `state` null: nothing is judged, for the board waits, was revoked or replaced. `findings` is
 * JSON, a list of Finding. `heard_ms`: when it had been heard last as it was judged; silence that was found lasts while that stays.
 * `due_ms`: when it is judged again though nothing is heard. A policy belongs to one organisation, project or device.
 */
export const HEALTH_STEP = `
  CREATE TABLE device_health (
    device_id INTEGER PRIMARY KEY REFERENCES devices (id) ON DELETE CASCADE,
    state INTEGER,
    findings TEXT NOT NULL DEFAULT '[]',
    since_ms INTEGER NOT NULL,
    heard_ms INTEGER NOT NULL DEFAULT 0,
    clockless_ms INTEGER,
    due_ms INTEGER
  ) STRICT;
  CREATE INDEX device_health_due ON device_health (due_ms) WHERE due_ms IS NOT NULL;
  INSERT INTO device_health (device_id, since_ms, due_ms)
    SELECT id, hello_ms, hello_ms FROM devices WHERE hello_ms IS NOT NULL;

  CREATE TABLE health_log (
    id INTEGER PRIMARY KEY,
    device_id INTEGER NOT NULL REFERENCES devices (id) ON DELETE CASCADE,
    at_ms INTEGER NOT NULL,
    state INTEGER,
    findings TEXT NOT NULL
  ) STRICT;
  CREATE INDEX health_log_of_device ON health_log (device_id, id);

  CREATE TABLE health_policies (
    id INTEGER PRIMARY KEY,
    organisation_id INTEGER UNIQUE REFERENCES organisations (id) ON DELETE CASCADE,
    project_id INTEGER UNIQUE REFERENCES projects (id) ON DELETE CASCADE,
    device_id INTEGER UNIQUE REFERENCES devices (id) ON DELETE CASCADE,
    policy TEXT NOT NULL,
    version INTEGER NOT NULL,
    changed_ms INTEGER NOT NULL,
    CHECK ((organisation_id IS NOT NULL) + (project_id IS NOT NULL) + (device_id IS NOT NULL) = 1)
  ) STRICT;
`;
