/** What the API takes and gives about people: accounts, sessions, tokens, invitations, members, organisations, the audit log. */
import * as Type from "typebox/type";
import { Level, ROLES, type Role, roleOf } from "../access/level.ts";
import { PASSWORD_MAX_CHARS } from "../access/passwords.ts";
import { REGISTRATION_NAMES } from "../access/registration.ts";
import { INVITATION_H, INVITATION_MAX_H } from "../limits.ts";
import { Email } from "../shapes.ts";
import { Instant, Name, Nullable, PageQuery, Slug } from "./schemas.ts";
import { PROJECT_PATTERN } from "./slugs.ts";

const Password = Type.String({ minLength: 1, maxLength: PASSWORD_MAX_CHARS });
const Secret = Type.String({
  pattern: "^li_[\\w-]{20,100}$",
  description: "of an invitation, behind the # of its link",
});
const Id = Type.Integer({ minimum: 1 });
const RoleName = Type.Enum([...ROLES], {
  description: "viewer, manager, admin or owner; each includes those before it",
});

export const LEVEL_NAMES = ["read", "operate", "administer", "own"] as const;
export type LevelName = (typeof LEVEL_NAMES)[number];
const LevelWord = Type.Enum([...LEVEL_NAMES], { description: "what it opens at most; each includes those before it" });
const RegistrationWord = Type.Enum([...REGISTRATION_NAMES], {
  description:
    "which boards it takes in: closed, those created beforehand; claim, those with its claim token; approval, the same once " +
    "somebody has approved each; anyone, every board that no other project knows",
});

export function levelNamed(name: LevelName): Level {
  return LEVEL_NAMES.indexOf(name) + 1;
}

export function showLevel(level: Level): LevelName {
  return LEVEL_NAMES[level - 1] ?? "read";
}

export function showRole(level: Level): Role {
  return roleOf(level) ?? "viewer";
}

export const SlugParams = Type.Object({ slug: Slug });
export const UserParams = Type.Object({ user: Id });
export const SessionParams = Type.Object({ session: Id });
export const TokenParams = Type.Object({ token: Id });
/** The hook for slugs makes a number of it. */
export const ProjectParams = Type.Object({
  project: Type.Unsafe<number>({
    type: "string",
    pattern: PROJECT_PATTERN,
    description: "id, or slug, as p--0000-0001",
  }),
});
export const MemberParams = Type.Object({ slug: Slug, user: Id });
export const OrganisationTokenParams = Type.Object({ slug: Slug, token: Id });
export const InvitationParams = Type.Object({ slug: Slug, invitation: Id });

export const LoginBody = Type.Object({ email: Email, password: Password }, { additionalProperties: false });

export const MeSchema = Type.Object({
  kind: Type.Enum(["user", "token", "everybody"], { description: "everybody: this server asks nobody who he is" }),
  id: Nullable(Type.Integer({ description: "of the user; null: whoever asks has no account" })),
  name: Type.String(),
  email: Nullable(Type.String()),
  operator: Type.Boolean({ description: "looks after the server, and may do everything" }),
  organisations: Type.Array(Type.Object({ slug: Type.String(), name: Type.String(), role: RoleName })),
  csrf: Nullable(
    Type.String({ description: "for the header X-CSRF-Token of what a session changes; null: no session" }),
  ),
  expires: Nullable(Instant),
});

export const MeBody = Type.Object({ name: Name }, { additionalProperties: false });

export const PasswordBody = Type.Object({ current: Password, password: Password }, { additionalProperties: false });

export const SessionSchema = Type.Object({
  id: Id,
  current: Type.Boolean({ description: "the one that asks" }),
  agent: Nullable(Type.String({ description: "as the browser calls itself" })),
  address: Nullable(Type.String()),
  created: Instant,
  used: Instant,
  expires: Instant,
});

const TokenWish = {
  name: Name,
  expiresDays: Type.Optional(
    Type.Integer({ minimum: 1, maximum: 3650, description: "good for so long; for ever if not given" }),
  ),
};

export const TokenBody = Type.Object(
  {
    ...TokenWish,
    level: Type.Optional(LevelWord),
    organisation: Type.Optional(Slug),
    server: Type.Optional(Type.Boolean({ description: "also what its owner may do as an operator of the server" })),
  },
  { additionalProperties: false },
);

export const MachineTokenBody = Type.Object({ ...TokenWish, level: LevelWord }, { additionalProperties: false });

export const TokenSchema = Type.Object({
  id: Id,
  name: Type.String(),
  level: LevelWord,
  organisation: Nullable(Slug),
  server: Type.Boolean(),
  created: Instant,
  used: Nullable(Type.String({ description: "to the minute; null: never" })),
  expires: Nullable(Instant),
});

export const NewTokenSchema = Type.Object({
  ...TokenSchema.properties,
  token: Type.String({ description: "the token itself; it is not shown again" }),
});

