/** The part of the server's HTTP API that is about which boards and applications are let in. */
import { inOrganisation } from "./in-organisation.ts";
import type { Send } from "./ways.ts";

/** Boards of one request; the server's maximum. */
const PUT_MAX = 1000;

export interface NewDevice {
  mac: string;
  name?: string;
  project?: string;
  secret?: string;
}

export interface CreatedDevice {
  mac: string;
  slug: string;
  created: boolean;
  claimCode: string | null;
  /** Of a replacement: why it does not take the settings of the board before. */
  conflicts?: string[];
}

export interface ImportLine {
  line: number;
  mac: string | null;
  created: boolean;
  done: "created" | "updated" | "unchanged" | null;
  claimCode: string | null;
  code: string | null;
  detail: string | null;
}

export interface ImportReport {
  created: number;
  updated: number;
  unchanged: number;
  failed: number;
  lines: ImportLine[];
}

export interface Stranger {
  mac: string;
  credential: string;
  address: string | null;
  first: string;
  last: string;
  times: number;
}

export interface MqttUser {
  name: string;
  organisation: string;
  grants: Array<{ filter: string; access: string }>;
  created: string;
}

export class RegistrationClient {
  readonly #send: Send;

  constructor(send: Send) {
    this.#send = send;
  }

  create(device: NewDevice, organisation?: string): Promise<CreatedDevice> {
    return this.#json("POST", `/api/v1/devices${inOrganisation(organisation)}`, device);
  }

  /** In as many requests as it takes. */
  async createAll(devices: readonly NewDevice[], organisation?: string): Promise<ImportReport> {
    const report: ImportReport = { created: 0, updated: 0, unchanged: 0, failed: 0, lines: [] };
    for (let at = 0; at < devices.length; at += PUT_MAX) {
      const part = await this.#json<ImportReport>(
        "POST",
        `/api/v1/devices${inOrganisation(organisation)}`,
        devices.slice(at, at + PUT_MAX),
      );
      report.created += part.created;
      report.updated += part.updated;
      report.unchanged += part.unchanged;
      report.failed += part.failed;
      report.lines.push(...part.lines.map((line) => ({ ...line, line: line.line + at })));
    }
    return report;
  }

  async importCsv(table: Buffer<ArrayBuffer>, organisation?: string): Promise<ImportReport> {
    const path = `/api/v1/devices${inOrganisation(organisation)}`;
    return JSON.parse(await this.#send("POST", path, { type: "text/csv", bytes: table })) as ImportReport;
  }

  change(mac: string, change: { name?: string | null; project?: string }, organisation?: string): Promise<object> {
    return this.#json("PATCH", `/api/v1/devices/${mac}${inOrganisation(organisation)}`, change);
  }

  order(mac: string, what: "approve" | "revoke" | "rotate"): Promise<object> {
    return this.#json("POST", `/api/v1/devices/${mac}/${what}`);
  }

  replace(mac: string, by: string, takeOver: boolean): Promise<CreatedDevice> {
    return this.#json("POST", `/api/v1/devices/${mac}/replace`, { by, takeOver });
  }

  async delete(mac: string): Promise<void> {
    await this.#send("DELETE", `/api/v1/devices/${mac}`);
  }

  async strangers(): Promise<Stranger[]> {
    return (await this.#json<{ items: Stranger[] }>("GET", "/api/v1/strangers")).items;
  }

  admit(mac: string, choice: { project?: string; credential?: string }, organisation?: string): Promise<CreatedDevice> {
    return this.#json("POST", `/api/v1/strangers/${mac}/approve${inOrganisation(organisation)}`, choice);
  }

  async mqttUsers(): Promise<MqttUser[]> {
    return (await this.#json<{ items: MqttUser[] }>("GET", "/api/v1/mqtt-users?limit=1000")).items;
  }

  addMqttUser(name: string, grants: MqttUser["grants"] | undefined, organisation?: string) {
    const body = grants === undefined ? { name } : { name, grants };
    const path = `/api/v1/mqtt-users${inOrganisation(organisation)}`;
    return this.#json<MqttUser & { password: string }>("POST", path, body);
  }

  renewMqttPassword(name: string): Promise<MqttUser & { password: string }> {
    return this.#json("POST", `/api/v1/mqtt-users/${name}/password`);
  }

  async deleteMqttUser(name: string): Promise<void> {
    await this.#send("DELETE", `/api/v1/mqtt-users/${name}`);
  }

  async #json<T>(method: string, path: string, body?: object): Promise<T> {
    const sent = body && { type: "application/json", bytes: Buffer.from(JSON.stringify(body)) };
    return JSON.parse(await this.#send(method, path, sent)) as T;
  }
}
