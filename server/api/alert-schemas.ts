/** What the routes about rules, alerts and channels take and give. */
import * as Type from "typebox/type";
import { CHANNEL_KINDS } from "../events/alert-requests.ts";
import { CHANGE_KINDS } from "../events/change-kinds.ts";
import { REASONS } from "../health/health-states.ts";
import { CHANNELS_OF_RULE_MAX, DEVICE_TAGS_MAX, MAIL_TO_MAX, RULE_DEVICES_MAX } from "../limits.ts";
import { Tag } from "./registration-schemas.ts";
import { Instant, MacParams, Nullable, PageQuery, StreamParams } from "./schemas.ts";

const strict = { additionalProperties: false };
const Id = Type.Integer({ minimum: 1 });
const Name = Type.String({ minLength: 1, maxLength: 80, pattern: "^[^\\u0000-\\u001f\\u007f]+$" });

export const RuleParams = Type.Object({ rule: Id });
export const AlertParams = Type.Object({ alert: Id });
export const ChannelParams = Type.Object({ channel: Id });

/** A null stays one, and is refused: Fastify would make a zero of it. */
const Bound = Type.Unsafe<number | null>({ type: ["number", "null"] });

const Condition = Type.Union(
  [
    Type.Object(
      {
        kind: Type.Literal("health"),
        state: Type.Enum(["warning", "failed"], { description: "as bad as this, or worse" }),
        reasons: Type.Optional(Type.Array(Type.Enum([...REASONS]), { minItems: 1, maxItems: REASONS.length })),
      },
      strict,
    ),
    Type.Object(
      {
        kind: Type.Literal("value"),
        stream: StreamParams.properties.stream,
        above: Type.Optional(Bound),
        below: Type.Optional(Bound),
        margin: Type.Optional(Type.Number({ minimum: 0, description: "it is over when it is back by so much; 0" })),
      },
      { ...strict, description: "the latest value of the stream, measured or derived; above, below, or either" },
    ),
    Type.Object(
      {
        kind: Type.Literal("change"),
        changes: Type.Array(Type.Enum(CHANGE_KINDS.filter((kind) => !kind.startsWith("alert."))), {
          minItems: 1,
          maxItems: CHANGE_KINDS.length,
        }),
      },
      { ...strict, description: "something that happens, as GET /api/v1/changes tells it; it is over at once" },
    ),
  ],
  { description: "what is now, never what was" },
);

const Scope = Type.Object(
  {
    project: Type.Optional(Id),
    devices: Type.Optional(Type.Array(MacParams.properties.mac, { minItems: 1, maxItems: RULE_DEVICES_MAX })),
    tags: Type.Optional(Type.Array(Tag, { minItems: 1, maxItems: DEVICE_TAGS_MAX, description: "all of them" })),
  },
  { ...strict, description: "which devices; all that is given has to hold. {}: all of the organisation" },
);

const RuleFields = {
  condition: Condition,
  scope: Type.Optional(Scope),
  holdS: Type.Optional(
    Type.Integer({ minimum: 0, maximum: 7 * 86_400, description: "it has to last for so long, seconds; 0" }),
  ),
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

const Mail = Type.String({ maxLength: 254, pattern: '^[^\\s<>,;:@"\\\\]+@[^\\s<>,;:@"\\\\]+$' });
const Url = Type.String({ minLength: 8, maxLength: 1000 });
const Settings = {
  to: Type.Optional(Type.Array(Mail, { minItems: 1, maxItems: MAIL_TO_MAX, description: "of mail" })),
  url: Type.Optional({ ...Url, description: "of a webhook: where it is sent" }),
};

export const ChannelBody = Type.Object({ name: Name, kind: Type.Enum([...CHANNEL_KINDS]), ...Settings }, strict);
export const ChannelChange = Type.Object(
  {
    name: Type.Optional(Name),
    ...Settings,
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
