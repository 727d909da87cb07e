/**
 * Runs a compiled sensor graph, in place: the bytes stay where they are while it runs. The order in which nodes are
 * visited is that of IOTile's sensor graph engine, since what a graph calls and sends follows from it: roots first, then
 * whom a node that fired has woken, first come first served; a node with both inputs on one stream is woken twice.
 *
 * A graph can run in a circle. What one input may cause has a limit (GRAPH_VISITS_MAX, GRAPH_QUEUE_MAX); visits beyond
 * it are left out and counted. It is a limit of readings as well, which a circle of copies would multiply.
 */

import {
  GRAPH_ALL_IDS,
  GRAPH_COMPILER_ID,
  GRAPH_CONSTANT_BYTES,
  GRAPH_CONSTANT_VALUE,
  GRAPH_NO_STREAM,
  GRAPH_NODE_COMBINER,
  GRAPH_NODE_FUNCTION,
  GRAPH_NODE_INPUT_B,
  GRAPH_NODE_OUTPUT,
  GRAPH_NODE_REFERENCE_A,
  GRAPH_NODE_TRIGGER_A,
  GRAPH_SYSTEM_BIT,
  GRAPH_TYPE_SHIFT,
  GraphCombiner,
  GraphFunction,
  GraphOperator,
  GraphRefusal,
  GraphStreamType,
} from "../../contract/graph-format.ts";
import { GRAPH_QUEUE_MAX, GRAPH_VISITS_MAX } from "../../contract/graph-limits.ts";
import { GraphCalls, GraphOutput } from "./graph-calls.ts";
import { checkGraph, isRoot } from "./graph-check.ts";
import { configsAt, constantsAt, findConfig, inputStream, nodeAt, nodeCount } from "./graph-form.ts";
import { GraphInputs } from "./graph-inputs.ts";
import { GraphStreamers } from "./graph-streamers.ts";

/** What happens to the system is worth keeping: inputs of the system from this id on are copied to a log of the same id ... */
const EVENT_ID: u32 = 1024;
/** ... an output, or from here on a buffered stream. */
const BUFFERED_EVENT_ID: u32 = 1536;
const SYSTEM_INPUT: u32 = (GraphStreamType.Input << GRAPH_TYPE_SHIFT) | GRAPH_SYSTEM_BIT;
const SYSTEM_OUTPUT: u32 = (GraphStreamType.Output << GRAPH_TYPE_SHIFT) | GRAPH_SYSTEM_BIT;
const SYSTEM_BUFFERED: u32 = (GraphStreamType.Buffered << GRAPH_TYPE_SHIFT) | GRAPH_SYSTEM_BIT;

/** Type, system flag, and the bit of an id that the compiler's own have: counters of ticks. */
const COMPILER_STREAM_MASK: u32 = 0xf000 | GRAPH_SYSTEM_BIT | GRAPH_COMPILER_ID;
const COMPILER_COUNTER: u32 = (GraphStreamType.Counter << GRAPH_TYPE_SHIFT) | GRAPH_COMPILER_ID;

/** Of a call's argument: the address stands above the function. */
const CALL_ADDRESS_SHIFT: u32 = 16;
const CALL_RPC_MASK: u32 = 0xffff;

export class GraphEngine {
  readonly streamers: GraphStreamers = new GraphStreamers();
  /** Nodes visited since the graph was taken; of readings that one visit copies, each after the first counts as another. */
  visits: u32 = 0;
  /** Visits left out, because one input caused too many. */
  visitsLost: u32 = 0;
  private graph: usize = 0;
  private count: i32 = 0;
  private timeS: u32 = 0;
  private readonly inputs: GraphInputs;
  private readonly queue: StaticArray<u8> = new StaticArray<u8>(GRAPH_QUEUE_MAX);
  private queueStart: i32 = 0;
  private queued: i32 = 0;

  /** `readingsMax`: single readings held, as GRAPH_READINGS_MAX; also the most that a copy of all of a counter makes. */
  constructor(
    private readonly calls: GraphCalls,
    private readonly output: GraphOutput,
    private readonly readingsMax: i32,
  ) {
    this.inputs = new GraphInputs(readingsMax);
  }

