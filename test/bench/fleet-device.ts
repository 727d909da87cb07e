/**
 * A device of the fleet bench: the protocol of the real ones (runtime/device/session) in a few hundred bytes of state. One pack
 * is under way at a time and sent again until it is acknowledged; back-off and its random half are theirs; an image that is
 * offered is fetched sector by sector, started after a new connection, and confirmed when the server has answered.
 */
import { connect, type Socket } from "node:net";
import { decode, Encoder } from "cbor-x";
import { generate, type Packet, parser } from "mqtt-packet";
import { ACK_TIMEOUT_MS, RECONNECT_MAX_MS, RECONNECT_MIN_MS } from "../../runtime/contract/limits.ts";
import { AckKey, HelloKey, StateKey } from "../../runtime/contract/messages.ts";
import { CHANNEL_HELLO, CHANNEL_STATE, CHANNEL_UPDATE } from "../../runtime/contract/topics.ts";
import {
  ChunkKey,
  OfferKey,
  UPDATE_REQUEST_MAX_BYTES,
  UpdateKey,
  UpdateState,
} from "../../runtime/contract/update-messages.ts";
import { PackTemplate, topicOf } from "./ingest-packs.ts";

const encoder = new Encoder({ mapsAsObjects: false });
const KEEP_ALIVE_S = 60;
const CONNECT_MAX_MS = 10_000;
/** A real board takes a second to restart. */
const RESTART_MS = 1000;

export interface FleetDeviceOptions {
  mac: string;
  port: number;
  product: string;
  epoch: number;
  packReadings: number;
  /** Once for each pack: from its last sending, and from when it was made, to its acknowledgement. */
  onAck: (answerMs: number, delayMs: number) => void;
  onConfirmed: () => void;
}

interface Download {
  image: Buffer;
  base: Buffer | undefined;
  sizeBytes: number;
  gotBytes: number;
  askedTo: number;
}

export class FleetDevice {
  /** Packs that were made, and those that the server has. */
  made = 0;
  acknowledged = 0;
  isWelcome = false;
  image: Buffer | undefined;
  readonly #options: FleetDeviceOptions;
  readonly #template: PackTemplate;
  readonly #madeAtMs: number[] = [];
  #socket: Socket | undefined;
  #sentAtMs = 0;
  #isUnderWay = false;
  #resend: NodeJS.Timeout | undefined;
  #waitMs = RECONNECT_MIN_MS;
  #askedWaitMs = 0;
  #isTrial = false;
  #download: Download | undefined;
  #isStopped = false;

  constructor(options: FleetDeviceOptions) {
    this.#options = options;
    this.#template = new PackTemplate(options.mac, options.epoch, options.packReadings);
  }

  connect(): void {
    if (this.#isStopped) return;
    const { mac, port } = this.#options;
    const socket = connect({ host: "127.0.0.1", port, noDelay: true });
    this.#socket = socket;
    const incoming = parser();
    const tooLong = setTimeout(() => socket.destroy(), CONNECT_MAX_MS);
    socket.on("data", (bytes: Buffer) => incoming.parse(bytes));
    socket.on("error", () => {});
    socket.on("close", () => {
      clearTimeout(tooLong);
      this.#onClose();
    });
    incoming.on("error", () => socket.destroy());
    incoming.on("packet", (packet) => {
      if (packet.cmd === "connack") clearTimeout(tooLong);
      this.#onPacket(packet);
    });
    const will = { topic: topicOf(mac, CHANNEL_STATE), payload: this.#state(false), qos: 0 as const, retain: true };
    const hello = { cmd: "connect", protocolId: "MQTT", protocolVersion: 4, clean: true, will } as const;
    this.#write({ ...hello, clientId: mac, username: mac, password: Buffer.from("-"), keepalive: KEEP_ALIVE_S });
  }

  /** A pack of readings is there. */
  make(nowMs: number): void {
    this.made++;
    this.#madeAtMs.push(nowMs);
    this.#sendPack();
  }

  ping(): void {
    if (this.isWelcome) this.#write({ cmd: "pingreq" });
  }

  stop(): void {
    this.#isStopped = true;
    clearTimeout(this.#resend);
    this.#socket?.destroy();
  }

  #onPacket(packet: Packet): void {
    if (packet.cmd === "connack") {
      if (packet.returnCode !== 0) this.#socket?.destroy();
      else this.#subscribe();
    } else if (packet.cmd === "suback") this.#sayHello();
    else if (packet.cmd === "publish") this.#hear(packet.topic, packet.payload as Buffer);
  }

  #subscribe(): void {
    this.#write({
      cmd: "subscribe",
      messageId: 1,
      subscriptions: [{ topic: topicOf(this.#options.mac, "#"), qos: 0 }],
    });
  }

  #sayHello(): void {
    const { product, epoch, packReadings } = this.#options;
    const hello = new Map<number, unknown>([
      [HelloKey.Product, product],
      [HelloKey.Version, this.image === undefined ? "1.0.0" : "1.2.0"],
      [HelloKey.Epoch, epoch],
      [HelloKey.Oldest, this.acknowledged * packReadings + 1],
    ]);
    if (this.image !== undefined) hello.set(HelloKey.Image, this.image);
    if (this.#isTrial) hello.set(HelloKey.Trial, true);
    this.#publish(CHANNEL_HELLO, encoder.encode(hello));
    this.#publish(CHANNEL_STATE, this.#state(true), true);
  }

  #state(isOnline: boolean): Buffer {
    const entries: Array<[number, unknown]> = [[StateKey.Online, isOnline]];
    if (isOnline) entries.push([StateKey.RssiDbm, -60], [StateKey.FreeBytes, 4000], [StateKey.UptimeS, 60]);
    return encoder.encode(new Map(entries));
  }

  #hear(topic: string, payload: Buffer): void {
    const channel = topic.slice(topic.lastIndexOf("/") + 1);
    if (channel === "ack") this.#takeAck(decode(payload) as Record<number, number>);
    else if (channel === "offer") this.#takeOffer(decode(payload) as Record<number, unknown>);
    else if (channel === "chunk") this.#takeChunk(decode(payload) as Record<number, unknown>);
  }

