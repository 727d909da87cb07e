/** Where alerts are told at the broker: below the topics of devices, so that what an application is granted there holds (broker/user-topics.ts). */
import { TOPIC_PREFIX } from "../../runtime/contract/topics.ts";

export function alertTopic(slug: string): string {
  return `${TOPIC_PREFIX}alerts/${slug}`;
}
