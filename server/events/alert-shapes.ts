/** Rules and channels as the API takes them and as they are kept: what both have in common is said once. */
import type { TSchema } from "typebox";
import * as Type from "typebox/type";
import { REASONS } from "../health/health-states.ts";
import { DEVICE_TAGS_MAX, MAIL_TO_MAX, RULE_DEVICES_MAX } from "../limits.ts";
import { MacText, strict, Tag } from "../shapes.ts";
import type { RuleBody } from "./alert-rules.ts";
import { CHANGE_KINDS } from "./change-kinds.ts";

const Id = Type.Integer({ minimum: 1 });
const Margin = Type.Number({ minimum: 0, description: "it is over when it is back by so much; 0" });

export const HoldS = Type.Integer({
  minimum: 0,
  maximum: 7 * 86_400,
  description: "it has to last for so long, seconds; 0",
});

const HealthCondition = Type.Object(
  {
    kind: Type.Literal("health"),
    state: Type.Enum(["warning", "failed"], { description: "as bad as this, or worse" }),
    reasons: Type.Optional(Type.Array(Type.Enum([...REASONS]), { minItems: 1, maxItems: REASONS.length })),
  },
  strict,
);
const ChangeCondition = Type.Object(
  {
    kind: Type.Literal("change"),
    changes: Type.Array(Type.Enum(CHANGE_KINDS.filter((kind) => !kind.startsWith("alert."))), {
      minItems: 1,
      maxItems: CHANGE_KINDS.length,
    }),
  },
  { ...strict, description: "something that happens, as GET /api/v1/changes tells it; it is over at once" },
);

/** `stream` and `bound` are written otherwise by people. */
export const conditionOf = <S extends TSchema, B extends TSchema, M extends TSchema>(parts: {
  stream: S;
  bound: B;
  margin: (schema: typeof Margin) => M;
}) =>
  Type.Union(
    [
      HealthCondition,
      Type.Object(
        {
          kind: Type.Literal("value"),
          stream: parts.stream,
          above: Type.Optional(parts.bound),
          below: Type.Optional(parts.bound),
          margin: parts.margin(Margin),
        },
        { ...strict, description: "the latest value of the stream, measured or derived; above, below, or either" },
      ),
      ChangeCondition,
    ],
    { description: "what is now, never what was" },
  );

export const scopeOf = <D extends TSchema>(device: D) =>
  Type.Object(
    {
      project: Type.Optional(Id),
      devices: Type.Optional(Type.Array(device, { minItems: 1, maxItems: RULE_DEVICES_MAX })),
      tags: Type.Optional(Type.Array(Tag, { minItems: 1, maxItems: DEVICE_TAGS_MAX, description: "all of them" })),
    },
    { ...strict, description: "which devices; all that is given has to hold. {}: all of the organisation" },
  );

export const KeptRule = Type.Object(
  {
    condition: conditionOf({
      stream: Type.Integer({ minimum: 0, maximum: 0xffff }),
      bound: Type.Number(),
      margin: (schema) => schema,
    }),
    scope: scopeOf(MacText),
    holdS: HoldS,
  },
  strict,
);

/** Undefined: the condition makes sense. */
export function conditionFault(condition: RuleBody["condition"]): string | undefined {
  if (condition.kind !== "value") return undefined;
  const { above, below, margin } = condition;
  if (above === undefined && below === undefined)
    return "say above or below which value somebody is to be told, or both";
  if (above !== undefined && below !== undefined && below + margin > above - margin)
    return "no value would be between below and above, with the margin of both";
  return undefined;
}

const Mail = Type.String({ maxLength: 254, pattern: '^[^\\s<>,;:@"\\\\]+@[^\\s<>,;:@"\\\\]+$' });
const Url = Type.String({ minLength: 8, maxLength: 1000 });

export const SETTING_FIELDS = {
  to: Type.Optional(Type.Array(Mail, { minItems: 1, maxItems: MAIL_TO_MAX, description: "of mail" })),
  url: Type.Optional({ ...Url, description: "of a webhook: where it is sent" }),
};
export const KeptSettings = Type.Object(SETTING_FIELDS, strict);
