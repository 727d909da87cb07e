/** How the parts of the client ask the server. */

/** Sends a request and returns the body of the answer. */
export type Send = (
  method: string,
  path: string,
  body?: { type: string; bytes: Buffer<ArrayBuffer> },
) => Promise<string>;

export interface Ways {
  send: Send;
  /** Every page of a list. */
  all: <T>(path: string) => Promise<T[]>;
  pages: <T>(path: string) => AsyncGenerator<T[]>;
  /** A body as it comes. */
  open: (path: string) => Promise<AsyncIterable<Uint8Array>>;
  /** Puts there what comes of what is there, unless somebody else has changed it in between. */
  edit: <T>(path: string, change: (before: T) => object) => Promise<T>;
}

export async function askJson<T>(send: Send, method: string, path: string, body?: object): Promise<T> {
  const sent = body && { type: "application/json", bytes: Buffer.from(JSON.stringify(body)) };
  return JSON.parse(await send(method, path, sent)) as T;
}

/** Of those that are given. */
export function queryOf(asked: Record<string, string | number | undefined>): string {
  const given = Object.entries(asked).filter(([, value]) => value !== undefined);
  const query = new URLSearchParams(Object.fromEntries(given.map(([name, value]) => [name, String(value)])));
  return given.length === 0 ? "" : `?${query}`;
}
