/**
 * A server whose whole memory is a value that can be copied: after a power cut the world goes on from the state that the
 * server had at that very flash operation. It speaks MQTT through mqtt-packet, decodes packs and judges them with the real
 * server's own code, and serves images and patches. What it has "stored" is durable; a kill between two of its steps loses
 * only what was on its way.
 */
import { Encoder } from "cbor-x";
import { generate, type Parser, parser } from "mqtt-packet";
import { CommandKey, DesiredConfigKey, ResultKey } from "../../runtime/contract/command-messages.ts";
import { AckKey, HelloKey } from "../../runtime/contract/messages.ts";
import {
  CHANNEL_ACK,
  CHANNEL_CHUNK,
  CHANNEL_COMMAND,
  CHANNEL_CONFIG,
  CHANNEL_DATA,
  CHANNEL_HELLO,
  CHANNEL_OFFER,
  CHANNEL_RESULT,
  CHANNEL_UPDATE,
  TOPIC_PREFIX,
} from "../../runtime/contract/topics.ts";
import { CHUNK_MAX_BYTES, ChunkKey, OfferKey, UpdateKey, UpdateState } from "../../runtime/contract/update-messages.ts";
import { judgePack } from "../../server/ingest/receiver-rule.ts";
import { decodePack } from "../../server/ingest/senml-pack.ts";

const cbor = new Encoder({ useRecords: false, mapsAsObjects: false, variableMapSize: true, tagUint8Array: false });

const CONNACK_ACCEPTED = 0;
/** MQTT 3.1.1 table 3.1: bad user name or password. */
const CONNACK_BAD_CREDENTIALS = 4;

export interface StoredReading {
  epoch: number;
  sequence: number;
  stream: number;
  value: number;
}

export interface Report {
  image: string;
  state: UpdateState;
  failure: number;
}

/** Everything that the server knows, none of it shared with another state. */
export interface ServerState {
  watermarks: Map<number, number>;
  readings: StoredReading[];
  gaps: { epoch: number; from: number; to: number }[];
  /** The greatest sequence that the device can have seen acknowledged, by epoch. */
  acknowledged: Map<number, number>;
  hellos: number;
  /** Of the last hello: image id, slot, configuration version. */
  running: { image: string; slot: number; configVersion: number | undefined; isTrial: boolean } | undefined;
  reports: Report[];
  desired: string | undefined;
  config: { version: number; values: Map<number, unknown> } | undefined;
  configResults: number[];
  command: { id: number; method: string } | undefined;
  commandResults: { id: number; code: number }[];
}

export function freshState(): ServerState {
  return {
    watermarks: new Map(),
    readings: [],
    gaps: [],
    acknowledged: new Map(),
    hellos: 0,
    running: undefined,
    reports: [],
    desired: undefined,
    config: undefined,
    configResults: [],
    command: undefined,
    commandResults: [],
  };
}

export function copyState(state: ServerState): ServerState {
  return {
    ...state,
    watermarks: new Map(state.watermarks),
    readings: state.readings.slice(),
    gaps: state.gaps.slice(),
    acknowledged: new Map(state.acknowledged),
    reports: state.reports.slice(),
    configResults: state.configResults.slice(),
    commandResults: state.commandResults.slice(),
  };
}

/** What the server has in its shelves; the same in every world of a scenario. */
export interface Shelf {
  /** By id, as hexadecimal digits. */
  images: ReadonlyMap<string, Uint8Array>;
  /** By base and target, `<id>:<id>`. */
  patches: ReadonlyMap<string, Uint8Array>;
}

/** The moments at which the process may die. */
export type ServerStep = "received" | "committed" | "acknowledged";

export interface ServerOptions {
  state: ServerState;
  shelf: Shelf;
  unixMs: () => number;
  /** CONNECT of this device is accepted. */
  accepts: () => boolean;
  /** Asked at each step; true kills the process there. */
  killsAt?: (step: ServerStep) => boolean;
  /** A server with a mistake in it: says "stored" before it has stored. */
  acknowledgesFirst?: boolean;
}

export class ModelServer {
  readonly state: ServerState;
  readonly #options: ServerOptions;

  constructor(options: ServerOptions) {
    this.#options = options;
    this.state = options.state;
  }

