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
