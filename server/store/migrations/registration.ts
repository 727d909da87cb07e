/**
 * How boards come in, and applications at the broker.
 *
 * `claim_digest` (step `people`) lets a board in until it has a secret of its own; `claim_until_ms` ends that, null = it does not
 * end. `replaced_by`: the board that stands in this one's place and goes on with its history. The password of an MQTT user is
 * random, so its SHA-256 is kept; `topics` is JSON, a list of { filter, access }.
 */
export const REGISTRATION_STEP = `
  ALTER TABLE devices ADD COLUMN claim_until_ms INTEGER;
  ALTER TABLE devices ADD COLUMN replaced_by INTEGER REFERENCES devices (id) ON DELETE SET NULL;
  CREATE INDEX devices_replaced_by ON devices (replaced_by) WHERE replaced_by IS NOT NULL;

  CREATE TABLE mqtt_users (
    id INTEGER PRIMARY KEY,
    organisation_id INTEGER NOT NULL REFERENCES organisations (id) ON DELETE CASCADE,
    name TEXT NOT NULL UNIQUE,
    digest BLOB NOT NULL,
    topics TEXT NOT NULL,
    created_ms INTEGER NOT NULL
  ) STRICT;
  CREATE INDEX mqtt_users_of_organisation ON mqtt_users (organisation_id, name);
`;