  /** Takes the graph at a multiple of 4 instead of the one before. If it is refused, there is none afterwards. */
  load(graph: usize, length: i32): GraphRefusal {
    this.unload();
    const refusal = checkGraph(graph, length);
    if (refusal != GraphRefusal.None) return refusal;
    this.graph = graph;
    this.count = nodeCount(graph);
    this.streamers.begin(graph);
    for (let i = 0; i < this.count; i++) {
      const node = nodeAt(graph, i);
      for (let side: u32 = 0; side < 2; side++) {
        this.inputs.describe((i << 1) | side, inputStream(node, side), load<u8>(node, GRAPH_NODE_FUNCTION));
      }
    }
    const end = configsAt(graph);
    for (let constant = constantsAt(graph); constant < end; constant += GRAPH_CONSTANT_BYTES) {
      this.give(load<u16>(constant), load<i32>(constant, GRAPH_CONSTANT_VALUE));
    }
    return GraphRefusal.None;
  }

  unload(): void {
    this.graph = 0;
    this.count = 0;
    this.timeS = 0;
    this.visits = 0;
    this.visitsLost = 0;
    this.inputs.clear();
    this.streamers.begin(0);
  }

  /** Single readings dropped, because more were to be held or copied than there is room for. */
  get readingsLost(): u32 {
    return this.inputs.lost;
  }

  /** The config entry (contract/graph-format.ts) for a tile, 0 = none; `configNumber` reads it. */
  config(address: u32, id: u32): usize {
    return this.graph == 0 ? 0 : findConfig(this.graph, address, id);
  }

  /** A reading of an input, and all that follows from it. */
  process(stream: u32, value: i32, timeS: u32): void {
    if (this.graph == 0) return;
    this.timeS = timeS;
    this.push(stream, value);
    const id = stream & GRAPH_ALL_IDS;
    if (id >= EVENT_ID && stream - id == SYSTEM_INPUT) {
      this.push((id < BUFFERED_EVENT_ID ? SYSTEM_OUTPUT : SYSTEM_BUFFERED) | id, value);
    }
    this.queued = 0;
    for (let i = 0; i < this.count; i++) if (isRoot(nodeAt(this.graph, i))) this.wake(i);
    for (let end = this.visits + GRAPH_VISITS_MAX; this.queued > 0; this.visits++) {
      if (<i32>(this.visits - end) >= 0) {
        this.visitsLost += this.queued;
        return;
      }
      const node: u32 = unchecked(this.queue[this.queueStart]);
      this.queueStart = (this.queueStart + 1) % GRAPH_QUEUE_MAX;
      this.queued--;
      this.visit(node);
    }
  }

  /** A reading, for all who read its stream and for those outside. */
  private push(stream: u32, value: i32): void {
    this.output.pushed(stream, this.timeS, value);
    this.streamers.pushed(stream);
    this.give(stream, value);
  }

  private give(stream: u32, value: i32): void {
    for (let i = 0; i < this.count; i++) {
      const node = nodeAt(this.graph, i);
      if (inputStream(node, 0) == stream) this.inputs.put(i << 1, value);
      if (inputStream(node, 1) == stream) this.inputs.put((i << 1) | 1, value);
    }
  }

  private wakeReaders(stream: u32): void {
    for (let i = 0; i < this.count; i++) {
      const node = nodeAt(this.graph, i);
      if (inputStream(node, 0) == stream) this.wake(i);
      if (inputStream(node, 1) == stream && !isGate(node)) this.wake(i);
    }
  }

  private wake(node: u32): void {
    if (this.queued == GRAPH_QUEUE_MAX) {
      this.visitsLost++;
      return;
    }
    unchecked((this.queue[(this.queueStart + this.queued) % GRAPH_QUEUE_MAX] = <u8>node));
    this.queued++;
  }

  private visit(index: u32): void {
    const node = nodeAt(this.graph, index);
    if (!this.isTriggered(node, index << 1)) return;
    const output: u32 = load<u16>(node, GRAPH_NODE_OUTPUT);
    if (this.fire(node, index << 1, output)) this.wakeReaders(output);
  }

  private isTriggered(node: usize, a: u32): bool {
    const first = this.isInputTriggered(node, a);
    if (!hasSecond(node)) return first;
    const isOr = load<u8>(node, GRAPH_NODE_COMBINER) == GraphCombiner.Or;
    return first == isOr ? first : this.isInputTriggered(node, a | 1);
  }

