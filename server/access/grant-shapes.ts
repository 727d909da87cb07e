/** Topics that are granted to MQTT users, as the API takes them and as they are kept. */
import * as Type from "typebox/type";
import { MQTT_TOPIC_LEVELS_MAX, TOPIC_GRANTS_MAX } from "../limits.ts";
import { strict } from "../shapes.ts";
import type { TopicGrant } from "./mqtt-user-requests.ts";

export const MqttUserName = Type.String({
  pattern: "^[a-z][a-z0-9-]{1,62}$",
  description: "lowercase letters, digits and hyphens",
});

export const Grants = Type.Array(
  Type.Object(
    {
      filter: Type.String({ minLength: 1, maxLength: 200, description: "topic filter, MQTT 3.1.1 section 4.7" }),
      access: Type.Enum(["read", "write", "both"]),
    },
    strict,
  ),
  { maxItems: TOPIC_GRANTS_MAX, description: "below lintel/1/ (read) or app/<slug of the organisation>/" },
);

const DEVICES = "lintel/1/";

/** What applications of an organisation have when nothing is said. */
export function usualGrants(slug: string): TopicGrant[] {
  return [
    { filter: `${DEVICES}+/#`, access: "read" },
    { filter: `app/${slug}/#`, access: "both" },
  ];
}

/** Undefined: it may be granted in the organisation of this slug. Else the end of a sentence. */
export function grantFault({ filter, access }: TopicGrant, slug: string): string | undefined {
  const own = `app/${slug}/`;
  if (!isFilter(filter)) return "is no topic filter (MQTT 3.1.1 section 4.7)";
  if (filter.startsWith(own)) return undefined;
  if (!filter.startsWith(DEVICES)) return `begins neither with ${DEVICES} nor with ${own}`;
  return access === "read" ? undefined : "can be read alone: devices are told what to do through the API";
}

/** [MQTT-4.7.1-2], [MQTT-4.7.1-3], [MQTT-4.7.3-2]. */
function isFilter(filter: string): boolean {
  const levels = filter.split("/");
  const isWildcardAlone = levels.every((level) => level === "+" || level === "#" || !/[+#]/.test(level));
  const isHashLast = levels.slice(0, -1).every((level) => level !== "#");
  return isWildcardAlone && isHashLast && levels.length <= MQTT_TOPIC_LEVELS_MAX && !filter.includes("\0");
}
