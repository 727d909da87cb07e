/** A simulation kept whole, as lists of what happened, for what compares or prints it. */
import { type SimulationLosses, type SimulationOptions, simulateGraph } from "./simulate-graph.ts";

/** Time, stream, value. */
export type RecordedReading = [timeS: number, stream: number, value: number];
/** Time, address, function, answer; null = there was none. */
export type RecordedCall = [timeS: number, address: number, rpc: number, value: number | null];
/** Time, streamer, readings. */
export type RecordedSend = [timeS: number, streamer: number, readings: number];

export interface GraphRecord extends SimulationLosses {
  readings: RecordedReading[];
  rpcs: RecordedCall[];
  sent: RecordedSend[];
}

export interface RecordOptions extends SimulationOptions {
  /** Which streams are wanted. */
  wants: (stream: number) => boolean;
}

/** More would not fit into memory, as a text of JSON. */
const RECORDED_MAX = 5_000_000;

export class TooManyReadingsError extends Error {
  constructor() {
    super(`more than ${RECORDED_MAX} readings: watch fewer streams, or run the graph for a shorter time`);
  }
}

/** Throws GraphRefusedError, or TooManyReadingsError. */
export function recordGraph(graph: Uint8Array, options: RecordOptions): GraphRecord {
  const readings: RecordedReading[] = [];
  const rpcs: RecordedCall[] = [];
  const sent: RecordedSend[] = [];
  const losses = simulateGraph(graph, options, {
    reading: (...reading) => {
      if (!options.wants(reading[1])) return;
      if (readings.push(reading) > RECORDED_MAX) throw new TooManyReadingsError();
    },
    call: (...call) => {
      if (rpcs.push(call) > RECORDED_MAX) throw new TooManyReadingsError();
    },
    sent: (...send) => void sent.push(send),
  });
  return { readings, rpcs, sent, ...losses };
}
