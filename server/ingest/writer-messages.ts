/** What the main thread and the writer thread say to each other. Everything here crosses by structured clone. */
import type { ProductSettings } from "../../runtime/product/setting.ts";
import type { OrdersDue } from "../orders/order-requests.ts";
import type { Housekeeping } from "../store/housekeeper.ts";
import type { RetentionOptions } from "../store/retention.ts";
import type { StoreAnswer, StoreRequest, UpdateDue } from "../updates/store-requests.ts";
import type { Batch } from "./batch.ts";
import type { LiveReading } from "./live-reading.ts";
import type { MalformedReason } from "./senml-pack.ts";

export interface WriterStart {
  databasePath: string;
  retention: RetentionOptions;
  /** Whose settings the writer can make configurations of; none if not given. */
  products?: readonly ProductSettings[];
}

export type ToWriter =
  | { type: "batch"; id: number; batch: Batch }
  | { type: "request"; id: number; request: StoreRequest }
  | { type: "live"; isWanted: boolean }
  /** A copy of the database, to this path, while messages go on being stored. */
  | { type: "backup"; path: string }
  /** What time it is, for what is done between commits. `elapsedMs` is of a clock that nobody sets. */
  | { type: "time"; nowMs: number; elapsedMs: number }
  | { type: "stop" };

/** Three numbers an acknowledgement: MAC address, epoch, watermark. */
export const ACK_FIELDS = 3;

export interface LiveUpdate {
  mac: number;
  organisation: number | null;
  atMs: number;
  state: number;
  image: string | null;
  percent: number | null;
  failure: number | null;
}

export interface Malformed {
  reason: MalformedReason;
  mac: number;
  bytes: number;
}

export interface Tallies {
  stored: number;
  duplicates: number;
  rejected: number;
  /** Readings that devices dropped before they could be sent. */
  dropped: number;
  /** Packs that came after a loss in transit. */
  lostInTransit: number;
}

export interface Committed {
  type: "committed";
  /** The last batch that the commit covers. */
  batchId: number;
  acks: Float64Array<ArrayBuffer>;
  tallies: Tallies;
  malformed: Malformed[];
  commitMs: number;
  live: LiveReading[];
  /** Readings that did not fit into `live`. */
  liveLeftOut: number;
  liveUpdates: LiveUpdate[];
  updatesDue: UpdateDue[];
  ordersDue: OrdersDue[];
  rolloutsDue: number[];
  /** Devices that are to get a secret of their own. */
  secretsDue: number[];
}

export type FromWriter =
  | { type: "ready" }
  | Committed
  | { type: "blocks"; blocks: ArrayBuffer[] }
  /** Nothing of these batches was stored; nothing may be acknowledged. */
  | { type: "failed"; batchId: number; error: string }
  | { type: "answer"; id: number; answer: StoreAnswer }
  /** `percent` 100: the copy is whole and on disk. `error`: there is none. */
  | { type: "backup"; percent: number; error?: string }
  /** What was done between commits, since the thread started; or why it was not. */
  | { type: "kept"; figures: Housekeeping; error: string | null }
  /** The database takes writes again. */
  | { type: "recovered" }
  | { type: "stopped" };
