/** What the store says when people or organisations are changed, as problems. */
import type { StoreAnswer, StoreOutcome } from "../updates/store-requests.ts";
import { busy } from "./image-routes.ts";
import { Problem } from "./problem.ts";

const PROBLEMS: Partial<Record<StoreOutcome, () => Problem>> = {
  changedMeanwhile: () => new Problem("preconditionFailed", "read it again, and send the ETag that comes with it"),
  existed: () => new Problem("nameTaken", "something else has this name or address already; take another one"),
  lastOwner: () => new Problem("lastOwner", "make somebody else an owner first"),
  lastOperator: () => new Problem("lastOperator", "make somebody else an operator first"),
  lastOrganisation: () => new Problem("lastOrganisation", "rename this one, or make another one first"),
  inUse: () => new Problem("notEmpty", "move or delete its devices, images and whatever else it has first"),
  unconfirmed: () =>
    new Problem("unconfirmed", "it has members, tokens or projects that end with it; send ?confirm= and its slug"),
  tooMany: () => new Problem("tooMany", "there are as many as there may be; delete some that are not needed"),
  userUnknown: () => new Problem("userUnknown", "the user was deleted in this moment"),
  organisationUnknown: () => new Problem("organisationUnknown", "the organisation was deleted in this moment"),
  projectUnknown: () => new Problem("projectUnknown", "the project was deleted in this moment"),
  sessionUnknown: () => new Problem("sessionUnknown", "the session has ended in this moment"),
  tokenUnknown: () => new Problem("tokenUnknown", "the token was deleted in this moment"),
  invitationUnknown: () => invitationUnknown(),
  ruleUnknown: () => new Problem("ruleUnknown", "the rule was deleted in this moment"),
  alertUnknown: () => new Problem("alertUnknown", "the alert is not there any more"),
  channelUnknown: () => new Problem("channelUnknown", "a channel that it names is not there; see /api/v1/channels"),
};

/** Throws unless it was done. */
export function demandDone(answer: StoreAnswer): StoreAnswer {
  if (answer.outcome === "done") return answer;
  throw PROBLEMS[answer.outcome]?.() ?? busy();
}

export function invitationUnknown(): Problem {
  return new Problem("invitationUnknown", "it was used, has expired, or never was; ask for a new one");
}
