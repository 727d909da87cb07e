/** Applications at the broker as people name them: a random password, shown once, and what they may hear and say. */
import type { MqttUserRow } from "../store/registration-reader.ts";
import type { StoreAnswer, StoreRequest } from "../updates/store-requests.ts";
import type { TopicGrant } from "./mqtt-user-requests.ts";
import { digestOf, makeSecret } from "./secrets.ts";

export interface MqttUserDeskOptions {
  store: {
    mqttUsers(afterName: string, limit: number, organisations: readonly number[] | null): MqttUserRow[];
    mqttUser(name: string): MqttUserRow | undefined;
  };
  request: (request: StoreRequest) => Promise<StoreAnswer>;
  /** Ends its connections: they were let in with what was. */
  endUser: (name: string) => void;
  nowMs: () => number;
}

export class MqttUserDesk {
  readonly #options: MqttUserDeskOptions;

  constructor(options: MqttUserDeskOptions) {
    this.#options = options;
  }

  users(afterName: string, limit: number, organisations: readonly number[] | null): MqttUserRow[] {
    return this.#options.store.mqttUsers(afterName, limit, organisations);
  }

  user(name: string): MqttUserRow | undefined {
    return this.#options.store.mqttUser(name);
  }

  async add(organisation: number, name: string, grants: TopicGrant[]) {
    const password = makeSecret("mqtt");
    const { request, nowMs } = this.#options;
    const digest = digestOf(password);
    const answer = await request({ kind: "addMqttUser", organisation, name, digest, grants, atMs: nowMs() });
    return { answer, password };
  }

  setGrants(name: string, grants: TopicGrant[]): Promise<StoreAnswer> {
    return this.#change({ kind: "changeMqttUser", name, grants });
  }

  async renewPassword(name: string) {
    const password = makeSecret("mqtt");
    return { answer: await this.#change({ kind: "changeMqttUser", name, digest: digestOf(password) }), password };
  }

  delete(name: string): Promise<StoreAnswer> {
    return this.#change({ kind: "deleteMqttUser", name });
  }

  async #change(request: Extract<StoreRequest, { kind: "changeMqttUser" | "deleteMqttUser" }>): Promise<StoreAnswer> {
    const answer = await this.#options.request(request);
    this.#options.endUser(request.name);
    return answer;
  }
}
