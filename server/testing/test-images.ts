/** For tests: images that no device would run (nobody signed them), and a device that speaks of updates. */
import { ImageArch } from "../../runtime/contract/image-header.ts";
import { CHANNEL_ACK, CHANNEL_CHUNK, CHANNEL_OFFER, CHANNEL_UPDATE } from "../../runtime/contract/topics.ts";
import { ChunkKey, OfferKey, UpdateKey, type UpdateState } from "../../runtime/contract/update-messages.ts";
import { encodeImageHeader, type ImageHeader, imageIdText, sha256 } from "../../runtime/image/image-header.ts";
import { decodeCbor, encodeCbor } from "../ingest/cbor-codec.ts";
import type { LintelServer } from "../server-options.ts";
import { makeRandom } from "./mutate.ts";
import { inMemory, type TestClient } from "./test-server.ts";

export interface TestImage {
  id: string;
  bytes: Buffer;
}

/** Bytes that do not compress, the same ones for the same seed. */
export function noise(sizeBytes: number, seed: number): Buffer {
  const random = makeRandom(seed);
  return Buffer.from(Array.from({ length: sizeBytes }, () => Math.floor(random() * 256)));
}

export function testImage(payload: Uint8Array, fields: Partial<ImageHeader> = {}): TestImage {
  const header = encodeImageHeader({
    arch: ImageArch.Lx106,
    abiVersion: 1,
    product: "counter",
    board: 0,
    version: "1.2.0",
    securityCounter: 7,
    payloadBytes: payload.length,
    ramBytes: 4096,
    digest: sha256(payload),
    keyId: new Uint8Array(8),
    signature: new Uint8Array(64),
    ...fields,
  });
  return { id: imageIdText(header), bytes: Buffer.concat([header, payload]) };
}

type At = Pick<LintelServer, "url">;

export function upload(server: At, bytes: Uint8Array, type = "application/octet-stream"): Promise<Response> {
  const body = new Uint8Array(bytes);
  return fetch(`${server.url}/api/v1/images`, { method: "POST", headers: { "content-type": type }, body });
}

export function setDesired(server: At, mac: string, image: string, retry?: boolean): Promise<Response> {
  return fetch(`${server.url}/api/v1/devices/${mac}/desired-image`, {
    method: "PUT",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ image, retry }),
  });
}

export interface TestUpdate {
  desired: string | null;
  retry: boolean;
  givenUp: boolean;
  confirmed: boolean;
  online: boolean;
  running: string | null;
  trial: boolean;
  underWay: string | null;
  offer: { image: string; kind: string; bytes: number } | null;
  image: string | null;
  state: string;
  percent: number | null;
  failure: string | null;
  history: Array<{ atMs: number; state: string; image: string | null; percent: number | null; failure: string | null }>;
}

export async function getUpdate(server: At, mac: string): Promise<TestUpdate> {
  return (await (await fetch(`${server.url}/api/v1/devices/${mac}/update`)).json()) as TestUpdate;
}

export interface TestChunk {
  image: string;
  offset: number;
  bytes: Buffer;
  base: string | undefined;
}

export class UpdateDevice {
  readonly client: TestClient;
  readonly #offers: Array<Record<string, unknown>> = [];
  readonly #chunks: TestChunk[] = [];
  #read = 0;

  constructor(client: TestClient) {
    this.client = client;
  }

  /** Every offer so far, by the names of its keys; ids as text. */
  get offers(): ReadonlyArray<Record<string, unknown>> {
    this.#hear();
    return this.#offers;
  }

  get chunks(): readonly TestChunk[] {
    this.#hear();
    return this.#chunks;
  }

  say(entries: Array<[unknown, unknown]>): void {
    this.client.publish(this.client.topic(CHANNEL_UPDATE), encodeCbor(new Map(entries)));
  }

  report(state: UpdateState, image: string, more: Array<[UpdateKey, number]> = []): void {
    this.say([[UpdateKey.State, state], [UpdateKey.Image, Buffer.from(image, "hex")], ...more]);
  }

  ask(image: string, offset: number, lengthBytes: number, base?: string): void {
    const entries: Array<[unknown, unknown]> = [
      [UpdateKey.Image, Buffer.from(image, "hex")],
      [UpdateKey.Offset, offset],
      [UpdateKey.Length, lengthBytes],
    ];
    if (base !== undefined) entries.push([UpdateKey.Base, Buffer.from(base, "hex")]);
    this.say(entries);
  }

  /** Asks again for what does not come, as a device does; `isLost` drops chunks by their place among all of them. */
  async download(image: string, sizeBytes: number, base?: string, isLost = (_n: number) => false): Promise<Buffer> {
    const result = Buffer.alloc(sizeBytes);
    let taken = this.chunks.length;
    for (let done = 0; done < sizeBytes; ) {
      const wanted = Math.min(4096, sizeBytes - done);
      this.ask(image, done, wanted, base);
      await this.client.ping();
      // What many ask for at once waits for the next turn of the event loop.
      await new Promise((resolve) => setImmediate(resolve));
      for (; taken < this.chunks.length; taken++) {
        const chunk = this.chunks[taken];
        if (chunk === undefined || isLost(taken) || chunk.offset !== done) continue;
        chunk.bytes.copy(result, done);
        done += chunk.bytes.length;
      }
    }
    return result;
  }

  #hear(): void {
    const { client } = this;
    for (; this.#read < client.messages.length; this.#read++) {
      const message = client.messages[this.#read];
      if (message === undefined) break;
      const decoded = decodeCbor(message.payload);
      if (!decoded.ok) throw new Error(`the server sent ${decoded.fault}`);
      const map = decoded.value as Map<unknown, unknown>;
      if (message.topic === client.topic(CHANNEL_OFFER)) this.#offers.push(named(map, OfferKey));
      if (message.topic === client.topic(CHANNEL_CHUNK)) this.#chunks.push(readChunk(map));
    }
  }
}

function readChunk(map: Map<unknown, unknown>): TestChunk {
  return {
    image: text(map.get(ChunkKey.Image)),
    offset: Number(map.get(ChunkKey.Offset)),
    bytes: Buffer.from(map.get(ChunkKey.Bytes) as Uint8Array),
    base: map.has(ChunkKey.Base) ? text(map.get(ChunkKey.Base)) : undefined,
  };
}

/** Connected, and listening to everything that the server tells a device. */
export async function startUpdateDevice(server: LintelServer, mac: string): Promise<UpdateDevice> {
  const client = await inMemory(server, mac).connect();
  for (const channel of [CHANNEL_ACK, CHANNEL_OFFER, CHANNEL_CHUNK]) await client.subscribe(client.topic(channel));
  return new UpdateDevice(client);
}

function named(map: Map<unknown, unknown>, names: Record<number, string>): Record<string, unknown> {
  const entries = [...map].map(([key, value]) => [
    names[key as number] ?? String(key),
    value instanceof Uint8Array ? text(value) : value,
  ]);
  return Object.fromEntries(entries) as Record<string, unknown>;
}

function text(id: unknown): string {
  return Buffer.from(id as Uint8Array).toString("hex");
}
