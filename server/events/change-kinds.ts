/**
 * What happens in an organisation, as events: one row each in the outbox (server/store/outbox.ts), written in the transaction of the
 * change itself. A kind is a stable word and its details only grow. Whoever reads them gets each at least once, and knows one that
 * comes again by its id.
 */
export const CHANGE_KINDS = [
  /** `moved`: from another organisation. */
  "device.created",
  /** name, project, standing, tags, templates; what has changed. */
  "device.updated",
  /** `moved`: to another organisation. */
  "device.removed",
  /** `by`: the board in its place. */
  "device.replaced",
  /** `part` config or graph, `version`; then what has become of it: `state` pending, applied, refused, rolled-back. */
  "device.configured",
  /** A command: `command`, `method`. */
  "device.actuated",
  /** What has become of it: `command`, `state`, `code`, `value`. */
  "device.answered",
  /** How an update ended: `image`, `state` confirmed, rolled-back, failed. */
  "device.updated-program",
  /** `state`, `before`, `reasons`. */
  "device.health",
  /** `template`, `name`; of a change `version`: the newest. */
  "template.created",
  "template.updated",
  "template.removed",
  /** `release`, `version`. */
  "release.published",
  "release.withdrawn",
  /** `rollout`, `state`, `reason`, `who`. */
  "rollout.state",
  /** `alert`, `rule`, `name`. */
  "alert.opened",
  "alert.closed",
  "alert.acknowledged",
  /** Nothing could be delivered for long: `channel`, `name`. */
  "channel.disabled",
] as const;
export type ChangeKind = (typeof CHANGE_KINDS)[number];

export interface NewChange {
  kind: ChangeKind;
  atMs: number;
  /** Row id; its organisation is the change's, if that is not given. */
  device?: number;
  organisation?: number;
  /** As JSON; no secrets. */
  detail?: Record<string, unknown>;
}

export interface Change {
  id: number;
  kind: ChangeKind;
  atMs: number;
  organisation: number;
  /** MAC address, as it was then. */
  mac: string | null;
  detail: Record<string, unknown>;
}

/** Writes a change down, in the transaction that is open. */
export type TellChange = (change: NewChange) => void;

export interface ChangeFilter {
  kind?: ChangeKind | undefined;
  mac?: string | undefined;
}

/**
 * The oldest first; `last`: up to which id all that fits is in it, or before. Trimmed: some of what came after that id is not
 * kept any more. Ahead: this database has never given out that id.
 */
export type ChangePage = { items: Change[]; last: number } | "trimmed" | "ahead";

/**
 * The port by which changes are followed. Its one adapter is the embedded outbox (store/change-reader.ts); a log of another kind is fed
 * by whoever follows GET /api/v1/changes (server/examples).
 */
export interface ChangeLogPort {
  /** `afterId` null: from the oldest that is kept. */
  page(organisation: number, afterId: number | null, limit: number, filter?: ChangeFilter): ChangePage;
}
