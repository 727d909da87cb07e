/**
 * Runs a compiled graph in virtual time. In a second its stimuli come first, in the order of their times and then in the
 * order in which they were given; the ticks follow (runtime/device/graph/graph-clock.ts). Those of second 0 come before
 * everything, and the first tick is 1. Streamers send at the end of a second, and everything they send arrives.
 */
import { GRAPH_STREAMERS_MAX } from "../engine/graph-limits.ts";
import { GraphMachine } from "./graph-machine.ts";
import type { Mock, Stimulus } from "./stimulus.ts";

export interface SimulationOptions {
  seconds: number;
  stimuli?: readonly Stimulus[];
  /** What is not among them answers 1, 2, 3 ..., one row of numbers for all calls. */
  mocks?: readonly Mock[];
}

/** Told in the order in which it happens. */
export interface SimulationEvents {
  reading(timeS: number, stream: number, value: number): void;
  /** A call; `value` null = nobody answered. */
  call(timeS: number, address: number, rpc: number, value: number | null): void;
  /** A streamer sends as many readings. */
  sent?(timeS: number, streamer: number, readings: number): void;
}

/** What the limits of the device took away. */
export interface SimulationLosses {
  visitsLost: number;
  readingsLost: number;
}

/** Throws GraphRefusedError. */
export function simulateGraph(
  graph: Uint8Array,
  { seconds, stimuli = [], mocks = [] }: SimulationOptions,
  events: SimulationEvents,
): SimulationLosses {
  const answers = new Map(mocks.map(({ address, rpc, value }) => [callKey(address, rpc), value]));
  const waiting = [...stimuli].sort((a, b) => a.atS - b.atS);
  let nowS = 0;
  let counted = 0;
  let done = 0;
  const machine = new GraphMachine(graph, {
    // WebAssembly gives numbers with signs, and a time has none.
    pushed: (stream, timeS, value) => events.reading(timeS >>> 0, stream, value),
    call: (address, rpc) => {
      const key = callKey(address, rpc);
      const answer = answers.has(key) ? answers.get(key) : ++counted;
      events.call(nowS, address, rpc, answer ?? null);
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
    sendStreamers(machine, nowS, events);
  }
  return { visitsLost: machine.visitsLost, readingsLost: machine.readingsLost };
}

function sendStreamers(machine: GraphMachine, nowS: number, events: SimulationEvents): void {
  const ready = machine.readyStreamers();
  if (ready === 0) return;
  for (let streamer = 0; streamer < GRAPH_STREAMERS_MAX; streamer++) {
    if (((ready >> streamer) & 1) === 0) continue;
    const readings = machine.waitingReadings(streamer);
    events.sent?.(nowS, streamer, readings);
    machine.sent(streamer, readings);
  }
}

function callKey(address: number, rpc: number): number {
  return (address << 16) | rpc;
}
