/**
 * How the first person comes in: as long as nobody has an account, each start makes a link that makes one, the owner of the first
 * organisation and operator of the server. It works once; another start makes another one.
 */
import { StartError } from "../errors.ts";
import type { StoreAnswer } from "../updates/store-requests.ts";
import type { AccountRequest } from "./account-requests.ts";
import { digestOf, makeSecret } from "./secrets.ts";

const GOOD_FOR_MS = 7 * 86_400_000;

export interface FirstInvitationOptions {
  hasUsers: boolean;
  change: (request: AccountRequest) => Promise<StoreAnswer>;
  nowMs: () => number;
}

/** The secret of the link; null: there are users. */
export async function makeFirstInvitation({ hasUsers, change, nowMs }: FirstInvitationOptions): Promise<string | null> {
  const secret = hasUsers ? null : makeSecret("invitation");
  const atMs = nowMs();
  const digest = secret === null ? null : digestOf(secret);
  const { outcome, error } = await change({ kind: "setFirstInvitation", digest, atMs, expiresMs: atMs + GOOD_FOR_MS });
  if (outcome !== "done") throw new StartError("E_START_FAILED", "the first invitation", error ?? outcome);
  return secret;
}

/** Behind the #, where a browser keeps it from servers and their logs. */
export function invitationLink(origin: string, secret: string): string {
  return `${origin}/invitation#${secret}`;
}
