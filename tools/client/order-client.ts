/** The part of the server's HTTP API that tells devices what to do. */
import type { Setting } from "../../runtime/product/setting.ts";
import type { Send } from "./ways.ts";

/** How far something that a device has one of is. States are the names of the API, as `rolled-back`. */
export interface DesiredStatus {
  product: string | null;
  version: number | null;
  state: string;
  reason: string | null;
  /** Version that the device says it uses. */
  reported: number | null;
}

export interface ConfigStatus extends DesiredStatus {
  /** The setting that the device refused. */
  setting: string | null;
  /** Chosen for this device, and what comes of all levels. */
  settings: Record<string, unknown>;
  resolved: Record<string, { value: unknown; level: string }>;
  conflicts: string[];
  connection: Record<string, unknown>;
  /** Null: the server does not know what the product can be told. */
  schema: Record<string, Setting> | null;
}

export interface GraphStatus extends DesiredStatus {
  sizeBytes: number | null;
}

export interface CommandStatus {
  id: number;
  method: string;
  state: string;
  value: number | null;
  reason: string | null;
}

export interface CommandOrder {
  method: string;
  argument?: number;
  second?: number;
  expiresS?: number;
}

export interface LogLine {
  device: string;
  time: string;
  /** LogLevel of the contract. */
  level: number;
  text: string;
  /** Lines that are missing before it. */
  lost: number;
}

export class OrderClient {
  readonly #send: Send;

  constructor(send: Send) {
    this.#send = send;
  }

  config(mac: string): Promise<ConfigStatus> {
    return this.#call("GET", `${mac}/config`);
  }

  /** Null takes a setting away. */
  changeConfig(mac: string, settings: Record<string, unknown>): Promise<ConfigStatus> {
    return this.#call("PATCH", `${mac}/config`, { settings });
  }

  graph(mac: string): Promise<GraphStatus> {
    return this.#call("GET", `${mac}/graph`);
  }

  async setGraph(mac: string, graph: Uint8Array): Promise<GraphStatus> {
    const body = { type: "application/octet-stream", bytes: Buffer.from(graph) };
    return JSON.parse(await this.#send("PUT", `/api/v1/devices/${mac}/graph`, body));
  }

  addCommand(mac: string, order: CommandOrder): Promise<CommandStatus> {
    return this.#call("POST", `${mac}/commands`, order);
  }

  command(mac: string, id: number): Promise<CommandStatus> {
    return this.#call("GET", `${mac}/commands/${id}`);
  }

  async #call<T>(method: string, path: string, body?: object): Promise<T> {
    const sent = body && { type: "application/json", bytes: Buffer.from(JSON.stringify(body)) };
    return JSON.parse(await this.#send(method, `/api/v1/devices/${path}`, sent)) as T;
  }
}