  #takeAck(ack: Record<number, number>): void {
    this.#askedWaitMs = ack[AckKey.ReconnectDelayMs] ?? 0;
    if (ack[AckKey.Epoch] !== this.#options.epoch) return;
    if (!this.isWelcome) {
      this.isWelcome = true;
      this.#waitMs = RECONNECT_MIN_MS;
      this.#confirm();
    }
    const packs = Math.floor((ack[AckKey.Sequence] ?? 0) / this.#options.packReadings);
    const nowMs = performance.now();
    while (this.acknowledged < packs) {
      this.acknowledged++;
      this.#isUnderWay = false;
      clearTimeout(this.#resend);
      this.#options.onAck(nowMs - this.#sentAtMs, nowMs - (this.#madeAtMs.shift() ?? nowMs));
    }
    this.#sendPack();
  }

  #sendPack(): void {
    if (!this.isWelcome || this.#isUnderWay || this.acknowledged === this.made) return;
    const { packReadings } = this.#options;
    const first = this.acknowledged * packReadings + 1;
    this.#template.patch(first, first, Math.floor(Date.now() / 1000) - packReadings);
    this.#isUnderWay = true;
    this.#sentAtMs = performance.now();
    this.#socket?.write(Buffer.from(this.#template.packet));
    this.#resend = setTimeout(() => {
      this.#isUnderWay = false;
      this.#sendPack();
    }, ACK_TIMEOUT_MS);
  }

  #takeOffer(offer: Record<number, unknown>): void {
    const image = offer[OfferKey.Image] as Buffer;
    if (this.image !== undefined && Buffer.compare(image, this.image) === 0) return;
    const base = offer[OfferKey.Base] as Buffer | undefined;
    const sizeBytes = Number(offer[base === undefined ? OfferKey.SizeBytes : OfferKey.PatchBytes]);
    this.#download = { image, base, sizeBytes, gotBytes: 0, askedTo: 0 };
    this.#report(UpdateState.Downloading, [[UpdateKey.Percent, 0]]);
    this.#askChunk(this.#download);
  }

  #askChunk(download: Download): void {
    const length = Math.min(UPDATE_REQUEST_MAX_BYTES, download.sizeBytes - download.gotBytes);
    download.askedTo = download.gotBytes + length;
    const entries: Array<[number, unknown]> = [
      [UpdateKey.Image, download.image],
      [UpdateKey.Offset, download.gotBytes],
      [UpdateKey.Length, length],
    ];
    if (download.base !== undefined) entries.push([UpdateKey.Base, download.base]);
    this.#publish(CHANNEL_UPDATE, encoder.encode(new Map(entries)));
  }

  #takeChunk(chunk: Record<number, unknown>): void {
    const download = this.#download;
    if (download === undefined || chunk[ChunkKey.Offset] !== download.gotBytes) return;
    download.gotBytes += (chunk[ChunkKey.Bytes] as Buffer).length;
    if (download.gotBytes < download.askedTo) return;
    if (download.gotBytes < download.sizeBytes) {
      this.#askChunk(download);
      return;
    }
    for (const state of [UpdateState.Downloaded, UpdateState.Verified, UpdateState.Restarting]) this.#report(state);
    this.image = download.image;
    this.#isTrial = true;
    this.#download = undefined;
    this.#socket?.end();
    this.#waitMs = RESTART_MS;
  }

  #confirm(): void {
    if (!this.#isTrial) return;
    this.#isTrial = false;
    this.#report(UpdateState.Confirmed);
    this.#options.onConfirmed();
  }

  #report(state: UpdateState, more: Array<[UpdateKey, unknown]> = []): void {
    const image = this.#download?.image ?? this.image;
    this.#publish(
      CHANNEL_UPDATE,
      encoder.encode(new Map<number, unknown>([[UpdateKey.State, state], [UpdateKey.Image, image], ...more])),
    );
  }

  #publish(channel: string, payload: Buffer, retain = false): void {
    this.#write({ cmd: "publish", topic: topicOf(this.#options.mac, channel), payload, qos: 0, dup: false, retain });
  }

  #write(packet: Packet): void {
    if (this.#socket?.destroyed === false) this.#socket.write(generate(packet));
  }

  /** As runtime/device/session/backoff.ts waits. */
  #onClose(): void {
    clearTimeout(this.#resend);
    this.isWelcome = false;
    this.#isUnderWay = false;
    this.#download = undefined;
    const waitMs =
      this.#waitMs / 2 + Math.random() * (this.#waitMs / 2 + Math.min(this.#askedWaitMs, RECONNECT_MAX_MS));
    this.#waitMs = Math.min(this.#waitMs * 2, RECONNECT_MAX_MS);
    this.#askedWaitMs = 0;
    if (!this.#isStopped) setTimeout(() => this.connect(), waitMs);
  }
}
