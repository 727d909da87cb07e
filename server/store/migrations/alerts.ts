/**
 * Rules, alerts, and how people are told (server/events). A rule's `body` is JSON, a RuleBody. One alert at most of a rule and a device is
 * pending or open (`device_id` 0: of no device). `notices` wait to be told through a channel, all that have come together by
 * `group_due_ms` in one delivery; the next one comes no sooner than `free_ms`. A delivery's `id` is what its receivers know it by,
 * however often it is sent. `secret` of a webhook is the key itself: HMAC needs it.
 */
export const ALERTS_STEP = `
  CREATE TABLE channels (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    organisation_id INTEGER NOT NULL REFERENCES organisations (id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    kind TEXT NOT NULL,
    settings TEXT NOT NULL,
    secret TEXT,
    is_enabled INTEGER NOT NULL DEFAULT 1,
    disabled_why TEXT,
    last_delivered INTEGER,
    group_due_ms INTEGER,
    free_ms INTEGER NOT NULL DEFAULT 0,
    version INTEGER NOT NULL DEFAULT 1,
    created_ms INTEGER NOT NULL,
    UNIQUE (organisation_id, name)
  ) STRICT;
  CREATE INDEX channels_due ON channels (group_due_ms) WHERE group_due_ms IS NOT NULL;

  CREATE TABLE alert_rules (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    organisation_id INTEGER NOT NULL REFERENCES organisations (id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    body TEXT NOT NULL,
    is_enabled INTEGER NOT NULL,
    version INTEGER NOT NULL DEFAULT 1,
    created_ms INTEGER NOT NULL,
    UNIQUE (organisation_id, name)
  ) STRICT;

  CREATE TABLE rule_channels (
    rule_id INTEGER NOT NULL REFERENCES alert_rules (id) ON DELETE CASCADE,
    channel_id INTEGER NOT NULL REFERENCES channels (id) ON DELETE CASCADE,
    PRIMARY KEY (rule_id, channel_id)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX rule_channels_of_channel ON rule_channels (channel_id);

  CREATE TABLE alerts (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    organisation_id INTEGER NOT NULL REFERENCES organisations (id) ON DELETE CASCADE,
    rule_id INTEGER REFERENCES alert_rules (id) ON DELETE SET NULL,
    rule_name TEXT NOT NULL,
    device_id INTEGER NOT NULL,
    mac TEXT,
    state INTEGER NOT NULL,
    since_ms INTEGER NOT NULL,
    due_ms INTEGER,
    opened_ms INTEGER,
    closed_ms INTEGER,
    acknowledged_ms INTEGER,
    acknowledged_by TEXT,
    detail TEXT NOT NULL
  ) STRICT;
  CREATE UNIQUE INDEX alerts_active ON alerts (rule_id, device_id) WHERE state < 2;
  CREATE INDEX alerts_due ON alerts (due_ms) WHERE due_ms IS NOT NULL;
  CREATE INDEX alerts_of_organisation ON alerts (organisation_id, state, id);

  CREATE TABLE notices (
    id INTEGER PRIMARY KEY,
    channel_id INTEGER NOT NULL REFERENCES channels (id) ON DELETE CASCADE,
    alert_id INTEGER NOT NULL REFERENCES alerts (id) ON DELETE CASCADE,
    event TEXT NOT NULL,
    at_ms INTEGER NOT NULL
  ) STRICT;
  CREATE INDEX notices_of_channel ON notices (channel_id, id);
  CREATE INDEX notices_of_alert ON notices (alert_id);

  CREATE TABLE deliveries (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    channel_id INTEGER NOT NULL REFERENCES channels (id) ON DELETE CASCADE,
    state INTEGER NOT NULL,
    body TEXT NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0,
    due_ms INTEGER,
    error TEXT,
    created_ms INTEGER NOT NULL,
    ended_ms INTEGER
  ) STRICT;
  CREATE INDEX deliveries_due ON deliveries (due_ms) WHERE due_ms IS NOT NULL;
  CREATE INDEX deliveries_of_channel ON deliveries (channel_id, number);
`;
