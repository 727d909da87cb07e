/** What a simulation and the server process under it say to each other, in order; by structured clone over a pipe. */
export type ToServer =
  | { kind: "open"; id: number }
  | { kind: "bytes"; id: number; bytes: Uint8Array }
  | { kind: "end"; id: number }
  /** The simulation's time; answered when everything that came before is done. */
  | { kind: "settle"; unixMs: number }
  | { kind: "stop" };

export type FromServer =
  | { kind: "ready" }
  | { kind: "bytes"; id: number; bytes: Uint8Array }
  | { kind: "end"; id: number }
  | { kind: "settled" };
