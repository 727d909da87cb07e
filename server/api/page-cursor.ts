/** Cursors: the key of the last row given, opaque to clients. */
import { Problem } from "./problem.ts";

export function encodeCursor(key: ReadonlyArray<string | number>): string {
  return Buffer.from(JSON.stringify(key)).toString("base64url");
}

export function decodeNumbers(cursor: string, count: number): number[] {
  const key = decode(cursor);
  if (key.length !== count) throw invalid();
  return key.map((part) => {
    if (typeof part !== "number" || !Number.isSafeInteger(part)) throw invalid();
    return part;
  });
}

export function decodeText(cursor: string): string {
  const [part, ...rest] = decode(cursor);
  if (typeof part !== "string" || rest.length > 0) throw invalid();
  return part;
}

/** A page from one row more than was asked for. */
export function cutPage<T>(rows: T[], limit: number, keyOf: (row: T) => Array<string | number>) {
  const items = rows.slice(0, limit);
  const last = items.at(-1);
  return { items, next: rows.length > limit && last !== undefined ? encodeCursor(keyOf(last)) : null };
}

function decode(cursor: string): unknown[] {
  try {
    const key: unknown = JSON.parse(Buffer.from(cursor, "base64url").toString());
    if (Array.isArray(key)) return key;
  } catch {
    // Falls through to the one answer there is.
  }
  throw invalid();
}

function invalid(): Problem {
  return new Problem("cursorInvalid", "take `cursor` unchanged from `next` of the page before, or leave it out");
}
