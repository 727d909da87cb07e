/** What the main thread asks of the writer so that a request that comes twice is carried out once. */
export interface KeptAnswer {
  /** Of the request that it answered. */
  requestDigest: Uint8Array;
  /** Null: no answer was stored. */
  status: number | null;
  /** Encrypted by the key that came with the request. */
  sealed: Uint8Array | null;
}

export type AnswerRequest =
  /** `done`: carry it out; `existed`: with what is known of the one before. */
  | { kind: "beginAnswer"; principal: string; keyDigest: Uint8Array; requestDigest: Uint8Array; atMs: number }
  | { kind: "keepAnswer"; principal: string; keyDigest: Uint8Array; status: number; sealed: Uint8Array }
  /** Nothing was done: the same key may come again. */
  | { kind: "dropAnswer"; principal: string; keyDigest: Uint8Array };
