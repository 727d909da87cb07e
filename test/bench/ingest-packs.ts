/**
 * Packs as a device sends them, made once and patched: the load must cost little, since it shares the machine with what
 * it measures. Numbers that change are 32 bits wide on the wire, so that every pack has the same length.
 */
import { generate } from "mqtt-packet";
import { SENML_EPOCH, SENML_OLDEST, SENML_SEQUENCE, SenmlLabel } from "../../runtime/contract/senml.ts";
import { STREAM_TOTAL_IN, STREAM_VISITORS_IN } from "../../runtime/contract/stream-ids.ts";
import { CHANNEL_DATA, MAC_HEX_LENGTH, TOPIC_PREFIX } from "../../runtime/contract/topics.ts";

/** The first of the addresses that the load uses. */
const FIRST_MAC = 0x5ccf7f000000;
/** Something that needs four bytes and shows where it is: patched before a pack is sent. */
const MARK_EPOCH = 0xeeeeeee1;
const MARK_SEQUENCE = 0xeeeeeee2;
const MARK_OLDEST = 0xeeeeeee3;
const MARK_TIME = 0xeeeeeee4;

export function macOf(device: number): string {
  return (FIRST_MAC + device).toString(16).padStart(MAC_HEX_LENGTH, "0");
}

export function topicOf(mac: string, channel: string): string {
  return `${TOPIC_PREFIX}${mac}/${channel}`;
}

/** One PUBLISH of a pack, at most 23 readings; `patch` makes it the next one. */
export class PackTemplate {
  readonly packet: Buffer;
  readonly #sequenceAt: number;
  readonly #oldestAt: number;
  readonly #timeAt: number;

  constructor(mac: string, epoch: number, readings: number) {
    const payload = encodePack(readings);
    this.packet = Buffer.from(
      generate({ cmd: "publish", topic: topicOf(mac, CHANNEL_DATA), payload, qos: 0, dup: false, retain: false }),
    );
    this.packet.writeUInt32BE(epoch, find(this.packet, MARK_EPOCH));
    this.#sequenceAt = find(this.packet, MARK_SEQUENCE);
    this.#oldestAt = find(this.packet, MARK_OLDEST);
    this.#timeAt = find(this.packet, MARK_TIME);
  }

  patch(sequence: number, oldest: number, timeS: number): void {
    this.packet.writeUInt32BE(sequence, this.#sequenceAt);
    this.packet.writeUInt32BE(oldest, this.#oldestAt);
    this.packet.writeUInt32BE(timeS, this.#timeAt);
  }
}

function encodePack(readings: number): Buffer {
  const bytes: number[] = [0x80 | readings];
  const visitors = STREAM_VISITORS_IN.toString(16);
  const total = STREAM_TOTAL_IN.toString(16);
  for (let i = 0; i < readings; i++) {
    if (i === 0) {
      bytes.push(0xa7, 0x20 | (-1 - SenmlLabel.BaseTime), 0x1a, ...wide(MARK_TIME));
      for (const [label, mark] of [
        [SENML_EPOCH, MARK_EPOCH],
        [SENML_SEQUENCE, MARK_SEQUENCE],
        [SENML_OLDEST, MARK_OLDEST],
      ] as const) {
        bytes.push(...text(label), 0x1a, ...wide(mark));
      }
    } else {
      bytes.push(0xa3);
    }
    const value = i % 2 === 0 ? [i] : [0x19, 0x03, 0xe8 - i];
    bytes.push(
      SenmlLabel.Name,
      ...text(i % 2 === 0 ? visitors : total),
      SenmlLabel.Value,
      ...value,
      SenmlLabel.Time,
      i,
    );
  }
  return Buffer.from(bytes);
}

function text(value: string): number[] {
  return [0x60 | value.length, ...Buffer.from(value)];
}

function wide(value: number): number[] {
  return [value >>> 24, (value >>> 16) & 255, (value >>> 8) & 255, value & 255];
}

function find(packet: Buffer, mark: number): number {
  return packet.indexOf(Buffer.from(wide(mark)));
}
