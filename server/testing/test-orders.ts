/** For tests: a device that listens to what it is told, and answers; and the API that tells it. */
import { CommandKey, DesiredConfigKey, DesiredGraphKey, ResultKey } from "../../runtime/contract/command-messages.ts";
import { HelloKey } from "../../runtime/contract/messages.ts";
import {
  CHANNEL_ACK,
  CHANNEL_COMMAND,
  CHANNEL_CONFIG,
  CHANNEL_GRAPH,
  CHANNEL_RESULT,
} from "../../runtime/contract/topics.ts";
import type { ProductSettings } from "../../runtime/product/setting.ts";
import { decodeCbor, encodeCbor } from "../ingest/cbor-codec.ts";
import type { LintelServer } from "../server-options.ts";
import { inMemory, type TestClient } from "./test-server.ts";

const title = "for tests";

export const LAMP: ProductSettings = {
  name: "lamp",
  settings: {
    level: { key: 3, title, type: "integer", minimum: 0, maximum: 100, unit: "%", default: 50 },
    isOn: { key: 0, title, type: "boolean" },
    names: { key: 7, title, type: "texts", maximum: 32, maxItems: 20 },
  },
};

type Fields = Map<unknown, unknown>;

export class OrderDevice {
  readonly client: TestClient;

  constructor(client: TestClient) {
    this.client = client;
  }

  get configs(): Array<{ version: number; values: Fields }> {
    return this.#told(CHANNEL_CONFIG).map((map) => ({
      version: map.get(DesiredConfigKey.Version) as number,
      values: map.get(DesiredConfigKey.Values) as Fields,
    }));
  }

  get graphs(): Array<{ version: number; bytes: string }> {
    return this.#told(CHANNEL_GRAPH).map((map) => ({
      version: map.get(DesiredGraphKey.Version) as number,
      bytes: Buffer.from(map.get(DesiredGraphKey.Bytes) as Uint8Array).toString("hex"),
    }));
  }

  /** Fields by their names in the contract. */
  get commands(): Array<Record<string, unknown>> {
    return this.#told(CHANNEL_COMMAND).map((map) =>
      Object.fromEntries([...map].map(([key, value]) => [CommandKey[key as number], value])),
    );
  }

  /** Resolves when the server has taken it in and has said what it has to say. */
  async hello(server: LintelServer, more: Array<[HelloKey, unknown]> = []): Promise<void> {
    this.client.hello(1, [[HelloKey.Product, "lamp"], ...more]);
    await server.idle();
  }

  async answer(server: LintelServer, result: Partial<Record<keyof typeof ResultKey, number>>): Promise<void> {
    const fields = Object.entries(result).map(
      ([name, value]) => [ResultKey[name as keyof typeof ResultKey], value] as const,
    );
    this.client.publish(this.client.topic(CHANNEL_RESULT), encodeCbor(new Map(fields)));
    await server.idle();
  }

  #told(channel: string): Fields[] {
    return this.client.messages
      .filter(({ topic }) => topic === this.client.topic(channel))
      .map(({ payload }) => {
        const decoded = decodeCbor(payload);
        if (!decoded.ok) throw new Error(`the server sent ${decoded.fault}`);
        return decoded.value as Fields;
      });
  }
}

export async function startOrderDevice(server: LintelServer, mac: string): Promise<OrderDevice> {
  const client = await inMemory(server, mac).connect();
  for (const channel of [CHANNEL_ACK, CHANNEL_CONFIG, CHANNEL_COMMAND, CHANNEL_GRAPH]) {
    await client.subscribe(client.topic(channel));
  }
  return new OrderDevice(client);
}

export interface Answer {
  status: number;
  /** As the API gave it. */
  body: Record<string, unknown> & { items?: Array<Record<string, unknown>> };
}

/** Below /api/v1/devices; a body that is not bytes goes as JSON. */
export async function callDevices(server: LintelServer, path: string, method = "GET", body?: unknown): Promise<Answer> {
  const isBytes = body instanceof Uint8Array;
  const response = await fetch(`${server.url}/api/v1/devices/${path}`, {
    method,
    ...(body === undefined
      ? {}
      : {
          body: isBytes ? new Uint8Array(body) : JSON.stringify(body),
          headers: { "content-type": isBytes ? "application/octet-stream" : "application/json" },
        }),
  });
  await server.idle();
  return { status: response.status, body: (await response.json()) as Answer["body"] };
}
