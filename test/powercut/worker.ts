/** A worker thread of share-out.ts. */
import { parentPort, workerData } from "node:worker_threads";
import { explore } from "./explore.ts";
import { programsOf } from "./programs.ts";
import { scenarioOf } from "./scenarios.ts";
import type { PartialOrder } from "./share-out.ts";

const { scenario, images, ...options } = workerData as PartialOrder;
parentPort?.postMessage(await explore(scenarioOf(scenario), programsOf(images), options));
