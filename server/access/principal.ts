/** Who asks, and what they may do where. */
import { Level } from "./level.ts";

/** What a token opens at most; a personal one never more than its owner may. */
export interface TokenScope {
  id: number;
  level: Level;
  /** The only one; null: those of its owner. */
  organisationId: number | null;
  usedMs: number | null;
  expiresMs: number | null;
}

export interface Principal {
  kind: "user" | "token" | "everybody";
  /** Row of the user or the token; null for everybody. */
  id: number | null;
  /** The user that a personal token belongs to, or the user; else null. */
  userId: number | null;
  /** For people and for the audit log. */
  name: string;
  /** Looks after the server itself, and may do everything in every organisation. */
  isOperator: boolean;
  /** By organisation. */
  levels: ReadonlyMap<number, Level>;
  /** Null: it did not come with a token. */
  token: TokenScope | null;
}

/** Of a server that asks nobody who they are. */
export const EVERYBODY: Principal = {
  kind: "everybody",
  id: null,
  userId: null,
  name: "everybody",
  isOperator: true,
  levels: new Map(),
  token: null,
};

/** `organisation` null: what belongs to none yet, as a board that nobody has taken in. */
export function levelAt(principal: Principal, organisation: number | null): Level {
  if (principal.isOperator) return Level.Own;
  return organisation === null ? Level.None : (principal.levels.get(organisation) ?? Level.None);
}

/** Null: all of them. */
export function organisationsAt(principal: Principal, level: Level): number[] | null {
  if (principal.isOperator) return null;
  return [...principal.levels].filter(([, has]) => has >= level).map(([organisation]) => organisation);
}
