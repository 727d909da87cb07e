/**
 * What the values of an export may be, column by column: what the API takes, as it is kept. Texts that are not here have a length only,
 * and numbers that only people read have none.
 */
import type { TSchema } from "typebox";
import * as Type from "typebox/type";
import { Check } from "typebox/value";
import { Level } from "../../access/level.ts";
import { ActorKind } from "../../access/people-requests.ts";
import { Registration, Standing } from "../../access/registration.ts";
import { AlertState, CHANNEL_KINDS, DeliveryState } from "../../events/alert-requests.ts";
import { CHANGE_KINDS } from "../../events/change-kinds.ts";
import { ATTRIBUTE_KINDS, LABEL_PATTERN, VALUE_TYPES } from "../../fleet/template.ts";
import { Health, REASONS } from "../../health/health-states.ts";
import { NOTE_MAX_CHARS, PROPERTY_MAX_CHARS, TAG_MAX_CHARS } from "../../limits.ts";
import { isMac } from "../../mac-address.ts";
import { DesiredPart } from "../../orders/order-requests.ts";
import { ReleaseState } from "../../rollouts/rollout-requests.ts";
import { DeviceState, RolloutState } from "../../rollouts/rollout-states.ts";
import { isZone } from "../../rollouts/windows.ts";

export type ValueCheck = (value: unknown) => boolean;

const JSON_MAX_CHARS = 4 * 1024 * 1024;
const NAME_MAX_CHARS = 100;
/** Of every other text. */
const TEXT_MAX_CHARS = 10_000;

const text =
  (most: number, pattern = /^/): ValueCheck =>
  (value) =>
    typeof value === "string" && value.length <= most * 2 && [...value].length <= most && pattern.test(value);
const words =
  (all: readonly string[]): ValueCheck =>
  (value) =>
    all.includes(value as string);
const numbers =
  (all: object): ValueCheck =>
  (value) =>
    Object.values(all).includes(value) && typeof value === "number";
const json =
  (schema: TSchema, isMore: (value: never) => boolean = () => true): ValueCheck =>
  (value) => {
    if (typeof value !== "string" || value.length > JSON_MAX_CHARS) return false;
    try {
      const parsed: unknown = JSON.parse(value);
      return Check(schema, parsed) && isMore(parsed as never);
    } catch {
      return false;
    }
  };

const NAME = text(NAME_MAX_CHARS, /^[^\p{Cc}]+$/u);
const SLUG = text(63, /^[a-z0-9][a-z0-9-]{0,62}$/);
const LABEL = text(63, new RegExp(LABEL_PATTERN));

const strict = { additionalProperties: false };
const Opt = Type.Optional;
const Null = Type.Null();
const orNull = (schema: TSchema) => Type.Union([schema, Null]);
const Num = Type.Number();
const Int = Type.Integer();
const Text = Type.String();
const Texts = Type.Array(Text);
const Bool = Type.Boolean();
const Mac = Type.String({ pattern: "^[0-9a-f]{12}$" });
const Record = Type.Record(Text, Type.Unknown());
const Scalar = Type.Union([Num, Bool, Text]);
const Reason = Type.Enum([...REASONS]);
const Windows = Type.Array(
  Type.Object({ days: Type.Array(Type.Integer({ minimum: 0, maximum: 6 })), fromMin: Int, toMin: Int }, strict),
);

const Limits = Opt(Type.Object({ warning: orNull(Num), failed: orNull(Num) }, strict));
const Policy = Type.Object(
  {
    ...Object.fromEntries(REASONS.map((reason) => [reason, Limits])),
    hours: Opt(orNull(Type.Object({ zone: Text, windows: Windows }, strict))),
  },
  strict,
);
const POLICY = json(Policy, ({ hours }: { hours?: { zone: string } | null }) => hours == null || isZone(hours.zone));
const FINDINGS = json(
  Type.Array(Type.Object({ reason: Reason, level: Type.Integer({ minimum: 1, maximum: 2 }), value: Num })),
);

const Condition = Type.Union([
  Type.Object(
    { kind: Type.Literal("health"), state: Type.Enum(["warning", "failed"]), reasons: Opt(Type.Array(Reason)) },
    strict,
  ),
  Type.Object({ kind: Type.Literal("value"), stream: Int, above: Opt(Num), below: Opt(Num), margin: Num }, strict),
  Type.Object({ kind: Type.Literal("change"), changes: Type.Array(Type.Enum([...CHANGE_KINDS])) }, strict),
]);
const Scope = Type.Object({ project: Opt(Int), devices: Opt(Type.Array(Mac)), tags: Opt(Texts) }, strict);
const Rule = Type.Object({ condition: Condition, scope: Scope, holdS: Type.Integer({ minimum: 0 }) }, strict);
const Told = Type.Object({
  alert: Int,
  event: Type.Enum(["opened", "closed"]),
  rule: Text,
  device: orNull(Text),
  name: orNull(Text),
  opened: Text,
  closed: orNull(Text),
  detail: Record,
});
const Message = Type.Object({ id: Text, organisation: Text, time: Text, alerts: Type.Array(Told), leftOut: Int });

