/** Why a device's connection to its server ended; programs log the number. Numbers in brackets: MQTT 3.1.1. */
export enum ConnectionFailure {
  None = 0,
  /** No TCP connection came about in time, or the host refused one. */
  Connect = 1,
  /** The peer closed, or the connection broke. */
  Closed = 2,
  /** CONNACK refused us: `refusal` holds its return code (3.2.2.3). */
  Refused = 3,
  /** The broker refused the subscription to `ack`. */
  Subscription = 4,
  /** No answer in time. */
  Silence = 5,
  /** Bytes that MQTT 3.1.1 does not allow here. */
  Protocol = 6,
  /** A packet of ours does not fit its buffer: the secret in the configuration is too long. */
  TooLong = 7,
}
