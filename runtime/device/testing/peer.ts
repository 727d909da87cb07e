/** The server's end of the connection in specs: puts MQTT packets in, and tells what came out. */
import { hexOf, putHex } from "./hex.ts";
import { putIncoming, takeOutgoing } from "./stage.ts";

/** Of a chip whose MAC address is zero. */
const TOPIC_BEFORE_CHANNEL = "lintel/1/000000000000/";
export const CONNACK = "20020000";
export const SUBACK = "900700010000000000";

const PUBLISH: u32 = 3;
const buffer = memory.data(4096);

export function receive(hex: string): void {
  putIncoming(buffer, putHex(buffer, hex));
}

/** A message of the server; the whole packet is shorter than 128 bytes. */
export function receiveMessage(channel: string, payloadHex: string): void {
  const topic = TOPIC_BEFORE_CHANNEL + channel;
  store<u8>(buffer, 0x30);
  store<u8>(buffer + 1, 2 + topic.length + (payloadHex.length >> 1));
  store<u8>(buffer + 2, 0);
  store<u8>(buffer + 3, topic.length);
  for (let i = 0; i < topic.length; i++) store<u8>(buffer + 4 + i, topic.charCodeAt(i));
  const payload = 4 + topic.length;
  putIncoming(buffer, payload + putHex(buffer + payload, payloadHex));
}

/** Everything that was sent since the last call, in hexadecimal. */
export function sent(): string {
  return hexOf(buffer, takeOutgoing(buffer));
}

/** Channels and payloads of the messages sent since the last call, as `hello:a9.. state:a8.. `; other packets as `#type `. */
export function said(): string {
  const length = takeOutgoing(buffer);
  let text = "";
  let at: i32 = 0;
  while (at < length) {
    const type = <u32>load<u8>(buffer + at) >> 4;
    let bodyBytes = 0;
    let shift = 0;
    let digit = 128;
    for (at++; digit >= 128; at++, shift += 7) {
      digit = load<u8>(buffer + at);
      bodyBytes |= (digit & 127) << shift;
    }
    if (type == PUBLISH) {
      const topicBytes: i32 = load<u8>(buffer + at + 1);
      const before = TOPIC_BEFORE_CHANNEL.length;
      const payload = at + 2 + topicBytes;
      text +=
        String.UTF8.decodeUnsafe(buffer + at + 2 + before, topicBytes - before) +
        ":" +
        hexOf(buffer + payload, at + bodyBytes - payload) +
        " ";
    } else text += "#" + type.toString() + " ";
    at += bodyBytes;
  }
  return text;
}

/** The channels alone, as `hello state `. */
export function channelsSaid(): string {
  const parts = said().split(" ");
  let text = "";
  for (let i = 0; i < parts.length - 1; i++) text += parts[i].split(":")[0] + " ";
  return text;
}
