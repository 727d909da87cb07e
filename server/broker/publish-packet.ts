/** A PUBLISH of QoS 0 as bytes: what an acknowledgement is written as, without the broker's queues (MQTT 3.1.1, 3.3). */
const PUBLISH_QOS_0 = 0x30;
const LENGTH_BITS = 7;

export function encodePublish(topic: string, payload: Uint8Array): Buffer {
  const topicBytes = Buffer.byteLength(topic);
  const remaining = 2 + topicBytes + payload.length;
  let lengthBytes = 1;
  for (let rest = remaining >> LENGTH_BITS; rest > 0; rest >>= LENGTH_BITS) lengthBytes++;
  const packet = Buffer.allocUnsafe(1 + lengthBytes + remaining);
  packet[0] = PUBLISH_QOS_0;
  let rest = remaining;
  let at = 1;
  for (; at <= lengthBytes; at++) {
    packet[at] = (rest & 0x7f) | (at < lengthBytes ? 0x80 : 0);
    rest >>= LENGTH_BITS;
  }
  at = packet.writeUInt16BE(topicBytes, at);
  at += packet.write(topic, at);
  packet.set(payload, at);
  return packet;
}
