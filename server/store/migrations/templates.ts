/**
 * What devices are to people: templates of an organisation, each with labelled attributes, in versions. `version` is the newest
 * one, `revision` rises with every change (its ETag). `definition` is an Attribute as JSON (server/fleet/template.ts); labels
 * stand beside it because no two templates of a device may have the same.
 *
 * A device follows the newest version unless `pinned` names one. `device_overrides` has values of its own for static
 * attributes, as JSON. `thresholds`, of a template and of a device, says as JSON when it counts as unwell; null: as the server
 * has it.
 */
export const TEMPLATES_STEP = `
  CREATE TABLE templates (
    id INTEGER PRIMARY KEY,
    organisation_id INTEGER NOT NULL REFERENCES organisations (id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    description TEXT NOT NULL,
    version INTEGER NOT NULL,
    revision INTEGER NOT NULL DEFAULT 1,
    thresholds TEXT,
    created_ms INTEGER NOT NULL,
    changed_ms INTEGER NOT NULL,
    UNIQUE (organisation_id, name)
  ) STRICT;

  CREATE TABLE template_versions (
    template_id INTEGER NOT NULL REFERENCES templates (id) ON DELETE CASCADE,
    version INTEGER NOT NULL,
    created_ms INTEGER NOT NULL,
    PRIMARY KEY (template_id, version)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE template_attributes (
    template_id INTEGER NOT NULL,
    version INTEGER NOT NULL,
    label TEXT NOT NULL,
    place INTEGER NOT NULL,
    definition TEXT NOT NULL,
    PRIMARY KEY (template_id, version, label),
    FOREIGN KEY (template_id, version) REFERENCES template_versions (template_id, version) ON DELETE CASCADE
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE device_templates (
    device_id INTEGER NOT NULL REFERENCES devices (id) ON DELETE CASCADE,
    template_id INTEGER NOT NULL REFERENCES templates (id),
    pinned INTEGER,
    place INTEGER NOT NULL,
    PRIMARY KEY (device_id, template_id)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX device_templates_of_template ON device_templates (template_id, pinned);

  CREATE TABLE device_overrides (
    device_id INTEGER NOT NULL REFERENCES devices (id) ON DELETE CASCADE,
    label TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (device_id, label)
  ) STRICT, WITHOUT ROWID;

  ALTER TABLE devices ADD COLUMN thresholds TEXT;
`;
