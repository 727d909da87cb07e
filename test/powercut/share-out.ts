/** Worker threads; shares the cases of a scenario out among them, and adds up what they found. */
import { Worker } from "node:worker_threads";
import type { Tally } from "./explore.ts";
import type { MutantOrder } from "./mutant.ts";
import type { ProgramImages } from "./programs.ts";

/** What a worker is asked to do; it crosses by structured clone. */
export interface WorkOrder {
  scenario: string;
  images: ProgramImages;
  torn: number;
  pairs: number;
  seed: number;
  operationsMax?: number;
}

export interface PartialOrder extends WorkOrder {
  part: number;
  parts: number;
}

export async function shareOut(order: WorkOrder, jobs: number): Promise<Tally> {
  const tallies = await Promise.all(
    Array.from({ length: jobs }, (_, part) => runWorker<Tally>({ ...order, part, parts: jobs })),
  );
  return tallies.reduce((sum, tally) => ({
    scenario: sum.scenario,
    operations: sum.operations,
    cuts: sum.cuts + tally.cuts,
    bricks: sum.bricks + tally.bricks,
    lostAcked: sum.lostAcked + tally.lostAcked,
    lostCommitted: sum.lostCommitted + tally.lostCommitted,
    duplicated: sum.duplicated + tally.duplicated,
    violations: sum.violations + tally.violations,
    findings: [...sum.findings, ...tally.findings],
  }));
}

/** Rejects when there is no answer in time. */
export async function runWorker<T>(order: PartialOrder | MutantOrder, limitMs?: number): Promise<T> {
  // Beside this file, in the language that this file is in.
  const here = import.meta.url;
  const worker = new Worker(new URL(`./worker${here.slice(here.lastIndexOf("."))}`, here), { workerData: order });
  let timer: NodeJS.Timeout | undefined;
  try {
    return await new Promise((resolve, reject) => {
      worker.once("message", resolve);
      worker.once("error", reject);
      if (limitMs !== undefined) timer = setTimeout(() => reject(new Error(`no answer in ${limitMs} ms`)), limitMs);
    });
  } finally {
    clearTimeout(timer);
    await worker.terminate();
  }
}
