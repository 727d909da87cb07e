/**
 * What belongs to an organisation, table by table. Each table of the schema is in one of the two lists; a test holds them against
 * it, and says so when one is added and forgotten.
 *
 * A row goes along when everything it refers to goes along. What it refers to is told by the names of its columns.
 */

/** In the order in which they are chosen: a table stands after those that it refers to. */
export const EXPORTED = [
  "organisations",
  "projects",
  "devices",
  "epochs",
  "streams",
  "readings",
  "unsealed",
  "segments",
  "day_rollups",
  "hour_rollups",
  "minute_rollups",
  "retained",
  "gaps",
  "rejected",
  "signatures",
  "derived_streams",
  "events",
  "event_files",
  "notes",
  "update_history",
  "desired_images",
  "desired_parts",
  "commands",
  "vital_days",
  "device_health",
  "health_log",
  "health_policies",
  "templates",
  "template_versions",
  "template_attributes",
  "device_templates",
  "device_overrides",
  "changes",
  "device_tags",
  "device_properties",
  "project_properties",
  "fleets",
  "fleet_members",
  "channels",
  "alert_rules",
  "rule_channels",
  "alerts",
  "notices",
  "deliveries",
  "config_levels",
  "config_conflicts",
  "flashed_settings",
  "image_owners",
  "trusted_keys",
  "rollout_policies",
  "releases",
  "release_images",
  "rollouts",
  "rollout_devices",
  "rollout_log",
  "images",
  "mqtt_users",
  "memberships",
  "users",
  "audit",
] as const;

export type ExportedTable = (typeof EXPORTED)[number];

/** Left where they are, and why. */
export const LEFT_OUT: Record<string, string> = {
  probe: "of the database",
  retention_clock: "of the server",
  flash_kits: "of the server",
  flash_kit_parts: "of the server",
  patches: "made anew when they are wanted",
  changes_trimmed: "for those who read on here",
  answers: "to requests that were made here",
  sessions: "of people here",
  tokens: "let programs in here; made anew there",
  invitations: "are links to this server",
};

/** What a column of this name is the number of. */
export const REFERENCES: Record<string, ExportedTable> = {
  organisation_id: "organisations",
  project_id: "projects",
  device_id: "devices",
  replaced_by: "devices",
  epoch_id: "epochs",
  stream_id: "streams",
  event_id: "events",
  template_id: "templates",
  release_id: "releases",
  rollout_id: "rollouts",
  fleet_id: "fleets",
  channel_id: "channels",
  rule_id: "alert_rules",
  alert_id: "alerts",
  last_delivered: "deliveries",
  user_id: "users",
};

/** Ids by content, the same everywhere; and `actor_id`, which `actor_kind` tells apart. */
export const CONTENT_IDS = ["image_id", "key_id", "actor_id"];

/** Where that is not there the row goes along without it. */
export const LOOSE: ReadonlyArray<readonly [ExportedTable, string]> = [
  ["devices", "replaced_by"],
  ["changes", "device_id"],
  ["channels", "last_delivered"],
];

/** Where zero says that there is none. */
export const ZERO_IS_NONE: ReadonlyArray<readonly [ExportedTable, string]> = [["alerts", "device_id"]];

/** Numbers inside JSON. */
export const NUMBERS_INSIDE: ReadonlyArray<readonly [ExportedTable, string, string, ExportedTable]> = [
  ["rollouts", "plan", "$.target.project", "projects"],
  ["rollouts", "plan", "$.target.fleet", "fleets"],
  ["alert_rules", "body", "$.scope.project", "projects"],
];

/** Numbers that are given anew; any other key is made of what it refers to. */
export const NUMBERED: Partial<Record<ExportedTable, string>> = Object.fromEntries([
  ...EXPORTED.filter((table) => table !== "organisations" && table !== "users").map((table) => [table, "id"]),
  ["images", "number"],
  ["deliveries", "number"],
]);
