/**
 * A server whose whole memory is a value that can be copied: after a power cut the world goes on from the state that the
 * server had at that very flash operation. It speaks MQTT through mqtt-packet, decodes packs and judges them with the real
 * server's own code, and serves images and patches. What it has "stored" is durable; a kill between two of its steps loses
 * only what was on its way.
 */
import { Encoder } from "cbor-x";
import { generate, type Parser, parser } from "mqtt-packet";
import {
  CommandKey,
  DesiredConfigKey,
  DesiredGraphKey,
  ResultCode,
  ResultKey,
} from "../../runtime/contract/command-messages.ts";
import { AckKey, HelloKey } from "../../runtime/contract/messages.ts";
import {
  CHANNEL_ACK,
  CHANNEL_CHUNK,
  CHANNEL_COMMAND,
  CHANNEL_CONFIG,
  CHANNEL_DATA,
  CHANNEL_GRAPH,
  CHANNEL_HELLO,
  CHANNEL_OFFER,
  CHANNEL_RESULT,
  CHANNEL_UPDATE,
  TOPIC_PREFIX,
} from "../../runtime/contract/topics.ts";
import { CHUNK_MAX_BYTES, ChunkKey, OfferKey, UpdateKey, UpdateState } from "../../runtime/contract/update-messages.ts";
import { judgePack } from "../../server/ingest/receiver-rule.ts";
import { decodePack } from "../../server/ingest/senml-pack.ts";
import { NO_BASE } from "../../server/updates/update-messages.ts";
import { isGivenUp, type ServerState, type Shelf, type Wrong, wrongHello, wrongReport } from "./server-state.ts";

const cbor = new Encoder({ useRecords: false, mapsAsObjects: false, variableMapSize: true, tagUint8Array: false });

const CONNACK_ACCEPTED = 0;
/** MQTT 3.1.1 table 3.1: bad user name or password. */
const CONNACK_BAD_CREDENTIALS = 4;

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
  /** Judges what the device says. */
  watch?: Watch;
}

export interface Watch {
  /** Ids of the images that the device has started. */
  started: ReadonlySet<string>;
  /** Hears of promises that the device has broken. */
  onWrong: (wrong: Wrong) => void;
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
    if (typeof pack === "string") return this.#refuse(`a pack with a wrong ${pack}`);
    const { epoch, firstSequence, oldestSequence, timeErrorS, records } = pack;
    const verdict = judgePack(state.watermarks.get(epoch) ?? 0, firstSequence, records.length, oldestSequence);
    if (this.#options.acknowledgesFirst === true) {
      this.#acknowledge(epoch, verdict.watermark);
      this.#step("acknowledged");
    }
    if (verdict.gap !== null) state.gaps.push({ epoch, ...verdict.gap });
    if (!verdict.isLostInTransit) {
      for (const [index, record] of records.entries()) {
        if (index < verdict.duplicates) continue;
        if (!record.stored) {
          this.#refuse(`a reading with a wrong ${record.reason}`);
          continue;
        }
        const { stored: _, ...reading } = record;
        state.readings.push({ epoch, sequence: firstSequence + index, timeErrorS, ...reading });
      }
    }
    state.watermarks.set(epoch, verdict.watermark);
    this.#step("committed");
    if (this.#options.acknowledgesFirst === true) return;
    this.#acknowledge(epoch, verdict.watermark);
    this.#step("acknowledged");
  }

