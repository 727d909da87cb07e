/** Control packets of MQTT 3.1.1 (OASIS standard, section 2.2), as this client needs them. */
export enum PacketType {
  Connect = 1,
  Connack = 2,
  Publish = 3,
  Puback = 4,
  Subscribe = 8,
  Suback = 9,
  Pingreq = 12,
  Pingresp = 13,
  Disconnect = 14,
}

/** Protocol level of MQTT 3.1.1 [MQTT-3.1.2-2]. */
export const PROTOCOL_LEVEL: u32 = 4;

/** Connect flags (3.1.2.3). */
export const CONNECT_CLEAN_SESSION: u32 = 0x02;
export const CONNECT_WILL: u32 = 0x04;
export const CONNECT_WILL_RETAIN: u32 = 0x20;
export const CONNECT_PASSWORD: u32 = 0x40;
export const CONNECT_USER_NAME: u32 = 0x80;

/** Lower four bits of a PUBLISH head (3.3.1). */
export const PUBLISH_RETAIN: u32 = 0x01;
export const PUBLISH_QOS_MASK: u32 = 0x06;

/** Lower four bits of a SUBSCRIBE head are reserved and 0010 [MQTT-3.8.1-1]. */
export const SUBSCRIBE_FLAGS: u32 = 0x02;

/** A SUBACK's body begins with the packet id of the SUBSCRIBE (3.9.2). */
export const SUBACK_ID_BYTES: u32 = 2;

/** Return code of a refused subscription (3.9.3). */
export const SUBACK_FAILURE: u32 = 0x80;

/** A remaining length has at most four bytes (2.2.3). */
export const REMAINING_LENGTH_MAX_BYTES: i32 = 4;
