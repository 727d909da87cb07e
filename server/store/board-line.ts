/**
 * Boards that stand in one place one after the other: the one that is asked about, those that were put in its place, and all
 * whose place any of these took (`devices.replaced_by`). A board that belongs to another organisation by now is none of them.
 *
 * For a statement that asks about `devices` row `asked`: `line (id, is_asked)`.
 */
export const BOARD_LINE = `
  asked (id, organisation_id) AS (
    SELECT d.id, p.organisation_id FROM devices d LEFT JOIN projects p ON p.id = d.project_id WHERE d.id = @deviceId
  ),
  later (id) AS (
    SELECT id FROM asked
    UNION SELECT d.replaced_by FROM later JOIN devices d ON d.id = later.id WHERE d.replaced_by IS NOT NULL
  ),
  related (id) AS (
    SELECT id FROM later UNION SELECT d.id FROM related JOIN devices d ON d.replaced_by = related.id
  ),
  line (id, is_asked) AS (
    SELECT d.id, d.id = asked.id FROM related JOIN devices d ON d.id = related.id
      LEFT JOIN projects p ON p.id = d.project_id, asked
    WHERE d.id = asked.id OR p.organisation_id = asked.organisation_id
  )`;
