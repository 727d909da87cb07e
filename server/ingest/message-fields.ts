/** Optional fields of a message, by key. One of the wrong type spoils the whole: to guess what was meant would hide a fault. */
import { type CborMap, decodeCbor, isU32 } from "./cbor-codec.ts";

/** Null when the bytes are not one CBOR map. */
export function decodeMap(payload: Uint8Array): CborMap | null {
  const decoded = decodeCbor(payload);
  return decoded.ok && decoded.value instanceof Map ? decoded.value : null;
}

/** Reads optional fields and remembers whether one had the wrong type. */
export class MessageFields {
  readonly #map: CborMap;
  isSound = true;

  constructor(map: CborMap) {
    this.#map = map;
  }

  text(key: number, maxBytes: number): string | null {
    return this.#take(key, (value): value is string => {
      return typeof value === "string" && Buffer.byteLength(value) <= maxBytes;
    });
  }

  /** Exactly this long. */
  bytes(key: number, sizeBytes: number): Uint8Array | null {
    return this.#take(key, (value): value is Uint8Array => value instanceof Uint8Array && value.length === sizeBytes);
  }

  bytesUpTo(key: number, maxBytes: number): Uint8Array | null {
    return this.#take(key, (value): value is Uint8Array => value instanceof Uint8Array && value.length <= maxBytes);
  }

  boolean(key: number): boolean | null {
    return this.#take(key, (value): value is boolean => typeof value === "boolean");
  }

  unsigned(key: number): number | null {
    return this.#take(key, isU32);
  }

  /** Unsigned, within bounds that are both included. */
  between(key: number, min: number, max: number): number | null {
    return this.#take(key, (value): value is number => isU32(value) && value >= min && value <= max);
  }

  integer(key: number): number | null {
    return this.#take(key, (value): value is number => typeof value === "number" && Number.isSafeInteger(value));
  }

  #take<T>(key: number, isRight: (value: unknown) => value is T): T | null {
    const value = this.#map.get(key);
    if (value === undefined) return null;
    if (isRight(value)) return value;
    this.isSound = false;
    return null;
  }
}
