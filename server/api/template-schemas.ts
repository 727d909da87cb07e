/** What the routes about templates and attributes take and give. */
import * as Type from "typebox/type";
import { AttributeWishSchema, Label } from "../fleet/attribute-shapes.ts";
import { LABEL_PATTERN } from "../fleet/template.ts";
import { ATTRIBUTES_MAX, DESCRIPTION_MAX_CHARS, DEVICE_OVERRIDES_MAX, DEVICE_TEMPLATES_MAX } from "../limits.ts";
import { strict } from "../shapes.ts";
import { Instant, MacParams, Name, Nullable } from "./schemas.ts";

const Id = Type.Integer({ minimum: 1 });
const Version = Type.Integer({ minimum: 1 });
const Description = Type.String({ maxLength: DESCRIPTION_MAX_CHARS });
/** Checked by hand: Fastify's validator would make text of a number. */
const Value = Type.Unknown({ description: "a number, true or false, or text, as the type of the attribute says" });

export const TemplateParams = Type.Object({ template: Id });

const AttributeParts = AttributeWishSchema.properties;

const Attributes = Type.Array(AttributeWishSchema, { maxItems: ATTRIBUTES_MAX });

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
