/** What the routes take and give about what devices are told. */
import * as Type from "typebox/type";
import { METHOD_MAX_BYTES } from "../../runtime/contract/limits.ts";
import { SETTING_NAME } from "../../runtime/product/setting.ts";
import { COMMAND_EXPIRES_MAX_S } from "../limits.ts";
import { CONFIG_LEVELS } from "../orders/config-levels.ts";
import { Instant, MacParams, Nullable } from "./schemas.ts";

const I32 = { minimum: -(2 ** 31), maximum: 2 ** 31 - 1 };
const U32_MAX = 0xffffffff;
const strict = { additionalProperties: false };

/** Which values fit is the product's matter: a problem document says it by name. */
const SettingValues = Type.Record(Type.String({ pattern: SETTING_NAME }), Type.Unknown(), {
  description: "settings of the product, by name; null takes one away, so that the program's default counts",
});

/** Checked by hand: Fastify's validator would make null of a port 0. */
const ConnectionBody = Type.Record(Type.String(), Type.Unknown(), {
  description:
    "ssid, passphrase, serverHost, serverPort, secret; null, or what is not named, is as the device has it. Passphrase and " +
    "secret go in and never come out",
});

export const ConfigBody = Type.Object(
  { settings: Type.Optional(SettingValues), connection: Type.Optional(ConnectionBody) },
  strict,
);

const desired = {
  product: Nullable(Type.String()),
  version: Nullable(Type.Integer({ description: "of what is desired; null: nothing was ever set" })),
  state: Type.String({ description: "none, pending, sent, applied, refused, rolled-back" }),
  reason: Nullable(Type.String({ description: "why it was refused" })),
  reported: Nullable(Type.Integer({ description: "version that the device says it uses" })),
  set: Nullable(Instant),
  changed: Nullable(Instant),
};

export const ConfigSchema = Type.Object({
  ...desired,
  setting: Nullable(Type.String({ description: "the setting that the device refused" })),
  settings: Type.Record(Type.String(), Type.Unknown(), { description: "what was chosen for this device, by name" }),
  resolved: Type.Record(
    Type.String(),
    Type.Object({ value: Type.Unknown(), level: Type.Enum(["device", ...[...CONFIG_LEVELS].reverse()]) }),
    {
      description:
        "what is desired, and the level that it comes from: device before project before organisation before account before what it was flashed with",
    },
  ),
  conflicts: Type.Array(Type.String(), {
    description: "why the device was left as it is although a level above has changed; empty: it was not",
  }),
  connection: Type.Record(Type.String(), Type.Unknown(), {
    description: "what was chosen; of passphrase and secret only that they are set",
  }),
  schema: Nullable(
    Type.Record(Type.String(), Type.Unknown(), {
      description: "what the product can be told, as its product.json says; null: this server does not know",
    }),
  ),
});

export const GraphSchema = Type.Object({ ...desired, sizeBytes: Nullable(Type.Integer()) });

export const CommandBody = Type.Object(
  {
    method: Type.String({ pattern: `^[a-z][a-z0-9-]{0,${METHOD_MAX_BYTES - 1}}$`, description: "as `restart`" }),
    argument: Type.Optional(Type.Integer(I32)),
    second: Type.Optional(Type.Integer({ ...I32, description: "a second argument" })),
    expiresS: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: COMMAND_EXPIRES_MAX_S,
        description: "not to be run later than this, seconds from now; absent: it waits for the device",
      }),
    ),
  },
  strict,
);

export const CommandSchema = Type.Object({
  id: Type.Integer(),
  method: Type.String(),
  argument: Nullable(Type.Integer()),
  second: Nullable(Type.Integer()),
  state: Type.String({ description: "queued, sent, accepted, done, failed, expired" }),
  value: Nullable(Type.Integer({ description: "what the device answered" })),
  reason: Nullable(
    Type.String({
      description:
        "of a failure: unknown (no such method), refused (the arguments), result-lost (the device took it, and what became " +
        "of it was lost on the way)",
    }),
  ),
  created: Instant,
  expires: Nullable(Instant),
  sent: Nullable(Instant),
  ended: Nullable(Instant),
});

export const CommandParams = Type.Object({
  ...MacParams.properties,
  id: Type.Integer({ minimum: 1, maximum: U32_MAX }),
});

/** Everybody who knows the product's settings knows these names; the problem document tells what does not fit. */
export const LevelBody = Type.Object({ settings: SettingValues }, strict);
export const ProductName = Type.String({ pattern: "^[a-z][a-z0-9-]{0,31}$", description: "of a product, as counter" });
export const LevelSchema = Type.Object({
  product: Type.String(),
  version: Type.Integer({ description: "0: nothing was ever set here" }),
  settings: Type.Record(Type.String(), Type.Unknown()),
  resolving: Type.Boolean({ description: "devices below are still being resolved" }),
  changed: Nullable(Instant),
  schema: Nullable(Type.Record(Type.String(), Type.Unknown())),
});
