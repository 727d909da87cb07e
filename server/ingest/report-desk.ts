/** IOTile reports as they are uploaded: stored by the writer, then told to who watches. */
import { macToNumber } from "../mac-address.ts";
import type { Metrics } from "../metrics.ts";
import type { StoreAnswer, StoreRequest } from "../updates/store-requests.ts";
import type { Committed } from "./writer-messages.ts";

export interface ReportDeskOptions {
  request: (request: StoreRequest) => Promise<StoreAnswer>;
  tell: (live: Pick<Committed, "live" | "liveLeftOut" | "liveUpdates">) => void;
  metrics: Metrics;
  nowMs: () => number;
}

export class ReportDesk {
  readonly #options: ReportDeskOptions;

  constructor(options: ReportDeskOptions) {
    this.#options = options;
  }

  async add(mac: string, bytes: Uint8Array): Promise<StoreAnswer> {
    const { request, tell, metrics, nowMs } = this.#options;
    const answer = await request({ kind: "addReport", mac: macToNumber(mac), bytes, atMs: nowMs() });
    if (answer.report === undefined) return answer;
    const { stored, duplicates, rejected, live, liveLeftOut } = answer.report;
    metrics.stored.inc(stored);
    metrics.duplicates.inc(duplicates);
    metrics.rejected.inc(rejected);
    if (live.length > 0) tell({ live, liveLeftOut, liveUpdates: [] });
    return answer;
  }
}
