/**
 * What people edit has a version, which is its ETag; and answers to requests that may come again (`Idempotency-Key`): which
 * principal, which key (a digest), which request (a digest), and the answer, encrypted by the key, for it may hold a token that
 * is shown once. `status` null: it was begun, and no answer was stored.
 */
export const ACCOUNTS_STEP = `
  ALTER TABLE organisations ADD COLUMN version INTEGER NOT NULL DEFAULT 1;
  ALTER TABLE projects ADD COLUMN version INTEGER NOT NULL DEFAULT 1;
  ALTER TABLE users ADD COLUMN version INTEGER NOT NULL DEFAULT 1;
  CREATE INDEX tokens_of_user ON tokens (user_id, id);
  CREATE INDEX tokens_of_organisation ON tokens (organisation_id, id);
  CREATE INDEX invitations_of_organisation ON invitations (organisation_id, id);
  CREATE INDEX audit_by_time ON audit (at_ms);

  CREATE TABLE answers (
    id INTEGER PRIMARY KEY,
    principal TEXT NOT NULL,
    key_digest BLOB NOT NULL,
    request_digest BLOB NOT NULL,
    status INTEGER,
    sealed BLOB,
    created_ms INTEGER NOT NULL,
    UNIQUE (principal, key_digest)
  ) STRICT;
`;