const Source = Type.Object({ device: Mac, stream: Type.String({ pattern: "^[0-9a-f]{4}$" }) });
const Section = Type.Object({ ...Source.properties, fromMs: orNull(Num), toMs: orNull(Num) });
const unit = orNull(Text);
const Derived = Type.Union([
  Type.Object({ kind: Type.Literal("linear"), source: Source, factor: Num, offset: Num, unit }),
  Type.Object({ kind: Type.Literal("difference"), source: Source, unit }),
  Type.Object({ kind: Type.Literal("alias"), sections: Type.Array(Section), unit }),
]);
const Attribute = Type.Object({
  label: Text,
  kind: Type.Enum([...ATTRIBUTE_KINDS]),
  type: Type.Enum([...VALUE_TYPES]),
  unit,
  value: Opt(orNull(Scalar)),
  stream: Opt(Text),
  command: Opt(Text),
  setting: Opt(Text),
});
const Plan = Type.Object({
  target: Type.Object({ project: Opt(Int), fleet: Opt(Int), devices: Opt(Type.Array(Mac)), tags: Opt(Texts) }),
  canary: Type.Union([Type.Object({ devices: Num }), Type.Object({ percent: Num })]),
  steps: Type.Array(Num),
  error: Type.Object({ lostAfterMin: Num, vitals: Type.Record(Text, Num), rollBack: Bool }),
  success: Type.Object({ percent: Num, soakMin: Num, absentAfterMin: Num }),
  atOnce: Int,
  bytesPerS: orNull(Int),
  zone: Text,
  windows: Windows,
  startMs: orNull(Num),
  expiresMs: orNull(Num),
  retry: Bool,
});
const Grants = Type.Array(Type.Object({ filter: Text, access: Type.Enum(["read", "write", "both"]) }, strict));

/** Null is for the schema of the table to allow. */
export const VALUES: Readonly<Record<string, ValueCheck>> = {
  "organisations.slug": SLUG,
  "organisations.name": NAME,
  "projects.name": NAME,
  "projects.registration": numbers(Registration),
  "users.email": text(254, /^[^\s@\p{Cc}]+@[^\s@\p{Cc}]+$/u),
  "users.name": NAME,
  "memberships.level": (value) => numbers(Level)(value) && value !== Level.None,
  "audit.actor_kind": numbers(ActorKind),
  "devices.mac": (value) => typeof value === "string" && isMac(value),
  "devices.name": text(NAME_MAX_CHARS),
  "devices.standing": numbers(Standing),
  "devices.thresholds": POLICY,
  "device_tags.tag": text(TAG_MAX_CHARS, /^[a-z0-9]+([._-][a-z0-9]+)*$/),
  "device_properties.value": text(PROPERTY_MAX_CHARS),
  "project_properties.value": text(PROPERTY_MAX_CHARS),
  "device_overrides.label": LABEL,
  "device_overrides.value": json(Scalar),
  "derived_streams.definition": json(Derived),
  "desired_parts.part": numbers(DesiredPart),
  "desired_parts.chosen": json(Type.Object({ settings: Record, connection: Record, inherited: Opt(Record) })),
  "device_health.state": numbers(Health),
  "device_health.findings": FINDINGS,
  "health_log.state": numbers(Health),
  "health_log.findings": FINDINGS,
  "health_policies.policy": POLICY,
  "templates.name": text(NAME_MAX_CHARS),
  "templates.thresholds": POLICY,
  "template_attributes.label": LABEL,
  "template_attributes.definition": json(Attribute),
  "fleets.name": text(NAME_MAX_CHARS),
  "fleets.tags": json(Texts),
  "changes.kind": words(CHANGE_KINDS),
  "changes.detail": json(Record),
  "events.kind": text(40, /^[a-z][a-z0-9-]{0,39}$/),
  "events.data": json(Type.Unknown()),
  "event_files.name": text(100, /^[^/\\\p{Cc}]+$/u),
  "notes.text": text(NOTE_MAX_CHARS),
  "channels.name": NAME,
  "channels.kind": words(CHANNEL_KINDS),
  "channels.settings": json(Type.Object({ to: Opt(Texts), url: Opt(Text) }, strict)),
  "alert_rules.name": NAME,
  "alert_rules.body": json(Rule),
  "alerts.state": numbers(AlertState),
  "alerts.detail": json(Record),
  "notices.event": words(["opened", "closed"]),
  "deliveries.state": numbers(DeliveryState),
  "deliveries.body": json(Message),
  "config_levels.settings": json(Record),
  "config_conflicts.faults": json(Texts),
  "releases.version": text(40, /^[0-9A-Za-z][0-9A-Za-z.+-]{0,39}$/),
  "releases.state": numbers(ReleaseState),
  "rollouts.state": numbers(RolloutState),
  "rollouts.plan": json(Plan, ({ zone }: { zone: string }) => isZone(zone)),
  "rollout_devices.state": numbers(DeviceState),
  "mqtt_users.name": text(63, /^[a-z][a-z0-9-]{1,62}$/),
  "mqtt_users.topics": json(Grants),
};

export const ANY_TEXT: ValueCheck = text(TEXT_MAX_CHARS);
