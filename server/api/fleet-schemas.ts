/** What the routes about tags, properties, places and fleets take and give. */
import * as Type from "typebox/type";
import {
  DESCRIPTION_MAX_CHARS,
  DEVICE_TAGS_MAX,
  FLEET_MEMBERS_PER_REQUEST_MAX,
  PROPERTIES_MAX,
  PROPERTY_MAX_CHARS,
} from "../limits.ts";
import { PropertyName, strict, Tag } from "../shapes.ts";
import { ProjectRef } from "./registration-schemas.ts";
import { Instant, MacParams, Name, Nullable, PlaceFields } from "./schemas.ts";
import { FLEET_PATTERN } from "./slugs.ts";

const Description = Type.String({ maxLength: DESCRIPTION_MAX_CHARS });

export const TagsBody = Type.Object(
  {
    add: Type.Optional(Type.Array(Tag, { maxItems: DEVICE_TAGS_MAX })),
    remove: Type.Optional(Type.Array(Tag, { maxItems: DEVICE_TAGS_MAX })),
  },
  { ...strict, minProperties: 1 },
);

export const PropertiesBody = Type.Object(
  {
    properties: Type.Record(PropertyName, Type.Union([Type.Null(), Type.String({ maxLength: PROPERTY_MAX_CHARS })]), {
      ...strict,
      maxProperties: PROPERTIES_MAX,
      description: "by name; null, or an empty text, takes one away",
    }),
  },
  strict,
);
const Properties = Type.Record(Type.String(), Type.String());
export const ProjectPropertiesSchema = Type.Object({ properties: Properties });
export const DevicePropertiesSchema = Type.Object({
  properties: Properties,
  inherited: Type.Record(Type.String(), Type.String(), {
    description: "of its project, that it has none of its own for",
  }),
});

export const PlaceBody = Type.Object(
  {
    latitude: PlaceFields.latitude,
    longitude: PlaceFields.longitude,
    name: Type.Optional(Type.Union([Type.Null(), Name])),
  },
  strict,
);
export const ProjectPlaceSchema = Type.Object({ location: Nullable(Type.Object(PlaceFields)) });

/** The hook for slugs makes a number of it. */
export const FleetParams = Type.Object({
  fleet: Type.Unsafe<number>({
    type: "string",
    pattern: FLEET_PATTERN,
    description: "id, or slug, as g--0000-0000-0001",
  }),
});

const Criterion = Type.Object(
  {
    product: Type.Optional(Type.String({ minLength: 1, maxLength: 32 })),
    project: Type.Optional(ProjectRef),
    template: Type.Optional(Type.Integer({ minimum: 1 })),
    tags: Type.Optional(Type.Array(Tag, { maxItems: DEVICE_TAGS_MAX, uniqueItems: true, description: "all of them" })),
  },
  { ...strict, description: "what a device has to be now; all that is given has to hold" },
);
/** Null first: Fastify would make something else of it. */
const CriterionOrNull = Type.Union([Type.Null(), Criterion], { description: "null: members alone" });

export const FleetBody = Type.Object(
  { name: Name, description: Type.Optional(Description), criterion: Type.Optional(CriterionOrNull) },
  strict,
);
export const FleetPatch = Type.Object(
  { name: Type.Optional(Name), description: Type.Optional(Description), criterion: Type.Optional(CriterionOrNull) },
  { ...strict, minProperties: 1 },
);

const Macs = Type.Array(MacParams.properties.mac, { maxItems: FLEET_MEMBERS_PER_REQUEST_MAX });
export const MembersBody = Type.Object(
  { add: Type.Optional(Macs), remove: Type.Optional(Macs) },
  { ...strict, minProperties: 1 },
);

export const FleetSchema = Type.Object({
  id: Type.Integer(),
  slug: Type.String(),
  organisation: Type.String({ description: "slug" }),
  name: Type.String(),
  description: Type.String(),
  criterion: Nullable(
    Type.Object({
      product: Type.Optional(Type.String()),
      project: Type.Optional(Type.String({ description: "slug" })),
      template: Type.Optional(Type.Integer()),
      tags: Type.Optional(Type.Array(Type.String())),
    }),
  ),
  members: Type.Integer({ description: "named one by one; what fits the criterion is in it as well" }),
  devices: Type.Integer({ description: "that are in it now: members, and what fits the criterion" }),
  created: Instant,
});