  /** `send` takes bytes for the device, `close` ends the connection. */
  connect(send: (bytes: Uint8Array) => void, close: () => void): (bytes: Uint8Array) => void {
    const conversation = new Conversation(this.#options, send, close);
    return (bytes) => conversation.take(bytes);
  }
}

class Killed extends Error {}

class Conversation {
  readonly #options: ServerOptions;
  readonly #send: (bytes: Uint8Array) => void;
  readonly #close: () => void;
  readonly #parser: Parser = parser();
  #prefix = "";
  #isOver = false;

  constructor(options: ServerOptions, send: (bytes: Uint8Array) => void, close: () => void) {
    this.#options = options;
    this.#send = send;
    this.#close = close;
    this.#parser.on("error", (error) => {
      throw error;
    });
    this.#parser.on("packet", (packet) => {
      if (this.#isOver) return;
      switch (packet.cmd) {
        case "connect":
          this.#prefix = `${TOPIC_PREFIX}${packet.username}/`;
          this.#greet();
          break;
        case "subscribe": {
          const granted = packet.subscriptions.map(() => 0);
          this.#send(generate({ cmd: "suback", messageId: packet.messageId ?? 1, granted }));
          break;
        }
        case "pingreq":
          this.#send(generate({ cmd: "pingresp" }));
          break;
        case "publish":
          this.#hear(packet.topic.slice(this.#prefix.length), packet.payload as Buffer);
      }
    });
  }

  take(bytes: Uint8Array): void {
    if (this.#isOver) return;
    try {
      this.#parser.parse(Buffer.from(bytes));
    } catch (error) {
      if (!(error instanceof Killed)) throw error;
      this.#end();
    }
  }

  #end(): void {
    this.#isOver = true;
    this.#close();
  }

  #greet(): void {
    const isAccepted = this.#options.accepts();
    const returnCode = isAccepted ? CONNACK_ACCEPTED : CONNACK_BAD_CREDENTIALS;
    this.#send(generate({ cmd: "connack", returnCode, sessionPresent: false }));
    if (!isAccepted) this.#end();
  }

  #hear(channel: string, payload: Uint8Array): void {
    if (channel === CHANNEL_DATA) this.#takePack(payload);
    else if (channel === CHANNEL_HELLO) this.#takeHello(cbor.decode(payload));
    else if (channel === CHANNEL_UPDATE) this.#takeUpdate(cbor.decode(payload));
    else if (channel === CHANNEL_RESULT) this.#takeResult(cbor.decode(payload));
  }

  #step(step: ServerStep): void {
    if (this.#options.killsAt?.(step) === true) throw new Killed();
  }

  #takePack(payload: Uint8Array): void {
    const { state } = this.#options;
    this.#step("received");
    const pack = decodePack(payload, this.#options.unixMs());
    if (typeof pack === "string") throw new Error(`the device sent a pack that is ${pack}`);
    const { epoch, firstSequence, oldestSequence, records } = pack;
    const verdict = judgePack(state.watermarks.get(epoch) ?? 0, firstSequence, records.length, oldestSequence);
    if (this.#options.acknowledgesFirst === true) {
      this.#acknowledge(epoch, verdict.watermark);
      this.#step("acknowledged");
    }
    if (verdict.gap !== null) state.gaps.push({ epoch, ...verdict.gap });
    if (!verdict.isLostInTransit) {
      for (const [index, record] of records.entries()) {
        if (index < verdict.duplicates) continue;
        if (!record.stored) throw new Error(`the device sent a reading that is refused: ${record.reason}`);
        const { stream, value } = record;
        state.readings.push({ epoch, sequence: firstSequence + index, stream, value });
      }
    }
    state.watermarks.set(epoch, verdict.watermark);
    this.#step("committed");
    if (this.#options.acknowledgesFirst === true) return;
    this.#acknowledge(epoch, verdict.watermark);
    this.#step("acknowledged");
  }

  #acknowledge(epoch: number, sequence: number): void {
    const { state, unixMs } = this.#options;
    state.acknowledged.set(epoch, Math.max(sequence, state.acknowledged.get(epoch) ?? 0));
    this.#publish(CHANNEL_ACK, [
      [AckKey.Epoch, epoch],
      [AckKey.Sequence, sequence],
      [AckKey.UnixS, Math.floor(unixMs() / 1000)],
    ]);
  }

  #takeHello(hello: Map<number, unknown>): void {
    const { state } = this.#options;
    const epoch = hello.get(HelloKey.Epoch) as number;
    state.hellos++;
    state.running = {
      image: hexOf(hello.get(HelloKey.Image)),
      slot: hello.get(HelloKey.Slot) as number,
      configVersion: hello.get(HelloKey.ConfigVersion) as number | undefined,
      isTrial: hello.get(HelloKey.Trial) === true,
    };
    this.#acknowledge(epoch, state.watermarks.get(epoch) ?? 0);
    this.#offer();
    if (state.config !== undefined && state.running.configVersion !== state.config.version) this.#sendConfig();
    const { command } = state;
    if (command !== undefined && !state.commandResults.some(({ id }) => id === command.id)) {
      this.#publish(CHANNEL_COMMAND, [
        [CommandKey.Id, command.id],
        [CommandKey.Method, command.method],
      ]);
    }
  }

  #sendConfig(): void {
    const { config, configResults } = this.#options.state;
    // Refused or rolled back: not sent again.
    if (config === undefined || configResults.some((code) => code !== 0 && code !== 6)) return;
    this.#publish(CHANNEL_CONFIG, [
      [DesiredConfigKey.Version, config.version],
      [DesiredConfigKey.Values, config.values],
    ]);
  }

  #offer(): void {
    const { state, shelf } = this.#options;
    const { desired, running } = state;
    if (desired === undefined || running === undefined || running.image === desired) return;
    const isGivenUp = state.reports.some(
      ({ image, state: reported }) =>
        image === desired && (reported === UpdateState.RolledBack || reported === UpdateState.Failed),
    );
    if (isGivenUp) return;
    const image = shelf.images.get(desired);
    const patch = shelf.patches.get(`${running.image}:${desired}`);
    const offer: [number, unknown][] = [
      [OfferKey.Image, Buffer.from(desired, "hex")],
      [OfferKey.SizeBytes, image?.length ?? 0],
    ];
    if (patch !== undefined) {
      offer.push([OfferKey.Base, Buffer.from(running.image, "hex")], [OfferKey.PatchBytes, patch.length]);
    }
    this.#publish(CHANNEL_OFFER, offer);
  }

  #takeUpdate(update: Map<number, unknown>): void {
    const { state, shelf } = this.#options;
    const image = hexOf(update.get(UpdateKey.Image));
    const offset = update.get(UpdateKey.Offset) as number | undefined;
    if (offset === undefined) {
      const failure = (update.get(UpdateKey.Failure) as number | undefined) ?? 0;
      state.reports.push({ image, state: update.get(UpdateKey.State) as UpdateState, failure });
      return;
    }
    const base = update.get(UpdateKey.Base) as Uint8Array | undefined;
    const bytes =
      (base === undefined ? shelf.images.get(image) : shelf.patches.get(`${hexOf(base)}:${image}`)) ??
      new Uint8Array(0);
    const wanted = bytes.subarray(offset, offset + (update.get(UpdateKey.Length) as number));
    let at = 0;
    do {
      const piece = wanted.subarray(at, at + CHUNK_MAX_BYTES);
      const chunk: [number, unknown][] = [
        [ChunkKey.Image, Buffer.from(image, "hex")],
        [ChunkKey.Offset, offset + at],
        [ChunkKey.Bytes, Buffer.from(piece)],
      ];
      if (base !== undefined) chunk.push([ChunkKey.Base, Buffer.from(base)]);
      this.#publish(CHANNEL_CHUNK, chunk);
      at += CHUNK_MAX_BYTES;
    } while (at < wanted.length);
  }

  #takeResult(result: Map<number, unknown>): void {
    const { state } = this.#options;
    const id = result.get(ResultKey.Command) as number | undefined;
    const code = result.get(ResultKey.Code) as number;
    if (id === undefined) state.configResults.push(code);
    else state.commandResults.push({ id, code });
  }

  #publish(channel: string, fields: [number, unknown][]): void {
    const payload = Buffer.from(cbor.encode(new Map(fields)));
    this.#send(generate({ cmd: "publish", topic: this.#prefix + channel, payload, qos: 0, retain: false, dup: false }));
  }
}

function hexOf(bytes: unknown): string {
  return bytes instanceof Uint8Array ? Buffer.from(bytes).toString("hex") : "";
}
