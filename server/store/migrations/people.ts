/**
 * Who may do what: organisations, their projects and members, users, sessions, tokens, and the audit log. A database that had
 * devices before takes boards as they come, as it did; one that had none begins with Registration.Claim.
 *
 * `secret` of a device is the text itself: signed streamers are checked with it (RFC 2104 needs the key). `next_secret` is one
 * that the device has been sent and has not used yet. Everything else that lets somebody in is a digest.
 *
 * An image is stored once, whoever brought it; `image_owners` says whose it is. `actor_kind`: 0 user, 1 token, 2 everybody, 3
 * server.
 */
export const PEOPLE_STEP = `
  CREATE TABLE organisations (
    id INTEGER PRIMARY KEY,
    slug TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    created_ms INTEGER NOT NULL
  ) STRICT;
  INSERT INTO organisations VALUES (1, 'home', 'Home', 0);

  CREATE TABLE projects (
    id INTEGER PRIMARY KEY,
    organisation_id INTEGER NOT NULL REFERENCES organisations (id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    registration INTEGER NOT NULL,
    claim_token TEXT UNIQUE,
    created_ms INTEGER NOT NULL,
    UNIQUE (organisation_id, name)
  ) STRICT;
  INSERT INTO projects SELECT 1, 1, 'Default', CASE WHEN EXISTS (SELECT 1 FROM devices) THEN 3 ELSE 2 END, NULL, 0;

  CREATE TABLE users (
    id INTEGER PRIMARY KEY,
    email TEXT NOT NULL UNIQUE COLLATE NOCASE,
    name TEXT NOT NULL,
    password TEXT,
    is_operator INTEGER NOT NULL,
    is_disabled INTEGER NOT NULL DEFAULT 0,
    created_ms INTEGER NOT NULL,
    login_ms INTEGER
  ) STRICT;

  CREATE TABLE memberships (
    organisation_id INTEGER NOT NULL REFERENCES organisations (id) ON DELETE CASCADE,
    user_id INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    level INTEGER NOT NULL,
    since_ms INTEGER NOT NULL,
    PRIMARY KEY (user_id, organisation_id)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX memberships_of_organisation ON memberships (organisation_id, user_id);

  CREATE TABLE invitations (
    id INTEGER PRIMARY KEY,
    digest BLOB NOT NULL UNIQUE,
    organisation_id INTEGER REFERENCES organisations (id) ON DELETE CASCADE,
    level INTEGER,
    is_operator INTEGER NOT NULL,
    user_id INTEGER REFERENCES users (id) ON DELETE CASCADE,
    email TEXT COLLATE NOCASE,
    created_ms INTEGER NOT NULL,
    expires_ms INTEGER NOT NULL
  ) STRICT;

  CREATE TABLE sessions (
    id INTEGER PRIMARY KEY,
    digest BLOB NOT NULL UNIQUE,
    user_id INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    csrf TEXT NOT NULL,
    agent TEXT,
    address TEXT,
    created_ms INTEGER NOT NULL,
    used_ms INTEGER NOT NULL,
    expires_ms INTEGER NOT NULL
  ) STRICT;
  CREATE INDEX sessions_of_user ON sessions (user_id);

  CREATE TABLE tokens (
    id INTEGER PRIMARY KEY,
    digest BLOB NOT NULL UNIQUE,
    name TEXT NOT NULL,
    user_id INTEGER REFERENCES users (id) ON DELETE CASCADE,
    organisation_id INTEGER REFERENCES organisations (id) ON DELETE CASCADE,
    level INTEGER NOT NULL,
    is_operator INTEGER NOT NULL,
    created_ms INTEGER NOT NULL,
    used_ms INTEGER,
    expires_ms INTEGER,
    CHECK (user_id IS NOT NULL OR organisation_id IS NOT NULL OR is_operator = 1)
  ) STRICT;

  CREATE TABLE audit (
    id INTEGER PRIMARY KEY,
    at_ms INTEGER NOT NULL,
    organisation_id INTEGER REFERENCES organisations (id) ON DELETE SET NULL,
    actor_kind INTEGER NOT NULL,
    actor_id INTEGER,
    actor_name TEXT NOT NULL,
    address TEXT,
    action TEXT NOT NULL,
    subject TEXT NOT NULL,
    status INTEGER NOT NULL
  ) STRICT;
  CREATE INDEX audit_of_organisation ON audit (organisation_id, id);

  ALTER TABLE devices ADD COLUMN project_id INTEGER REFERENCES projects (id);
  ALTER TABLE devices ADD COLUMN standing INTEGER NOT NULL DEFAULT 1;
  ALTER TABLE devices ADD COLUMN name TEXT;
  ALTER TABLE devices ADD COLUMN secret TEXT;
  ALTER TABLE devices ADD COLUMN next_secret TEXT;
  ALTER TABLE devices ADD COLUMN claim_digest BLOB;
  UPDATE devices SET project_id = 1;
  CREATE INDEX devices_of_project ON devices (project_id, mac);

  CREATE TABLE image_owners (
    image_id BLOB NOT NULL REFERENCES images (id) ON DELETE CASCADE,
    organisation_id INTEGER NOT NULL REFERENCES organisations (id) ON DELETE CASCADE,
    since_ms INTEGER NOT NULL,
    PRIMARY KEY (organisation_id, image_id)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX image_owners_of_image ON image_owners (image_id);
  INSERT INTO image_owners SELECT id, 1, created_ms FROM images;
`;
