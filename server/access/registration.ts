/** Which boards a project takes in. Numbers are in the database. */
export enum Registration {
  /** Those that were created beforehand. */
  Closed = 0,
  /** Those with the project's claim token, once somebody has approved each. */
  Approval = 1,
  /** Those with the project's claim token. */
  Claim = 2,
  /** Every board that no other project knows; a secret that is on file for it is asked for, none otherwise. */
  Anyone = 3,
}

export const REGISTRATION_NAMES = ["closed", "approval", "claim", "anyone"] as const;
export type RegistrationName = (typeof REGISTRATION_NAMES)[number];

/** How far a board is. Numbers are in the database. */
export enum Standing {
  /** It has said hello; nothing else of it is taken until somebody approves it. */
  Waiting = 0,
  Active = 1,
  /** It is refused. */
  Revoked = 2,
  /** Another board stands in its place, with its history. */
  Replaced = 3,
}
