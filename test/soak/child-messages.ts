/**
 * What a simulation and the server process under it say to each other besides MQTT. Connections are named by the port of
 * their boards' end.
 */
export type Traffic = [port: number, bytes: number];

export type ToServer =
  /** Answered when these connections' bytes are read, all others are closed, and all is done that follows from it. */
  { kind: "settle"; sent: Traffic[] } | { kind: "stop" };

export type FromServer =
  | { kind: "ready"; mqttPort: number }
  /** Bytes that the server has given to each open connection so far. */
  | { kind: "settled"; sent: Traffic[] };
