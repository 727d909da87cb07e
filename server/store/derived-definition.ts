/** Definitions of derived streams, as they are stored (JSON in `derived_streams.definition`) and as the API takes them. */

/** A stream as people name it: MAC address and stream id, hexadecimal. */
export interface StreamName {
  device: string;
  stream: string;
}

export interface AliasPart extends StreamName {
  /** Unix ms; null: from or to the end of time. */
  fromMs: number | null;
  toMs: number | null;
}

export type DerivedDefinition =
  | { kind: "linear"; source: StreamName; factor: number; offset: number; unit: string | null }
  | { kind: "difference"; source: StreamName; unit: string | null }
  | { kind: "alias"; sections: AliasPart[]; unit: string | null };

export interface StoredDefinition {
  mac: string;
  stream: number;
  definition: DerivedDefinition;
}

export type DerivedRequest =
  | { kind: "setDerived"; derived: StoredDefinition; atMs: number }
  | { kind: "deleteDerived"; mac: string; stream: number; atMs: number };
