/**
 * The device's engine of sensor graphs with the simulator around it: its clock, and calls and readings that go out as
 * imports. With the limits of a computer (graph-limits.ts). Compiled by `npm run generate` into tools/graph/simulate/generated-engine.ts.
 */
import { GRAPH_MAX_BYTES, GRAPH_READINGS_MAX } from "../../../runtime/contract/graph-limits.ts";
import { GraphCalls, GraphOutput } from "../../../runtime/device/graph/graph-calls.ts";
import { GraphClock } from "../../../runtime/device/graph/graph-clock.ts";
import { GraphEngine } from "../../../runtime/device/graph/graph-engine.ts";
import { answer, call, pushed } from "./simulator.ts";

const bytes = memory.data(GRAPH_MAX_BYTES, 4);

class SimulatedCalls implements GraphCalls {
  call(address: u32, rpc: u32): bool {
    return call(address, rpc);
  }

  value(): i32 {
    return answer();
  }
}

class SimulatedOutput implements GraphOutput {
  pushed(stream: u32, timeS: u32, value: i32): void {
    pushed(stream, timeS, value);
  }
}

const engine = new GraphEngine(new SimulatedCalls(), new SimulatedOutput(), GRAPH_READINGS_MAX);
const clock = new GraphClock(engine);

/** Where a graph is put, GRAPH_MAX_BYTES. */
export function graphAt(): usize {
  return bytes;
}

/** Takes the graph there: its GraphRefusal. */
export function loadGraph(length: i32): u32 {
  const refusal = engine.load(bytes, length);
  clock.begin(0);
  return refusal;
}

export function second(): void {
  clock.second();
}

/** A reading of an input, at second `timeS`. */
export function stimulate(stream: u32, value: i32, timeS: u32): void {
  engine.process(stream, value, timeS);
}

export function readyStreamers(): u32 {
  return engine.streamers.ready();
}

export function waitingReadings(streamer: u32): u32 {
  return engine.streamers.waits(streamer);
}

export function sent(streamer: u32, readings: u32): void {
  engine.streamers.sent(streamer, readings);
}

export function visitsLost(): u32 {
  return engine.visitsLost;
}

export function readingsLost(): u32 {
  return engine.readingsLost;
}
