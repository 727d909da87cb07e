/** What somebody may do in an organisation. Each level includes those before it; numbers are in the database. */
export enum Level {
  None = 0,
  /** See everything but secrets. */
  Read = 1,
  /** Tell devices what to do, take them in, change what is written about them. */
  Operate = 2,
  /** People, tokens, projects and what they allow. */
  Administer = 3,
  /** The organisation itself: its export and its end. */
  Own = 4,
}

export const ROLES = ["viewer", "manager", "admin", "owner"] as const;
export type Role = (typeof ROLES)[number];

const LEVELS: Record<Role, Level> = {
  viewer: Level.Read,
  manager: Level.Operate,
  admin: Level.Administer,
  owner: Level.Own,
};

export function levelOf(role: Role): Level {
  return LEVELS[role];
}

/** undefined: no role has this level. */
export function roleOf(level: Level): Role | undefined {
  return ROLES.find((role) => LEVELS[role] === level);
}
