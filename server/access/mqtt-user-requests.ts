/** Applications at the broker: what they may hear and say, and what the main thread asks of the writer about them. */

export type TopicAccess = "read" | "write" | "both";

export interface TopicGrant {
  /** MQTT 3.1.1 section 4.7; below `lintel/` it is narrowed to the devices of the organisation. */
  filter: string;
  access: TopicAccess;
}

export interface MqttUser {
  id: number;
  organisation: number;
  /** Of the organisation: its own topics are below `app/<slug>/`. */
  slug: string;
  name: string;
  grants: readonly TopicGrant[];
}

export type MqttUserRequest =
  | { kind: "addMqttUser"; organisation: number; name: string; digest: Uint8Array; grants: TopicGrant[]; atMs: number }
  /** What is not given stays. */
  | { kind: "changeMqttUser"; name: string; digest?: Uint8Array; grants?: TopicGrant[] }
  | { kind: "deleteMqttUser"; name: string };
