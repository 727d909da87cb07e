/** Who asks, as he is written down beside what he makes. */
import type { Person } from "../rollouts/rollout-requests.ts";
import type { RequestAccess } from "./access-gate.ts";

/** A person and the tokens of that person are one. */
export function personOf({ principal }: RequestAccess): Person {
  const { kind, id, userId, name } = principal;
  return { key: userId === null ? `${kind}:${id ?? ""}` : `user:${userId}`, name };
}