  private isInputTriggered(node: usize, input: u32): bool {
    const side = input & 1;
    const trigger: u32 = load<u8>(node + side, GRAPH_NODE_TRIGGER_A);
    const operator = trigger >> 1;
    if (operator == GraphOperator.Always) return true;
    const count = this.inputs.count(input);
    let value: i32;
    if (trigger & 1) {
      // A constant has more readings than any number.
      value = <i32>min<u32>(count, i32.MAX_VALUE);
    } else {
      if (count == 0) return false;
      value = this.inputs.oldest(input);
    }
    const reference = load<i32>(node + (side << 2), GRAPH_NODE_REFERENCE_A);
    switch (operator) {
      case GraphOperator.Greater:
        return value > reference;
      case GraphOperator.Less:
        return value < reference;
      case GraphOperator.GreaterOrEqual:
        return value >= reference;
      case GraphOperator.LessOrEqual:
        return value <= reference;
      default:
        return value == reference;
    }
  }

  /**
   * What a node does with its inputs `a` and the one after it. Pushes what comes of it; false: nothing. Inputs are taken
   * before the output is pushed, which may be one of them.
   */
  private fire(node: usize, a: u32, output: u32): bool {
    const inputs = this.inputs;
    const b = a | 1;
    const does: u32 = load<u8>(node, GRAPH_NODE_FUNCTION);
    let value: i32 = 0;
    if (does == GraphFunction.Subtract) {
      if (inputs.count(a) == 0) return false;
      const less = inputs.take(a);
      if (inputs.count(b) == 0) return false;
      value = inputs.take(b) - less;
    } else if (does == GraphFunction.Call || does == GraphFunction.TriggerStreamer) {
      const isAsked = inputs.count(b) > 0;
      const argument = isAsked ? inputs.take(b) : 0;
      inputs.skip(a);
      inputs.skip(b);
      if (!isAsked) return false;
      if (does == GraphFunction.TriggerStreamer) {
        if (!this.streamers.mark(argument)) return false;
      } else {
        if (!this.calls.call(<u32>argument >> CALL_ADDRESS_SHIFT, argument & CALL_RPC_MASK)) return false;
        value = this.calls.value();
      }
    } else if (does == GraphFunction.CopyLatest) {
      // Of two inputs joined by "or" the one that fired is copied, A if both have.
      const isOr = load<u8>(node, GRAPH_NODE_COMBINER) == GraphCombiner.Or && hasSecond(node);
      let from = a;
      if (isOr && !(this.isInputTriggered(node, a) && inputs.count(a) > 0)) from = b;
      const isThere = inputs.count(from) > 0 && (from == a || this.isInputTriggered(node, b));
      value = inputs.newest(from);
      inputs.skip(a);
      inputs.skip(b);
      if (!isThere) return false;
    } else {
      inputs.skip(b);
      const count = inputs.count(a);
      if (does == GraphFunction.CopyCount) value = count;
      else if (count == 0) return false;
      else if (does == GraphFunction.CopyAll) return this.copyAll(a, output);
      else value = total(inputs, a, does);
      inputs.skip(a);
    }
    this.push(output, value);
    return true;
  }

  /** As many as are there now: copies to its own input are for the next time. */
  private copyAll(a: u32, output: u32): bool {
    const inputs = this.inputs;
    const isConstant = inputs.isConstant(a);
    // There is one at least.
    let count: u32 = isConstant ? 1 : inputs.count(a);
    if (count > <u32>this.readingsMax) {
      inputs.lost += count - this.readingsMax;
      count = this.readingsMax;
    }
    this.visits += count - 1;
    for (; count > 0 && inputs.count(a) > 0; count--) this.push(output, inputs.take(a));
    return true;
  }
}

function hasSecond(node: usize): bool {
  return load<u16>(node, GRAPH_NODE_INPUT_B) != GRAPH_NO_STREAM;
}

/** Ticks go through while a constant holds (contract/graph-format.ts). Not woken by the constant, since no tick is due then. */
function isGate(node: usize): bool {
  return (
    (inputStream(node, 0) & COMPILER_STREAM_MASK) == COMPILER_COUNTER &&
    load<u8>(node, GRAPH_NODE_TRIGGER_A) >> 1 == <u8>GraphOperator.Always &&
    inputStream(node, 1) >> GRAPH_TYPE_SHIFT == GraphStreamType.Constant
  );
}

/** The sum, of which 32 bits are sent, or the average, rounded towards zero. */
function total(inputs: GraphInputs, input: u32, does: u32): i32 {
  const sum = inputs.sum(input);
  if (does == GraphFunction.Sum || inputs.isConstant(input)) return <i32>sum;
  return <i32>(sum / inputs.count(input));
}
