/** The part of the server's HTTP API that releases images and rolls them out. */
import type { Send } from "./ways.ts";

export interface ReleaseStatus {
  id: number;
  organisation: string;
  version: string;
  notes: string;
  /** Names of the API, as `withdrawn`. */
  state: string;
  created: string;
  images: Array<{ id: string; product: string; version: string; arch: string; board: number }>;
}

export interface RolloutStatus {
  id: number;
  release: number;
  version: string;
  name: string;
  state: string;
  reason: string | null;
  /** That is open, from 1; 0: none yet. */
  group: number;
  madeBy: string;
  approvedBy: string | null;
  started: string | null;
  since: string;
  touched: number;
  /** By state. */
  devices: Record<string, number>;
  groups: Array<{ devices: Record<string, number>; bad: number }>;
  plan: object;
}

export interface RolloutDeviceStatus {
  device: string;
  group: number;
  state: string;
  bad: boolean;
  reason: string | null;
  beforeVersion: string | null;
  online: boolean;
  since: string;
}

export interface DryRun {
  fitting: number;
  /** Devices in each group. */
  groups: number[];
  devices: Array<{
    device: string;
    image: string | null;
    reason: string | null;
    /** A roll-back would bring it back. */
    returns: boolean | null;
  }>;
}

export interface TrustedKey {
  keyId: string;
  name: string;
  since: string;
}

export interface NewRelease {
  version: string;
  notes: string;
  images: string[];
  draft: boolean;
}

interface Page<T> {
  items: T[];
  next: string | null;
}

/** Rows of one page; the server's maximum. */
const PAGE_ROWS = 1000;

export class RolloutClient {
  readonly #send: Send;

  constructor(send: Send) {
    this.#send = send;
  }

  async keys(organisation?: string): Promise<TrustedKey[]> {
    return (await this.#call<{ items: TrustedKey[] }>("GET", `release-keys${query({ organisation })}`)).items;
  }

  trust(pem: string, name: string, organisation?: string): Promise<TrustedKey> {
    return this.#call("POST", `release-keys${query({ organisation })}`, { pem, name });
  }

  async distrust(keyId: string, organisation?: string): Promise<void> {
    await this.#send("DELETE", `/api/v1/release-keys/${keyId}${query({ organisation })}`);
  }

  /** Must somebody else approve of rollouts? */
  setApproval(needsApproval: boolean, organisation?: string): Promise<{ needsApproval: boolean }> {
    return this.#call("PUT", `rollout-policy${query({ organisation })}`, { needsApproval });
  }

  addRelease(release: NewRelease, organisation?: string): Promise<ReleaseStatus> {
    return this.#call("POST", `releases${query({ organisation })}`, release);
  }

  releases(): Promise<ReleaseStatus[]> {
    return this.#all("releases");
  }

  release(id: number): Promise<ReleaseStatus> {
    return this.#call("GET", `releases/${id}`);
  }

  changeRelease(id: number, change: "publish" | "withdraw"): Promise<ReleaseStatus> {
    return this.#call("POST", `releases/${id}/${change}`);
  }

  addRollout(plan: object): Promise<RolloutStatus> {
    return this.#call("POST", "rollouts", plan);
  }

  dryRun(plan: object): Promise<DryRun> {
    return this.#call("POST", "rollouts/dry-run", plan);
  }

  /** Of a draft. */
  async deleteRollout(id: number): Promise<void> {
    await this.#send("DELETE", `/api/v1/rollouts/${id}`);
  }

  rollouts(): Promise<RolloutStatus[]> {
    return this.#all("rollouts");
  }

  rollout(id: number): Promise<RolloutStatus> {
    return this.#call("GET", `rollouts/${id}`);
  }

  devices(id: number, state?: string): Promise<RolloutDeviceStatus[]> {
    return this.#all(`rollouts/${id}/devices`, { state });
  }

  /** `change` as the route is called, as `roll-back`. */
  changeRollout(id: number, change: string): Promise<RolloutStatus> {
    return this.#call("POST", `rollouts/${id}/${change}`);
  }

  async #all<T>(path: string, filter: Record<string, string | undefined> = {}): Promise<T[]> {
    const items: T[] = [];
    let cursor: string | undefined;
    do {
      const page: Page<T> = await this.#call("GET", path + query({ ...filter, limit: String(PAGE_ROWS), cursor }));
      items.push(...page.items);
      cursor = page.next ?? undefined;
    } while (cursor !== undefined);
    return items;
  }

  async #call<T>(method: string, path: string, body?: object): Promise<T> {
    const sent = body && { type: "application/json", bytes: Buffer.from(JSON.stringify(body)) };
    return JSON.parse(await this.#send(method, `/api/v1/${path}`, sent)) as T;
  }
}

function query(values: Record<string, string | undefined>): string {
  const given = Object.entries(values).filter((entry): entry is [string, string] => entry[1] !== undefined);
  return given.length === 0 ? "" : `?${new URLSearchParams(given)}`;
}
