/** What the parts of `bench query` agree on. */
const FIRST_MAC = 0x5ccf7e000000;

/** 2025-01-01, counted from 1970-01-01. */
export const QUERY_FIRST_DAY = 20_089;
export const QUERY_STREAM = 0x5001;

export function queryMac(stream: number): string {
  return (FIRST_MAC + stream).toString(16).padStart(12, "0");
}