  #refuse(what: string): void {
    const { watch } = this.#options;
    if (watch === undefined) throw new Error(`The device sent ${what}.`);
    watch.onWrong({ kind: "refused message", what });
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
      graphVersion: hello.get(HelloKey.GraphVersion) as number | undefined,
      isTrial: hello.get(HelloKey.Trial) === true,
    };
    const { watch } = this.#options;
    if (watch !== undefined) judge(wrongHello(state, state.running), watch);
    if (!state.running.isTrial) this.#remember(state.running.image);
    this.#acknowledge(epoch, state.watermarks.get(epoch) ?? 0);
    this.#offer();
    this.#sendConfig();
    this.#sendGraph();
    const { command } = state;
    if (command !== undefined && !state.commandResults.some(({ id }) => id === command.id)) {
      this.#publish(CHANNEL_COMMAND, [
        [CommandKey.Id, command.id],
        [CommandKey.Method, command.method],
        [CommandKey.Argument, command.id],
      ]);
    }
  }

  /** Until there is a result that is final. */
  #sendConfig(): void {
    const { config, configResults } = this.#options.state;
    if (config === undefined || configResults.some((code) => code !== ResultCode.Accepted)) return;
    this.#publish(CHANNEL_CONFIG, [
      [DesiredConfigKey.Version, config.version],
      [DesiredConfigKey.Values, config.values],
    ]);
  }

  #sendGraph(): void {
    const { graph, graphResults } = this.#options.state;
    if (graph === undefined || graphResults.some((code) => code !== ResultCode.Accepted)) return;
    this.#publish(CHANNEL_GRAPH, [
      [DesiredGraphKey.Version, graph.version],
      [DesiredGraphKey.Bytes, Buffer.from(graph.bytes)],
    ]);
  }

  #offer(): void {
    const { state, shelf } = this.#options;
    const { desired, running } = state;
    if (desired === undefined || running === undefined || running.image === desired) return;
    if (isGivenUp(state, desired)) return;
    const image = shelf.images.get(desired);
    const base = [running.image, NO_BASE].find((id) => shelf.patches.has(`${id}:${desired}`));
    const patch = shelf.patches.get(`${base}:${desired}`);
    const offer: [number, unknown][] = [
      [OfferKey.Image, Buffer.from(desired, "hex")],
      [OfferKey.SizeBytes, image?.length ?? 0],
    ];
    if (base !== undefined && patch !== undefined) {
      offer.push([OfferKey.Base, Buffer.from(base, "hex")], [OfferKey.PatchBytes, patch.length]);
    }
    this.#publish(CHANNEL_OFFER, offer);
  }

  #takeUpdate(update: Map<number, unknown>): void {
    const { state, shelf } = this.#options;
    const image = hexOf(update.get(UpdateKey.Image));
    const offset = update.get(UpdateKey.Offset) as number | undefined;
    if (offset === undefined) {
      const failure = (update.get(UpdateKey.Failure) as number | undefined) ?? 0;
      const report = { image, state: update.get(UpdateKey.State) as UpdateState, failure };
      state.reports.push(report);
      const { watch } = this.#options;
      if (watch !== undefined) judge(wrongReport(report, watch.started), watch);
      if (report.state === UpdateState.Confirmed && this.#remember(image)) this.#offer();
      return;
    }
    const base = update.get(UpdateKey.Base) as Uint8Array | undefined;
    const bytes =
      (base === undefined ? wholeImage(shelf, image) : shelf.patches.get(`${hexOf(base)}:${image}`)) ??
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

  /** The image is confirmed; true when another one is wanted now. */
  #remember(image: string): boolean {
    const { state } = this.#options;
    state.confirmedImage = image;
    if (state.next === undefined || image !== state.desired) return false;
    state.desired = state.next;
    state.next = undefined;
    return true;
  }

  #takeResult(result: Map<number, unknown>): void {
    const { state } = this.#options;
    const id = result.get(ResultKey.Command) as number | undefined;
    const code = result.get(ResultKey.Code) as number;
    const graphVersion = result.get(ResultKey.GraphVersion) as number | undefined;
    if (graphVersion !== undefined) {
      state.graphResults.push(code);
      if (code === ResultCode.Done) state.confirmedGraph = graphVersion;
    } else if (id === undefined) {
      state.configResults.push(code);
      if (code === ResultCode.Done) state.confirmedConfig = result.get(ResultKey.ConfigVersion) as number;
    } else state.commandResults.push({ id, code });
  }

  #publish(channel: string, fields: [number, unknown][]): void {
    const payload = Buffer.from(cbor.encode(new Map(fields)));
    this.#send(generate({ cmd: "publish", topic: this.#prefix + channel, payload, qos: 0, retain: false, dup: false }));
  }
}

function judge(wrong: Wrong | undefined, { onWrong }: Watch): void {
  if (wrong !== undefined) onWrong(wrong);
}

function wholeImage({ images, hasPatchesOnly }: Shelf, image: string): Uint8Array | undefined {
  return hasPatchesOnly === true ? undefined : images.get(image);
}

function hexOf(bytes: unknown): string {
  return bytes instanceof Uint8Array ? Buffer.from(bytes).toString("hex") : "";
}