export const InvitationBody = Type.Object(
  {
    role: RoleName,
    email: Type.Optional(Type.String({ ...Email, description: "the only address that can take it" })),
    hours: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: INVITATION_MAX_H,
        description: `good for so long; ${INVITATION_H} if not given`,
      }),
    ),
  },
  { additionalProperties: false },
);

export const InvitationSchema = Type.Object({
  id: Id,
  role: Nullable(RoleName),
  email: Nullable(Type.String()),
  created: Instant,
  expires: Instant,
});

export const LinkSchema = Type.Object({
  link: Type.String({ description: "to be sent to whom it is for; it works once and is not shown again" }),
  expires: Instant,
});

export const NewInvitationSchema = Type.Object({ ...InvitationSchema.properties, link: LinkSchema.properties.link });

export const SecretBody = Type.Object({ secret: Secret }, { additionalProperties: false });

export const InvitationFacts = Type.Object({
  purpose: Type.Enum(["join", "password"], { description: "join: become a member; password: set one's password" }),
  organisation: Nullable(Type.String({ description: "its name" })),
  role: Nullable(RoleName),
  operator: Type.Boolean({ description: "it makes the first operator of the server" }),
  email: Nullable(Type.String({ description: "the only address that can take it" })),
  expires: Instant,
});

export const AcceptBody = Type.Object(
  {
    secret: Secret,
    email: Type.Optional(Email),
    name: Type.Optional(Name),
    password: Type.Optional(Password),
  },
  { additionalProperties: false },
);

export const UserSchema = Type.Object({
  id: Id,
  email: Type.String(),
  name: Type.String(),
  operator: Type.Boolean(),
  disabled: Type.Boolean(),
  created: Instant,
  login: Nullable(Type.String({ description: "when he last logged in" })),
  organisations: MeSchema.properties.organisations,
});

export const UserBody = Type.Object(
  {
    name: Type.Optional(Name),
    email: Type.Optional(Email),
    operator: Type.Optional(Type.Boolean()),
    disabled: Type.Optional(Type.Boolean({ description: "true also ends his sessions and deletes his tokens" })),
  },
  { additionalProperties: false },
);

export const MemberSchema = Type.Object({
  user: Id,
  email: Type.String(),
  name: Type.String(),
  role: RoleName,
  disabled: Type.Boolean(),
  since: Instant,
});

export const MemberBody = Type.Object({ role: RoleName }, { additionalProperties: false });

export const OrganisationSchema = Type.Object({
  slug: Slug,
  name: Type.String(),
  role: RoleName,
  created: Instant,
});

export const OrganisationBody = Type.Object({ slug: Slug, name: Name }, { additionalProperties: false });

export const OrganisationChange = Type.Object(
  { slug: Type.Optional(Slug), name: Type.Optional(Name) },
  { additionalProperties: false },
);

export const ConfirmQuery = Type.Object({
  confirm: Type.Optional(Type.String({ description: "its slug: also with members, tokens and projects" })),
});

export const ProjectSchema = Type.Object({
  id: Id,
  slug: Type.String({ description: "of the project" }),
  organisation: Slug,
  name: Type.String(),
  registration: RegistrationWord,
  created: Instant,
});

export const ProjectBody = Type.Object(
  { name: Name, registration: Type.Optional(RegistrationWord) },
  { additionalProperties: false },
);

export const ProjectChange = Type.Object(
  { name: Type.Optional(Name), registration: Type.Optional(RegistrationWord) },
  { additionalProperties: false },
);

export const ClaimTokenSchema = Type.Object({
  claimToken: Nullable(Type.String({ description: "what boards show to be taken in; null: none was made yet" })),
});

const Time = Type.String({ maxLength: 40, description: "ISO 8601, or Unix milliseconds" });

export const AuditQuery = Type.Object({
  ...PageQuery.properties,
  from: Type.Optional(Time),
  to: Type.Optional(Type.String({ ...Time, description: "not included; ISO 8601, or Unix milliseconds" })),
  user: Type.Optional(Type.Integer({ minimum: 1, description: "what this user did in sessions" })),
  token: Type.Optional(Type.Integer({ minimum: 1, description: "what was done with this token" })),
  action: Type.Optional(
    Type.String({ maxLength: 100, description: "something of method and route, as DELETE or /config" }),
  ),
  subject: Type.Optional(
    Type.String({ maxLength: 100, description: "something of what it was about, as a MAC address" }),
  ),
  status: Type.Optional(
    Type.Integer({ minimum: 100, maximum: 599, description: "of the answer, this or higher; 400: refused" }),
  ),
});

export const AuditSchema = Type.Object({
  id: Id,
  time: Instant,
  organisation: Nullable(Type.String()),
  actor: Type.Object({
    kind: Type.Enum(["user", "token", "everybody", "server"]),
    id: Nullable(Type.Integer()),
    name: Type.String(),
  }),
  address: Nullable(Type.String()),
  action: Type.String(),
  subject: Type.String(),
  status: Type.Integer(),
});
