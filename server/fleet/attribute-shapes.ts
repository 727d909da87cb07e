/** Attributes of templates as the API takes them; they are kept as `readAttributes` (template.ts) makes them. */
import * as Type from "typebox/type";
import { LABEL_MAX_CHARS, UNIT_MAX_CHARS } from "../limits.ts";
import { OrNull, strict } from "../shapes.ts";
import { ATTRIBUTE_KINDS, LABEL_PATTERN, VALUE_TYPES } from "./template.ts";

export const Label = Type.String({ pattern: LABEL_PATTERN, maxLength: LABEL_MAX_CHARS, description: "as door-count" });

export const AttributeWishSchema = Type.Object(
  {
    label: Label,
    kind: Type.Enum([...ATTRIBUTE_KINDS], {
      description:
        "static: written down; dynamic: the last reading of a stream; actuator: drives a command or a setting; configuration: " +
        "shows a setting",
    }),
    type: Type.Enum([...VALUE_TYPES]),
    unit: Type.Optional({
      ...OrNull(Type.String({ minLength: 1, maxLength: UNIT_MAX_CHARS })),
      description: "a name of the SenML units registry (RFC 8428 section 12.1), as Cel or %RH, or other words",
    }),
    value: Type.Optional(
      Type.Unknown({ description: "of a static one; null: each device says its own by an override" }),
    ),
    stream: Type.Optional(Type.String({ maxLength: 4, description: "of a dynamic one: four hex digits, as 5001" })),
    command: Type.Optional(
      Type.String({ maxLength: 32, description: "of an actuator: the method whose argument the value is" }),
    ),
    setting: Type.Optional(
      Type.String({ maxLength: 64, description: "of an actuator or a configuration: a setting of the product" }),
    ),
  },
  strict,
);
