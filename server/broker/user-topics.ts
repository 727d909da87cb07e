/**
 * What an application may say and hear. Its grants are topic filters below `lintel/` (to read) and below the topics of its
 * organisation, `app/<slug>/`. A filter that it subscribes to may be wider: what comes of it is judged message by message, so a
 * wildcard never shows what the grants do not, nor a device of another organisation.
 */
import type { MqttUser, TopicGrant } from "../access/mqtt-user-requests.ts";
import { isMac } from "../mac-address.ts";
import { matchesFilter } from "./topic-filters.ts";
import { DEVICES_ROOT, isSecret } from "./topic-policy.ts";

export type OrganisationOf = (mac: string) => number | null;

const MAC_LEVEL = 2;
const CHANNEL_LEVEL = 3;
/** In place of a device: alerts of an organisation, whose slug comes next. */
const ALERTS_LEVEL = "alerts";

export function mayUserPublish(user: MqttUser, topic: string): boolean {
  return topic.startsWith(ownRoot(user)) && isGranted(user, "write", topic);
}

/** Could anything that it may hear come of this filter? */
export function mayUserSubscribe(user: MqttUser, filter: string): boolean {
  return user.grants.some(({ filter: granted, access }) => access !== "write" && filtersOverlap(filter, granted));
}

export function mayUserHear(user: MqttUser, topic: string, organisationOf: OrganisationOf): boolean {
  if (!isGranted(user, "read", topic)) return false;
  if (topic.startsWith(ownRoot(user))) return true;
  if (!topic.startsWith(DEVICES_ROOT)) return false;
  const levels = topic.split("/");
  const mac = levels[MAC_LEVEL] ?? "";
  if (mac === ALERTS_LEVEL) return levels[CHANNEL_LEVEL] === user.slug;
  return isMac(mac) && !isSecret(levels[CHANNEL_LEVEL] ?? "") && organisationOf(mac) === user.organisation;
}

/** Is there a topic that both filters match? MQTT 3.1.1 section 4.7. */
export function filtersOverlap(one: string, other: string): boolean {
  const left = one.split("/");
  const right = other.split("/");
  for (let i = 0; ; i++) {
    const [a, b] = [left[i], right[i]];
    if (a === "#" || b === "#") return true;
    if (a === undefined || b === undefined) return a === b;
    if (a !== b && a !== "+" && b !== "+") return false;
  }
}

function ownRoot({ slug }: MqttUser): string {
  return `app/${slug}/`;
}

function isGranted(user: MqttUser, access: Exclude<TopicGrant["access"], "both">, topic: string): boolean {
  return user.grants.some(
    (grant) => (grant.access === "both" || grant.access === access) && matchesFilter(grant.filter, topic),
  );
}
