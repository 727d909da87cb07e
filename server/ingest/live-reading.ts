/** A reading as those who watch are told it. */
export interface LiveReading {
  mac: number;
  /** Null: the device belongs to none yet. */
  organisation: number | null;
  stream: number;
  timeMs: number;
  value: number;
  epoch: number;
  sequence: number;
  clock: number;
  errorS: number | null;
}
