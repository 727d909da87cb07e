/** All mistakes that `npm run powercut -- --mutants` puts in, one by one. */
import type { Mutant } from "./mutant.ts";
import { CONFIG_MUTANTS } from "./mutants-config.ts";
import { QUEUE_MUTANTS } from "./mutants-queue.ts";
import { UPDATE_MUTANTS } from "./mutants-update.ts";

export const MUTANTS: readonly Mutant[] = [
  {
    name: "the server acknowledges before it has stored",
    scenarios: ["acknowledge"],
    server: { acknowledgesFirst: true },
  },
  ...QUEUE_MUTANTS,
  ...UPDATE_MUTANTS,
  ...CONFIG_MUTANTS,
];
