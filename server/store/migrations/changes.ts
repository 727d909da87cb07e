/**
 * The outbox: what has happened in an organisation (server/events). Ids are never given twice, so one that is known was delivered.
 * `device_id` has no key: the device may be gone, its address stays.
 */
export const CHANGES_STEP = `
  CREATE TABLE changes (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    organisation_id INTEGER NOT NULL REFERENCES organisations (id) ON DELETE CASCADE,
    at_ms INTEGER NOT NULL,
    kind TEXT NOT NULL,
    device_id INTEGER,
    mac TEXT,
    detail TEXT NOT NULL
  ) STRICT;
  CREATE INDEX changes_of_organisation ON changes (organisation_id, id);
`;
