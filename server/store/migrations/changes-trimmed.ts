/**
 * Up to which id changes of an organisation have been taken away: whoever reads on from before there has missed some. Who had more than
 * were kept before this was written down (CHANGES_KEPT_MAX of then) has lost all before the oldest.
 */
export const CHANGES_TRIMMED_STEP = `
  CREATE TABLE changes_trimmed (
    organisation_id INTEGER PRIMARY KEY REFERENCES organisations (id) ON DELETE CASCADE,
    up_to INTEGER NOT NULL
  ) STRICT;
  INSERT INTO changes_trimmed (organisation_id, up_to)
    SELECT organisation_id, min(id) - 1 FROM changes GROUP BY organisation_id HAVING count(*) >= 20000;
`;
