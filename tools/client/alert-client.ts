/** The part of the server's HTTP API that is about the health of devices, and who is told of what. */
import { inOrganisation } from "./in-organisation.ts";
import type { Ways } from "./ways.ts";

export interface HealthReason {
  reason: string;
  level: string;
  value: number;
}

export interface DeviceHealth {
  state: string;
  since: string | null;
  reasons: HealthReason[];
}

/** By reason, and `hours`, as the API has them. */
export type Policy = Record<string, unknown>;

export interface HealthPolicy {
  own: Policy;
  effective: Policy;
}

export interface Alert {
  id: number;
  organisation: string;
  name: string;
  device: string | null;
  state: string;
  opened: string;
  closed: string | null;
  acknowledgedBy: string | null;
  detail: Record<string, unknown>;
}

export interface AlertRule {
  id: number;
  organisation: string;
  name: string;
  condition: Record<string, unknown>;
  scope: { project?: number; devices?: string[]; tags?: string[] };
  holdS: number;
  channels: number[];
  enabled: boolean;
}

export interface Channel {
  id: number;
  organisation: string;
  name: string;
  kind: string;
  to: string[] | null;
  url: string | null;
  topic: string | null;
  enabled: boolean;
  disabledWhy: string | null;
}

export class AlertClient {
  readonly #options: Ways;

  constructor(options: Ways) {
    this.#options = options;
  }

  health(mac: string): Promise<DeviceHealth> {
    return this.#json("GET", `/api/v1/devices/${mac}/health?limit=1`);
  }

  /** `owner`: as `devices/024c4e540001`, `templates/1`, `projects/1`, `organisations/home`. */
  policy(owner: string): Promise<HealthPolicy> {
    return this.#json("GET", policyOf(owner));
  }

  /** From its own part to its own part; what is left out is as the level above says. */
  changePolicy(owner: string, change: (own: Policy) => Policy): Promise<HealthPolicy> {
    return this.#options.edit<HealthPolicy>(policyOf(owner), ({ own }) => change(own));
  }

  alerts(filter: Record<string, string>): Promise<Alert[]> {
    return this.#options.all(`/api/v1/alerts?${new URLSearchParams(filter)}`);
  }

  acknowledge(id: number): Promise<Alert> {
    return this.#json("POST", `/api/v1/alerts/${id}/acknowledge`);
  }

  rules(): Promise<AlertRule[]> {
    return this.#options.all("/api/v1/alert-rules");
  }

  addRule(rule: object, organisation?: string): Promise<AlertRule> {
    return this.#json("POST", `/api/v1/alert-rules${inOrganisation(organisation)}`, rule);
  }

  changeRule(id: number, change: object): Promise<AlertRule> {
    return this.#json("PATCH", `/api/v1/alert-rules/${id}`, change);
  }

  async deleteRule(id: number): Promise<void> {
    await this.#options.send("DELETE", `/api/v1/alert-rules/${id}`);
  }

  channels(): Promise<Channel[]> {
    return this.#options.all("/api/v1/channels");
  }

  addChannel(channel: object, organisation?: string): Promise<Channel & { secret: string | null }> {
    return this.#json("POST", `/api/v1/channels${inOrganisation(organisation)}`, channel);
  }

  changeChannel(id: number, change: object): Promise<Channel> {
    return this.#json("PATCH", `/api/v1/channels/${id}`, change);
  }

  testChannel(id: number): Promise<{ delivered: boolean; error: string | null }> {
    return this.#json("POST", `/api/v1/channels/${id}/test`);
  }

  async deleteChannel(id: number): Promise<void> {
    await this.#options.send("DELETE", `/api/v1/channels/${id}`);
  }

  async #json<T>(method: string, path: string, body?: object): Promise<T> {
    const sent = body && { type: "application/json", bytes: Buffer.from(JSON.stringify(body)) };
    return JSON.parse(await this.#options.send(method, path, sent)) as T;
  }
}

function policyOf(owner: string): string {
  return `/api/v1/${owner}/health-policy`;
}
