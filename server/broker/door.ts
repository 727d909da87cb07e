/**
 * Who connects: a device by its MAC address and secret, an application by its name and password, or, where nobody is asked, an
 * observer. Client ids are put below who it is, so that nobody ends the connection of another by taking its id ([MQTT-3.1.4-2]).
 */
import { timingSafeEqual } from "node:crypto";
import type { DeviceGate } from "../access/device-gate.ts";
import type { MqttUser } from "../access/mqtt-user-requests.ts";
import { digestOf } from "../access/secrets.ts";
import type { Who } from "./session.ts";
import { topicsOfUser } from "./topic-policy.ts";

/** Return codes of CONNACK, MQTT 3.1.1 table 3.1. */
export enum ConnackCode {
  IdentifierRejected = 2,
  BadUserNameOrPassword = 4,
  NotAuthorized = 5,
}

export interface DoorOptions {
  gate: DeviceGate;
  mqttUser: (name: string) => (MqttUser & { digest: Uint8Array }) | undefined;
  /** False: whoever is no device may watch. */
  isLoginRequired: boolean;
}

export type Entry = { who: Who; id: string } | { reason: string; code: ConnackCode };

const NO_PASSWORD: Uint8Array = new Uint8Array(0);

export class Door {
  readonly #options: DoorOptions;

  constructor(options: DoorOptions) {
    this.#options = options;
  }

  /** `clientId`: as the client gave it, or as the broker made it up. */
  judge(clientId: string, username: string | undefined, password = NO_PASSWORD, address: string | null = null): Entry {
    const topics = topicsOfUser(username);
    if (topics !== null && username !== undefined) {
      const verdict = this.#options.gate.judge(username, password, address);
      if (verdict.refusal !== null) return { reason: verdict.refusal, code: codeOf(verdict.refusal) };
      const { standing, register } = verdict;
      return { who: { kind: "device", topics, standing, register }, id: username };
    }
    const user = username === undefined ? undefined : this.#options.mqttUser(username);
    if (user !== undefined && timingSafeEqual(digestOf(password), user.digest)) {
      return { who: { kind: "user", user }, id: `${user.name}/${clientId}` };
    }
    const reason = user === undefined ? "userUnknown" : "passwordWrong";
    if (this.#options.isLoginRequired) return { reason, code: ConnackCode.BadUserNameOrPassword };
    return { who: { kind: "observer" }, id: `/${clientId}` };
  }
}

function codeOf(refusal: string): ConnackCode {
  const isSecretInDoubt = refusal === "deviceUnknown" || refusal === "secretWrong";
  return isSecretInDoubt ? ConnackCode.BadUserNameOrPassword : ConnackCode.NotAuthorized;
}
