/** What the routes about boards, strangers and MQTT users take and give. */
import * as Type from "typebox/type";
import { CONFIG_TEXT_MAX_BYTES } from "../../runtime/contract/config-record.ts";
import { Grants, MqttUserName } from "../access/grant-shapes.ts";
import { HEALTH_NAMES, NO_HEALTH } from "../health/health-states.ts";
import { DEVICE_TAGS_MAX, DEVICES_PER_REQUEST_MAX } from "../limits.ts";
import { Tag } from "../shapes.ts";
import { Instant, MacParams, NAME_MAX_CHARS, Name, Nullable, OrganisationQuery, PageQuery } from "./schemas.ts";
import { FLEET_PATTERN } from "./slugs.ts";

export const STANDINGS = ["waiting", "active", "revoked", "replaced"] as const;
export const SECRET_MIN_CHARS = 16;

const Mac = MacParams.properties.mac;
export const ProjectRef = Type.Union(
  [Type.Integer({ minimum: 1 }), Type.String({ minLength: 1, maxLength: NAME_MAX_CHARS })],
  {
    description: "id, slug (p--0000-0001), or name in the organisation",
  },
);
const DeviceName = Nullable(Name);

export const NewDevice = Type.Object(
  {
    mac: Mac,
    name: Type.Optional(DeviceName),
    project: Type.Optional(ProjectRef),
    secret: Type.Optional(
      Type.String({
        minLength: SECRET_MIN_CHARS,
        maxLength: CONFIG_TEXT_MAX_BYTES,
        description: "what the board was given, as its MQTT password; without it the answer is a one-time claim code",
      }),
    ),
  },
  { additionalProperties: false },
);

export const NewDevices = Type.Union([
  NewDevice,
  Type.Array(NewDevice, { minItems: 1, maxItems: DEVICES_PER_REQUEST_MAX }),
]);

const Created = {
  mac: Type.String(),
  slug: Type.String(),
  created: Type.Boolean({ description: "false: it was there, and has got this new credential" }),
  claimCode: Nullable(
    Type.String({ description: "lets the board in until it has a secret of its own; shown here and never again" }),
  ),
};

export const DeviceCreated = Type.Object({
  ...Created,
  conflicts: Type.Optional(
    Type.Array(Type.String(), {
      description: "of a replacement: why it does not take the settings of the board before, and has kept its own",
    }),
  ),
});

export const ImportReport = Type.Object({
  created: Type.Integer(),
  updated: Type.Integer({ description: "that were there already, and got another name, project or secret" }),
  unchanged: Type.Integer({ description: "that were there already, as the line says" }),
  failed: Type.Integer(),
  lines: Type.Array(
    Type.Object({
      line: Type.Integer({ description: "of the table, its header is line 1; of a list, the first is 1" }),
      mac: Nullable(Type.String()),
      created: Type.Boolean(),
      done: Nullable(
        Type.Enum(["created", "updated", "unchanged"], {
          description: "with a board that was there already; null: nothing, see `code`",
        }),
      ),
      claimCode: Nullable(
        Type.String({
          description: "of a board that is new and has no secret; one that was there keeps what lets it in",
        }),
      ),
      code: Nullable(Type.String({ description: "of the problem; null: it was taken" })),
      detail: Nullable(Type.String()),
    }),
  ),
});

export const DeviceQuery = Type.Object({
  ...PageQuery.properties,
  project: Type.Optional(Type.String({ maxLength: NAME_MAX_CHARS, description: "id or slug" })),
  standing: Type.Optional(Type.Enum([...STANDINGS])),
  online: Type.Optional(Type.Boolean()),
  product: Type.Optional(Type.String({ maxLength: 32 })),
  tag: Type.Optional(
    Type.Array(Tag, { maxItems: DEVICE_TAGS_MAX, description: "that has it; given several times: all of them" }),
  ),
  template: Type.Optional(Type.Integer({ minimum: 1, description: "that has this template" })),
  fleet: Type.Optional(Type.String({ pattern: FLEET_PATTERN, description: "that is in this fleet now: id or slug" })),
  health: Type.Optional(Type.Enum([...HEALTH_NAMES, NO_HEALTH])),
});

export const DevicePatch = Type.Object(
  { name: Type.Optional(DeviceName), project: Type.Optional(ProjectRef) },
  { additionalProperties: false, minProperties: 1 },
);

export const ReplaceBody = Type.Object(
  {
    by: Mac,
    takeOver: Type.Optional(
      Type.Boolean({ description: "take it also where it is in use: it leaves its place; else 409 `boardInUse`" }),
    ),
  },
  { additionalProperties: false },
);

export const StrangerSchema = Type.Object({
  mac: Type.String(),
  credential: Type.String({
    description: "tells apart what boards with this address have shown; none: an empty secret",
  }),
  address: Nullable(Type.String({ description: "where it came from" })),
  first: Instant,
  last: Instant,
  times: Type.Integer(),
});

export const AdmitBody = Type.Object(
  {
    project: Type.Optional(ProjectRef),
    credential: Type.Optional(Type.String({ maxLength: 16, description: "which, where there are several" })),
  },
  { additionalProperties: false },
);

export const MqttUserParams = Type.Object({ name: MqttUserName });

export const NewMqttUser = Type.Object(
  { ...MqttUserParams.properties, grants: Type.Optional(Grants) },
  { additionalProperties: false },
);
export const MqttUserPatch = Type.Object({ grants: Grants }, { additionalProperties: false });

export const MqttUserSchema = Type.Object({
  name: Type.String(),
  organisation: Type.String({ description: "slug" }),
  grants: Grants,
  created: Instant,
});
export const MqttUserWithPassword = Type.Object({
  ...MqttUserSchema.properties,
  password: Type.String({ description: "shown here and never again" }),
});

export { OrganisationQuery, Tag };
