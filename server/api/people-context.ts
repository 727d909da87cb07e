/** What the routes about people share. */
import type { Logins } from "../access/logins.ts";
import type { Passwords } from "../access/passwords.ts";
import { PasswordsBusyError } from "../access/passwords.ts";
import type { RequestAccess } from "./access-gate.ts";
import { showRole } from "./people-schemas.ts";
import type { AccountStorePort, Organisation, PeopleChange, PeopleStorePort } from "./ports.ts";
import { Problem } from "./problem.ts";

export interface PeopleContext {
  people: PeopleStorePort;
  accounts: AccountStorePort;
  change: PeopleChange;
  logins: Logins;
  passwords: Passwords;
  nowMs: () => number;
}

/** The organisation, if whoever asks may do there what the route does. */
export function findOrganisation(
  { people }: Pick<PeopleContext, "people">,
  access: RequestAccess,
  slug: string,
): Organisation {
  const unknown = () => new Problem("organisationUnknown", `no organisation ${slug}; see /api/v1/organisations`);
  const organisation = people.organisation(slug);
  if (organisation === undefined) throw unknown();
  access.judge(organisation.id, unknown);
  return organisation;
}

export function showMemberships({ accounts }: PeopleContext, user: number) {
  return accounts.memberships(user).map(({ slug, name, level }) => ({ slug, name, role: showRole(level) }));
}

const BUSY_MS = 1000;

/** A password takes a while and memory, so few are computed at once. */
export async function unlessBusy<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    if (!(error instanceof PasswordsBusyError)) throw error;
    throw new Problem("tooManyLogins", "many people log in just now; try again", BUSY_MS);
  }
}
