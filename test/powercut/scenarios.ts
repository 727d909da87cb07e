/** All scenarios. */

import type { Scenario } from "./scenario.ts";
import { DATA_SCENARIOS } from "./scenarios-data.ts";
import { BOOT_SCENARIOS, UPDATE_SCENARIOS } from "./scenarios-update.ts";

export const SCENARIOS: readonly Scenario[] = [...UPDATE_SCENARIOS, ...BOOT_SCENARIOS, ...DATA_SCENARIOS];

export function scenarioOf(name: string): Scenario {
  const scenario = SCENARIOS.find((candidate) => candidate.name === name);
  if (scenario === undefined) throw new Error(`there is no scenario ${name}`);
  return scenario;
}
