/**
 * The engine of sensor graphs, for tests: graphs are put into its memory, run second by second, and what they push and
 * call is written behind one another as records of u32 kind (a stream, or CALL | address << 16 | rpc), u32 time, i32 value.
 */
import { GRAPH_MAX_BYTES, GRAPH_READINGS_MAX } from "../../../runtime/contract/graph-limits.ts";
import { GraphCalls, GraphOutput } from "../../../runtime/device/graph/graph-calls.ts";
import { GraphClock } from "../../../runtime/device/graph/graph-clock.ts";
import { GraphEngine } from "../../../runtime/device/graph/graph-engine.ts";
import { heap_limit, heap_used } from "../../../runtime/device/memory/heap.ts";

export { heap_limit, heap_used };

const RECORD_BYTES = 12;
const RECORDS_MAX = 256;
/** A kind with it is a call; a stream has 16 bits. */
const CALL: u32 = 0x80000000;

const graph = memory.data(GRAPH_MAX_BYTES, 4);
const records = memory.data(RECORD_BYTES * RECORDS_MAX, 4);
let written: u32 = 0;
/** Records since the start of the graph, those that found no room included. */
let total: u32 = 0;
let nowS: u32 = 0;

function record(kind: u32, timeS: u32, value: i32): void {
  total++;
  if (written == RECORDS_MAX) return;
  const at = records + written * RECORD_BYTES;
  store<u32>(at, kind);
  store<u32>(at, timeS, 4);
  store<i32>(at, value, 8);
  written++;
}

/** Answers with 1, 2, 3 ...; address 41 never answers. */
class CountingCalls implements GraphCalls {
  private calls: i32 = 0;

  call(address: u32, rpc: u32): bool {
    if (address == 41) return false;
    this.calls++;
    record(CALL | (address << 16) | rpc, nowS, this.calls);
    return true;
  }

  value(): i32 {
    return this.calls;
  }

  restart(): void {
    this.calls = 0;
  }
}

class RecordedOutput implements GraphOutput {
  pushed(stream: u32, timeS: u32, value: i32): void {
    record(stream, timeS, value);
  }
}

const calls = new CountingCalls();
const engine = new GraphEngine(calls, new RecordedOutput(), GRAPH_READINGS_MAX);
const clock = new GraphClock(engine);

export function start(): void {}

export function poll(): u32 {
  return 60000;
}

export function input(): usize {
  return graph;
}

/** The graph of this length at `input`: its refusal. */
export function take(length: u32): u32 {
  written = 0;
  total = 0;
  nowS = 0;
  calls.restart();
  const refusal = engine.load(graph, length);
  clock.begin(0);
  return refusal;
}

export function second(): void {
  nowS = clock.nowS + 1;
  clock.second();
}

/** A reading of an input in second `timeS`, the one that begins. */
export function stimulate(stream: u32, value: i32, timeS: u32): void {
  nowS = timeS;
  engine.process(stream, value, timeS);
}

export function output(): usize {
  return records;
}

/** Records at `output`, which is empty afterwards. */
export function outputCount(): u32 {
  const count = written;
  written = 0;
  return count;
}

export function recordCount(): u32 {
  return total;
}

export function visits(): u32 {
  return engine.visits;
}

export function visitsLost(): u32 {
  return engine.visitsLost;
}

export function readingsLost(): u32 {
  return engine.readingsLost;
}

export function ready(): u32 {
  return engine.streamers.ready();
}

export function sent(streamer: u32, readings: u32): void {
  engine.streamers.sent(streamer, readings);
}
