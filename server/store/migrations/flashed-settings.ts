/**
 * Settings of its product that a board has before a server tells it any: a CBOR map by key, as the board said it in its hello. What is
 * written there stays the lowest level of its configuration (server/store/config-resolver.ts).
 */
export const FLASHED_SETTINGS_STEP = `
  CREATE TABLE flashed_settings (
    device_id INTEGER PRIMARY KEY REFERENCES devices (id) ON DELETE CASCADE,
    product TEXT NOT NULL,
    settings BLOB NOT NULL
  ) STRICT;
`;
