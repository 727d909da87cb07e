/** What the routes about templates and attributes take and give. */
import * as Type from "typebox/type";
import { ATTRIBUTE_KINDS, LABEL_PATTERN, VALUE_TYPES } from "../fleet/template.ts";
import {
  ATTRIBUTES_MAX,
  DESCRIPTION_MAX_CHARS,
  DEVICE_OVERRIDES_MAX,
  DEVICE_TEMPLATES_MAX,
  LABEL_MAX_CHARS,
  UNIT_MAX_CHARS,
} from "../limits.ts";
import { Instant, MacParams, Name, Nullable } from "./schemas.ts";

const strict = { additionalProperties: false };
const Id = Type.Integer({ minimum: 1 });
const Version = Type.Integer({ minimum: 1 });
const Description = Type.String({ maxLength: DESCRIPTION_MAX_CHARS });
const Label = Type.String({ pattern: LABEL_PATTERN, maxLength: LABEL_MAX_CHARS, description: "as door-count" });
/** Checked by hand: Fastify's validator would make text of a number. */
const Value = Type.Unknown({ description: "a number, true or false, or text, as the type of the attribute says" });

export const TemplateParams = Type.Object({ template: Id });

const AttributeParts = {
  label: Label,
  kind: Type.Enum([...ATTRIBUTE_KINDS], {
    description:
      "static: written down; dynamic: the last reading of a stream; actuator: drives a command or a setting; configuration: " +
      "shows a setting",
  }),
  type: Type.Enum([...VALUE_TYPES]),
  unit: Type.Optional(
    Type.Union([Type.Null(), Type.String({ minLength: 1, maxLength: UNIT_MAX_CHARS })], {
      description: "a name of the SenML units registry (RFC 8428 section 12.1), as Cel or %RH, or other words",
    }),
  ),
  value: Type.Optional(Type.Unknown({ description: "of a static one; null: each device says its own by an override" })),
  stream: Type.Optional(Type.String({ maxLength: 4, description: "of a dynamic one: four hex digits, as 5001" })),
  command: Type.Optional(
    Type.String({ maxLength: 32, description: "of an actuator: the method whose argument the value is" }),
  ),
  setting: Type.Optional(
    Type.String({ maxLength: 64, description: "of an actuator or a configuration: a setting of the product" }),
  ),
};

const Attributes = Type.Array(Type.Object(AttributeParts, strict), { maxItems: ATTRIBUTES_MAX });

export const TemplateBody = Type.Object(
  { name: Name, description: Type.Optional(Description), attributes: Attributes },
  strict,
);
export const TemplatePatch = Type.Object(
  {
    name: Type.Optional(Name),
    description: Type.Optional(Description),
    attributes: Type.Optional({ ...Attributes, description: "in place of those of the newest version" }),
  },
  { ...strict, minProperties: 1 },
);

const Described = {
  id: Id,
  organisation: Type.String({ description: "slug" }),
  name: Type.String(),
  description: Type.String(),
  version: Type.Integer({ description: "the newest; devices follow it unless they are pinned to another one" }),
  devices: Type.Integer({ description: "that have it" }),
  created: Instant,
  changed: Instant,
};
export const TemplateSummary = Type.Object(Described);
export const TemplateSchema = Type.Object({ ...Described, attributes: Attributes });
export const TemplateVersionSchema = Type.Object({
  version: Type.Integer(),
  created: Instant,
  attributes: Attributes,
});

export const DeviceTemplatesBody = Type.Object(
  {
    templates: Type.Array(
      Type.Object(
        {
          template: Id,
          version: Type.Optional(
            Type.Union([Type.Null(), Version], {
              description: "pinned to; null or absent: the newest, whichever that is",
            }),
          ),
        },
        strict,
      ),
      { maxItems: DEVICE_TEMPLATES_MAX, description: "no label may be in two of them" },
    ),
  },
  strict,
);
export const DeviceTemplatesSchema = Type.Object({
  templates: Type.Array(Type.Object({ template: Id, name: Type.String(), version: Version, pinned: Type.Boolean() })),
});

export const OverridesBody = Type.Object(
  {
    values: Type.Record(Type.String({ pattern: LABEL_PATTERN }), Value, {
      ...strict,
      maxProperties: DEVICE_OVERRIDES_MAX,
      description: "of static attributes, by label; null takes one away",
    }),
  },
  strict,
);
export const OverridesSchema = Type.Object({
  values: Type.Record(Type.String(), Type.Unknown()),
  unused: Type.Array(Type.String(), {
    description:
      "labels whose value does not count: no template of the device has a static attribute of that type there",
  }),
});

export const AttributeSchema = Type.Object({
  label: Type.String(),
  template: Type.Object({ template: Id, name: Type.String(), version: Version }),
  kind: AttributeParts.kind,
  type: AttributeParts.type,
  unit: Nullable(Type.String()),
  value: Type.Unknown({
    description:
      "static: as written down; dynamic: the last reading; else what the device has said that it uses; null: not known",
  }),
  time: Nullable(Instant),
  desired: Type.Optional(Type.Unknown({ description: "of an actuator or a configuration: what it was told last" })),
  overridden: Type.Optional(Type.Boolean({ description: "of a static one: the value is the device's own" })),
  stream: Type.Optional(Type.String()),
  command: Type.Optional(Type.String()),
  setting: Type.Optional(Type.String()),
});
export const AttributesSchema = Type.Object({ items: Type.Array(AttributeSchema) });

export const AttributeParams = Type.Object({ ...MacParams.properties, label: Label });
export const ActuatorBody = Type.Object({ value: Value }, strict);
export const ActuationBody = Type.Object(
  {
    values: Type.Record(Type.String({ pattern: LABEL_PATTERN }), Value, {
      ...strict,
      minProperties: 1,
      maxProperties: ATTRIBUTES_MAX,
      description: "by label",
    }),
  },
  strict,
);
