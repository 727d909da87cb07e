/**
 * What people say of devices and projects, and fleets: tags, properties (key and text), where something stands (a device without
 * a place of its own stands where its project does). A fleet has members by name, and, where `has_criterion`, whatever device is
 * like that now: null asks for nothing, `tags` is a list as JSON, all of which a device has to have (store/fleet-rule.ts).
 */
export const FLEETS_STEP = `
  CREATE TABLE device_tags (
    device_id INTEGER NOT NULL REFERENCES devices (id) ON DELETE CASCADE,
    tag TEXT NOT NULL,
    PRIMARY KEY (device_id, tag)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE device_properties (
    device_id INTEGER NOT NULL REFERENCES devices (id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (device_id, name)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE project_properties (
    project_id INTEGER NOT NULL REFERENCES projects (id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (project_id, name)
  ) STRICT, WITHOUT ROWID;

  ALTER TABLE devices ADD COLUMN latitude REAL;
  ALTER TABLE devices ADD COLUMN longitude REAL;
  ALTER TABLE devices ADD COLUMN place TEXT;
  ALTER TABLE projects ADD COLUMN latitude REAL;
  ALTER TABLE projects ADD COLUMN longitude REAL;
  ALTER TABLE projects ADD COLUMN place TEXT;

  CREATE TABLE fleets (
    id INTEGER PRIMARY KEY,
    organisation_id INTEGER NOT NULL REFERENCES organisations (id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    description TEXT NOT NULL,
    has_criterion INTEGER NOT NULL,
    product TEXT,
    project_id INTEGER REFERENCES projects (id),
    template_id INTEGER REFERENCES templates (id),
    tags TEXT NOT NULL,
    revision INTEGER NOT NULL DEFAULT 1,
    created_ms INTEGER NOT NULL,
    UNIQUE (organisation_id, name)
  ) STRICT;
  CREATE INDEX fleets_of_project ON fleets (project_id) WHERE project_id IS NOT NULL;
  CREATE INDEX fleets_of_template ON fleets (template_id) WHERE template_id IS NOT NULL;

  CREATE TABLE fleet_members (
    fleet_id INTEGER NOT NULL REFERENCES fleets (id) ON DELETE CASCADE,
    device_id INTEGER NOT NULL REFERENCES devices (id) ON DELETE CASCADE,
    PRIMARY KEY (fleet_id, device_id)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX fleet_members_of_device ON fleet_members (device_id);
`;
