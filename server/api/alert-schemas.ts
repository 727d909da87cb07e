/** What the routes about rules, alerts and channels take and give. */
import * as Type from "typebox/type";
import { CHANNEL_KINDS } from "../events/alert-requests.ts";
import { conditionOf, HoldS, SETTING_FIELDS, scopeOf } from "../events/alert-shapes.ts";
import { CHANNELS_OF_RULE_MAX } from "../limits.ts";
import { ShortName as Name, strict } from "../shapes.ts";
import { Instant, MacParams, Nullable, PageQuery, StreamParams } from "./schemas.ts";

const Id = Type.Integer({ minimum: 1 });

export const RuleParams = Type.Object({ rule: Id });
export const AlertParams = Type.Object({ alert: Id });
export const ChannelParams = Type.Object({ channel: Id });

/** A null stays one, and is refused: Fastify would make a zero of it. */
const Bound = Type.Unsafe<number | null>({ type: ["number", "null"] });

const Condition = conditionOf({
  stream: StreamParams.properties.stream,
  bound: Bound,
  margin: (schema) => Type.Optional(schema),
});
const Scope = scopeOf(MacParams.properties.mac);

const RuleFields = {
  condition: Condition,
  scope: Type.Optional(Scope),
  holdS: Type.Optional(HoldS),
  channels: Type.Optional(Type.Array(Id, { maxItems: CHANNELS_OF_RULE_MAX, description: "through which it is told" })),
  enabled: Type.Optional(Type.Boolean()),
};

export const RuleBodySchema = Type.Object({ name: Name, ...RuleFields }, strict);
export const RuleChange = Type.Object(
  { name: Type.Optional(Name), ...RuleFields, condition: Type.Optional(Condition) },
  { ...strict, minProperties: 1 },
);

export const RuleSchema = Type.Object({
  id: Id,
  organisation: Type.String(),
  name: Type.String(),
  condition: Type.Unsafe<object>({ type: "object", additionalProperties: true }),
  scope: Type.Unsafe<object>({ type: "object", additionalProperties: true }),
  holdS: Type.Integer(),
  channels: Type.Array(Id),
  enabled: Type.Boolean(),
  created: Instant,
});

export const AlertQuery = Type.Object({
  ...PageQuery.properties,
  state: Type.Optional(Type.Enum(["open", "closed"])),
  device: Type.Optional(MacParams.properties.mac),
});

export const AlertSchema = Type.Object({
  id: Id,
  organisation: Type.String(),
  rule: Nullable(Type.Integer({ description: "null: it was deleted" })),
  name: Type.String({ description: "of the rule" }),
  device: Nullable(Type.String()),
  state: Type.Enum(["open", "closed"]),
  opened: Instant,
  closed: Nullable(Instant),
  acknowledged: Nullable(Instant),
  acknowledgedBy: Nullable(Type.String()),
  detail: Type.Unsafe<object>({ type: "object", additionalProperties: true, description: "as it was found" }),
});

export const ChannelBody = Type.Object({ name: Name, kind: Type.Enum([...CHANNEL_KINDS]), ...SETTING_FIELDS }, strict);
export const ChannelChange = Type.Object(
  {
    name: Type.Optional(Name),
    ...SETTING_FIELDS,
    enabled: Type.Optional(Type.Boolean({ description: "true also after the server has disabled it" })),
  },
  { ...strict, minProperties: 1 },
);

export const ChannelSchema = Type.Object({
  id: Id,
  organisation: Type.String(),
  name: Type.String(),
  kind: Type.Enum([...CHANNEL_KINDS]),
  to: Nullable(Type.Array(Type.String())),
  url: Nullable(Type.String()),
  topic: Nullable(Type.String({ description: "of MQTT; grant it to an MQTT user of the organisation" })),
  enabled: Type.Boolean(),
  disabledWhy: Nullable(Type.String({ description: "what the server has disabled it for" })),
  created: Instant,
});

export const ChannelWithSecret = Type.Object({
  ...ChannelSchema.properties,
  secret: Nullable(
    Type.String({
      description: "of a webhook, to check its signature with (Standard Webhooks); shown here and never again",
    }),
  ),
});

export const TestSchema = Type.Object({
  delivered: Type.Boolean(),
  error: Nullable(Type.String({ description: "why it was not" })),
});

export const DeliverySchema = Type.Object({
  id: Type.String({ description: "the same however often it is sent" }),
  state: Type.Enum(["waiting", "delivered", "given-up"]),
  alerts: Type.Integer(),
  attempts: Type.Integer(),
  error: Nullable(Type.String({ description: "of the last attempt" })),
  created: Instant,
  next: Nullable(Instant),
  ended: Nullable(Instant),
});
