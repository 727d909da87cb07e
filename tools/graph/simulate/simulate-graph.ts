/**
 * Runs a compiled graph in virtual time. In a second its stimuli come first, in the order of their times and then in the
 * order in which they were given; the ticks follow (runtime/device/graph/graph-clock.ts). Those of second 0 come before
 * everything, and the first tick is 1.
 */
import { GraphMachine } from "./graph-machine.ts";
import type { Mock, Stimulus } from "./stimulus.ts";

export interface SimulationOptions {
  seconds: number;
  stimuli?: readonly Stimulus[];
  /** What is not among them answers 1, 2, 3 ..., one row of numbers for all calls. */
  mocks?: readonly Mock[];
  /** Which readings are wanted; absent: all. */
  wants?: (stream: number) => boolean;
}

/** Time, stream, value. */
export type SimulatedReading = [timeS: number, stream: number, value: number];
/** Time, address, function, answer; null = there was none. */
export type SimulatedCall = [timeS: number, address: number, rpc: number, value: number | null];

export interface Simulation {
  readings: SimulatedReading[];
  rpcs: SimulatedCall[];
  /** Node visits that were left out, and readings: the device's limits. */
  visitsLost: number;
  readingsLost: number;
}

/** Throws GraphRefusedError. */
export function simulateGraph(graph: Uint8Array, options: SimulationOptions): Simulation {
  const { seconds, stimuli = [], mocks = [], wants = () => true } = options;
  const readings: SimulatedReading[] = [];
  const rpcs: SimulatedCall[] = [];
  const answers = new Map(mocks.map(({ address, rpc, value }) => [callKey(address, rpc), value]));
  const waiting = [...stimuli].sort((a, b) => a.atS - b.atS);
  let nowS = 0;
  let counted = 0;
  let done = 0;
  const machine = new GraphMachine(graph, {
    // Times and values come as i32; a time is unsigned.
    pushed: (stream, timeS, value) => {
      if (wants(stream)) readings.push([timeS >>> 0, stream, value]);
    },
    call: (address, rpc) => {
      const key = callKey(address, rpc);
      const answer = answers.has(key) ? answers.get(key) : ++counted;
      rpcs.push([nowS, address, rpc, answer ?? null]);
      return answer;
    },
  });
  const stimulate = () => {
    for (let next = waiting[done]; next?.atS === nowS; next = waiting[++done]) {
      machine.stimulate(next.stream, next.value, nowS);
    }
  };
  if (seconds > 0) stimulate();
  while (nowS < seconds) {
    nowS++;
    stimulate();
    machine.second();
  }
  return { readings, rpcs, visitsLost: machine.visitsLost, readingsLost: machine.readingsLost };
}

function callKey(address: number, rpc: number): number {
  return (address << 16) | rpc;
}
