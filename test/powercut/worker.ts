/** A worker thread of share-out.ts: cuts a part of a scenario, or searches for a mistake. */
import { parentPort, workerData } from "node:worker_threads";
import { explore } from "./explore.ts";
import type { MutantOrder } from "./mutant.ts";
import { programsOf } from "./programs.ts";
import { catchMutant } from "./run-mutants.ts";
import { scenarioOf } from "./scenarios.ts";
import type { PartialOrder } from "./share-out.ts";

const order = workerData as PartialOrder | MutantOrder;
parentPort?.postMessage("mutant" in order ? await catchMutant(order) : await explorePart(order));

function explorePart({ scenario, images, ...options }: PartialOrder) {
  return explore(scenarioOf(scenario), programsOf(images), options);
}
