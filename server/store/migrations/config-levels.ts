/**
 * Settings of products for more than one device: of a project, of an organisation, or, where both are null, of the whole server.
 * `settings` is JSON. `swept`: the devices below are to be resolved anew, and have been up to this MAC address; null: all have been.
 * `config_conflicts`: devices that were left as they are, because what all levels say together fits no device; as a list in JSON.
 */
export const CONFIG_LEVELS_STEP = `
  CREATE TABLE config_levels (
    id INTEGER PRIMARY KEY,
    organisation_id INTEGER REFERENCES organisations (id) ON DELETE CASCADE,
    project_id INTEGER REFERENCES projects (id) ON DELETE CASCADE,
    product TEXT NOT NULL,
    settings TEXT NOT NULL,
    version INTEGER NOT NULL,
    changed_ms INTEGER NOT NULL,
    swept TEXT,
    CHECK (organisation_id IS NULL OR project_id IS NULL)
  ) STRICT;
  CREATE UNIQUE INDEX config_levels_by_place
    ON config_levels (product, coalesce(organisation_id, 0), coalesce(project_id, 0));
  CREATE INDEX config_levels_of_organisation ON config_levels (organisation_id) WHERE organisation_id IS NOT NULL;
  CREATE INDEX config_levels_of_project ON config_levels (project_id) WHERE project_id IS NOT NULL;
  CREATE INDEX config_levels_to_sweep ON config_levels (id) WHERE swept IS NOT NULL;

  CREATE TABLE config_conflicts (
    device_id INTEGER PRIMARY KEY REFERENCES devices (id) ON DELETE CASCADE,
    faults TEXT NOT NULL,
    at_ms INTEGER NOT NULL
  ) STRICT;
`;
