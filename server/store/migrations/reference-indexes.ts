/**
 * Indexes for references that are looked at when what they refer to is deleted: without one SQLite reads the whole table for each row
 * that goes ("SQLite Foreign Key Support", section 3), and nothing is stored meanwhile.
 */
export const REFERENCE_INDEXES_STEP = `
  CREATE INDEX alerts_of_rule ON alerts (rule_id) WHERE rule_id IS NOT NULL;
  CREATE INDEX gaps_of_epoch ON gaps (epoch_id);
  CREATE INDEX rejected_of_epoch ON rejected (epoch_id);
  CREATE INDEX signatures_of_epoch ON signatures (epoch_id);
`;
