/**
 * A server whose answers a test decides: it speaks MQTT through mqtt-packet and, unless told otherwise, does what the
 * real server would. It keeps what the device said.
 */
import type { Duplex } from "node:stream";
import { Encoder } from "cbor-x";
import { generate, parser } from "mqtt-packet";
import { AckKey, HelloKey } from "../../runtime/contract/messages.ts";
import { SENML_EPOCH, SENML_OLDEST, SENML_SEQUENCE } from "../../runtime/contract/senml.ts";
import {
  CHANNEL_ACK,
  CHANNEL_DATA,
  CHANNEL_HELLO,
  CHANNEL_RESULT,
  CHANNEL_STATE,
  TOPIC_PREFIX,
} from "../../runtime/contract/topics.ts";

const cbor = new Encoder({ useRecords: false, mapsAsObjects: false, variableMapSize: true });

export interface Pack {
  epoch: number;
  first: number;
  last: number;
  oldest: number;
  records: Array<Map<number | string, unknown>>;
}

export interface AckFields {
  epoch: number;
  sequence: number;
  unixS?: number;
  reconnectDelayMs?: number;
}

export function encodeAck({ epoch, sequence, unixS = 1_700_000_000, reconnectDelayMs }: AckFields): Buffer {
  const fields = new Map([
    [AckKey.Epoch, epoch],
    [AckKey.Sequence, sequence],
    [AckKey.UnixS, unixS],
  ]);
  if (reconnectDelayMs !== undefined) fields.set(AckKey.ReconnectDelayMs, reconnectDelayMs);
  return Buffer.from(cbor.encode(fields));
}

export class ScriptedServer {
  connections = 0;
  readonly hellos: Array<Map<number, unknown>> = [];
  readonly packs: Pack[] = [];
  /** What the device said became of commands and configurations. */
  readonly results: Array<Map<number, unknown>> = [];
  states = 0;
  pings = 0;
  /** Return code of CONNACK. */
  connackCode = 0;
  /** What the subscription to `ack` is granted, and what every other one. */
  granted = 0;
  grantedOthers = 0;
  /** The answer to `hello`; null = none. */
  answerHello: (epoch: number, oldest: number) => AckFields | null = (epoch, oldest) => ({
    epoch,
    sequence: oldest - 1,
  });
  /** The answer to a pack; null = none. */
  answerPack: (pack: Pack) => AckFields | null = ({ epoch, last }) => ({ epoch, sequence: last });
  #stream: Duplex | undefined;
  #topic = "";

  readonly accept = (stream: Duplex): void => {
    this.connections++;
    this.#stream = stream;
    const reader = parser();
    stream.on("error", () => {});
    stream.on("data", (chunk: Buffer) => reader.parse(chunk));
    reader.on("packet", (packet) => {
      switch (packet.cmd) {
        case "connect":
          this.#topic = `${TOPIC_PREFIX}${packet.username}/${CHANNEL_ACK}`;
          stream.write(generate({ cmd: "connack", returnCode: this.connackCode, sessionPresent: false }));
          break;
        case "subscribe":
          stream.write(
            generate({
              cmd: "suback",
              messageId: packet.messageId ?? 1,
              granted: packet.subscriptions.map(({ topic }) =>
                topic.endsWith(`/${CHANNEL_ACK}`) ? this.granted : this.grantedOthers,
              ),
            }),
          );
          break;
        case "pingreq":
          this.pings++;
          stream.write(generate({ cmd: "pingresp" }));
          break;
        case "publish":
          this.#take(packet.topic.split("/").at(-1) ?? "", packet.payload as Buffer);
      }
    });
  };

  /** Closes the present connection. */
  drop(): void {
    this.#stream?.destroy();
  }

  send(ack: AckFields): void {
    this.publish(encodeAck(ack));
  }

  publish(payload: Buffer, topic = this.#topic): void {
    this.#stream?.write(generate({ cmd: "publish", topic, payload, qos: 0, retain: false, dup: false }));
  }

  /** A message to the device on another channel than `ack`. */
  tell(channel: string, fields: ReadonlyMap<number, unknown>): void {
    this.publish(Buffer.from(cbor.encode(fields)), this.#topic.replace(/[^/]*$/, channel));
  }

  #take(channel: string, payload: Buffer): void {
    const message = cbor.decode(payload);
    if (channel === CHANNEL_RESULT) this.results.push(message);
    if (channel === CHANNEL_STATE) this.states++;
    if (channel === CHANNEL_HELLO) {
      this.hellos.push(message);
      this.#reply(this.answerHello(message.get(HelloKey.Epoch), message.get(HelloKey.Oldest)));
    }
    if (channel !== CHANNEL_DATA) return;
    const [base] = message;
    const first: number = base.get(SENML_SEQUENCE);
    const pack: Pack = {
      epoch: base.get(SENML_EPOCH),
      first,
      last: first + message.length - 1,
      oldest: base.get(SENML_OLDEST),
      records: message,
    };
    this.packs.push(pack);
    this.#reply(this.answerPack(pack));
  }

  #reply(ack: AckFields | null): void {
    if (ack !== null) this.send(ack);
  }
}
