/**
 * What the values of an export may be, column by column: what the API takes, as it is kept. Texts that are not here have a length only,
 * and numbers that only people read have none.
 */
import { isDeepStrictEqual } from "node:util";
import type { Static, TSchema } from "typebox";
import * as Type from "typebox/type";
import { Check } from "typebox/value";
import { Grants, MqttUserName } from "../../access/grant-shapes.ts";
import { Level } from "../../access/level.ts";
import { ActorKind } from "../../access/people-requests.ts";
import { Registration, Standing } from "../../access/registration.ts";
import { AlertState, CHANNEL_KINDS, DeliveryState } from "../../events/alert-requests.ts";
import { conditionFault, KeptRule, KeptSettings } from "../../events/alert-shapes.ts";
import { CHANGE_KINDS } from "../../events/change-kinds.ts";
import { urlFault as webhookFault } from "../../events/send-webhook.ts";
import { AttributeWishSchema, Label } from "../../fleet/attribute-shapes.ts";
import { readAttributes, VALUE_TYPES, valueFault } from "../../fleet/template.ts";
import { KeptPolicy, policyFault } from "../../health/health-shapes.ts";
import { Health, REASONS } from "../../health/health-states.ts";
import { DEVICE_TAGS_MAX, EVENT_DATA_MAX_BYTES, NOTE_MAX_CHARS, PROPERTY_MAX_CHARS } from "../../limits.ts";
import { isMac } from "../../mac-address.ts";
import { DesiredPart } from "../../orders/order-requests.ts";
import { KeptPlan, planFault } from "../../rollouts/plan-shapes.ts";
import { ReleaseState } from "../../rollouts/rollout-requests.ts";
import { DeviceState, RolloutState } from "../../rollouts/rollout-states.ts";
import {
  Email,
  EventKind,
  FileName,
  Name,
  OrNull,
  PropertyName,
  ReleaseVersion,
  ShortName,
  Slug,
  Tag,
} from "../../shapes.ts";
import { areInOrder, KeptDerived } from "../derived-shapes.ts";

export type ValueCheck = (value: unknown) => boolean;

const JSON_MAX_CHARS = 4 * 1024 * 1024;
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
  <S extends TSchema>(schema: S, isMore: (value: Static<S>) => boolean = () => true): ValueCheck =>
  (value) => {
    if (typeof value !== "string" || value.length > JSON_MAX_CHARS) return false;
    try {
      const parsed: unknown = JSON.parse(value);
      return Check(schema, parsed) && isMore(parsed as Static<S>);
    } catch {
      return false;
    }
  };

const shape =
  (schema: TSchema): ValueCheck =>
  (value) =>
    Check(schema, value);

const NAME = shape(Name);
const Text = Type.String();
const Texts = Type.Array(Text);
const Int = Type.Integer();
const Record = Type.Record(Text, Type.Unknown());
const Reason = Type.Enum([...REASONS]);
const POLICY = json(KeptPolicy, (policy) => policyFault(policy) === undefined);
const FINDINGS = json(
  Type.Array(Type.Object({ reason: Reason, level: Type.Integer({ minimum: 1, maximum: 2 }), value: Type.Number() })),
);
const RULE = json(KeptRule, ({ condition }) => conditionFault(condition) === undefined);
/** Whether a private address may be reached, the server decides that it comes to, each time it sends. */
const SETTINGS = json(KeptSettings, ({ url }) => url === undefined || webhookFault(url, true) === undefined);
const PLAN = json(KeptPlan, (plan) => planFault(plan) === undefined);
const DERIVED = json(KeptDerived, (one) => one.kind !== "alias" || areInOrder(one.sections));
/** Kept as it was read once: read again, it is the same. */
const ATTRIBUTE = json(AttributeWishSchema, (wish) => {
  const read = readAttributes([wish]);
  return "attributes" in read && isDeepStrictEqual(read.attributes[0], wish);
});
/** As `valueFault` of any of the types has it. */
const VALUE = json(Type.Unknown(), (value) => VALUE_TYPES.some((type) => valueFault(type, value) === undefined));
const EVENT_DATA: ValueCheck = (value) =>
  json(Type.Unknown())(value) && Buffer.byteLength(value as string) <= EVENT_DATA_MAX_BYTES;

const Told = Type.Object({
  alert: Int,
  event: Type.Enum(["opened", "closed"]),
  rule: Text,
  device: OrNull(Text),
  name: OrNull(Text),
  opened: Text,
  closed: OrNull(Text),
  detail: Record,
});
const Message = Type.Object({ id: Text, organisation: Text, time: Text, alerts: Type.Array(Told), leftOut: Int });

/** Null is for the schema of the table to allow. */
export const VALUES: Readonly<Record<string, ValueCheck>> = {
  "organisations.slug": shape(Slug),
  "organisations.name": NAME,
  "projects.name": NAME,
  "projects.registration": numbers(Registration),
  "users.email": shape(Email),
  "users.name": NAME,
  "memberships.level": (value) => numbers(Level)(value) && value !== Level.None,
  "audit.actor_kind": numbers(ActorKind),
  "devices.mac": (value) => typeof value === "string" && isMac(value),
  "devices.name": NAME,
  "devices.standing": numbers(Standing),
  "devices.thresholds": POLICY,
  "device_tags.tag": shape(Tag),
  "device_properties.name": shape(PropertyName),
  "device_properties.value": text(PROPERTY_MAX_CHARS),
  "project_properties.name": shape(PropertyName),
  "project_properties.value": text(PROPERTY_MAX_CHARS),
  "device_overrides.label": shape(Label),
  "device_overrides.value": VALUE,
  "derived_streams.definition": DERIVED,
  "desired_parts.part": numbers(DesiredPart),
  "desired_parts.chosen": json(Type.Object({ settings: Record, connection: Record, inherited: Type.Optional(Record) })),
  "device_health.state": numbers(Health),
  "device_health.findings": FINDINGS,
  "health_log.state": numbers(Health),
  "health_log.findings": FINDINGS,
  "health_policies.policy": POLICY,
  "templates.name": NAME,
  "templates.thresholds": POLICY,
  "template_attributes.label": shape(Label),
  "template_attributes.definition": ATTRIBUTE,
  "fleets.name": NAME,
  "fleets.tags": json(Type.Array(Tag, { maxItems: DEVICE_TAGS_MAX })),
  "changes.kind": words(CHANGE_KINDS),
  "changes.detail": json(Record),
  "events.kind": shape(EventKind),
  "events.data": EVENT_DATA,
  "event_files.name": shape(FileName),
  "notes.text": text(NOTE_MAX_CHARS),
  "channels.name": shape(ShortName),
  "channels.kind": words(CHANNEL_KINDS),
  "channels.settings": SETTINGS,
  "alert_rules.name": shape(ShortName),
  "alert_rules.body": RULE,
  "alerts.state": numbers(AlertState),
  "alerts.detail": json(Record),
  "notices.event": words(["opened", "closed"]),
  "deliveries.state": numbers(DeliveryState),
  "deliveries.body": json(Message),
  "config_levels.settings": json(Record),
  "config_conflicts.faults": json(Texts),
  "releases.version": shape(ReleaseVersion),
  "releases.state": numbers(ReleaseState),
  "rollouts.state": numbers(RolloutState),
  "rollouts.plan": PLAN,
  "rollout_devices.state": numbers(DeviceState),
  "mqtt_users.name": shape(MqttUserName),
  "mqtt_users.topics": json(Grants),
};

export const ANY_TEXT: ValueCheck = text(TEXT_MAX_CHARS);
