/** Makes graphs in the binary form (contract/graph-format.ts) for specs: nodes, then streamers, constants and config, in this order. */

import {
  GRAPH_CONFIG_ADDRESS,
  GRAPH_CONFIG_ID,
  GRAPH_CONFIG_LENGTH,
  GRAPH_CONFIG_TYPE,
  GRAPH_CONFIGS_OFFSET,
  GRAPH_CONSTANTS_OFFSET,
  GRAPH_CONTROLLER,
  GRAPH_HEADER_BYTES,
  GRAPH_LENGTH_OFFSET,
  GRAPH_MAGIC,
  GRAPH_NO_STREAM,
  GRAPH_NODE_COMBINER,
  GRAPH_NODE_FUNCTION,
  GRAPH_NODE_INPUT_A,
  GRAPH_NODE_INPUT_B,
  GRAPH_NODE_OUTPUT,
  GRAPH_NODE_REFERENCE_B,
  GRAPH_NODE_TRIGGER_A,
  GRAPH_NODE_TRIGGER_B,
  GRAPH_NODES_OFFSET,
  GRAPH_STREAMER_FLAGS,
  GRAPH_STREAMER_RECEIVER,
  GRAPH_STREAMER_WITH,
  GRAPH_STREAMERS_OFFSET,
  GRAPH_TYPE_SHIFT,
  GRAPH_VERSION,
  GRAPH_VERSION_OFFSET,
  GraphCombiner,
  GraphConfigType,
  GraphFunction,
  GraphOperator,
  GraphStreamType,
} from "../../contract/graph-format.ts";
import { GRAPH_MAX_BYTES } from "../../contract/graph-limits.ts";

export const ALWAYS: u32 = GraphOperator.Always << 1;

export function when(operator: GraphOperator): u32 {
  return operator << 1;
}

export function whenCount(operator: GraphOperator): u32 {
  return (operator << 1) | 1;
}

export function input(id: u32): u32 {
  return (GraphStreamType.Input << GRAPH_TYPE_SHIFT) | id;
}

export function unbuffered(id: u32): u32 {
  return (GraphStreamType.Unbuffered << GRAPH_TYPE_SHIFT) | id;
}

export function counter(id: u32): u32 {
  return (GraphStreamType.Counter << GRAPH_TYPE_SHIFT) | id;
}

export function constant(id: u32): u32 {
  return (GraphStreamType.Constant << GRAPH_TYPE_SHIFT) | id;
}

export function buffered(id: u32): u32 {
  return id;
}

export function output(id: u32): u32 {
  return (GraphStreamType.Output << GRAPH_TYPE_SHIFT) | id;
}

export class GraphBuilder {
  /** Where the graph is. */
  readonly at: usize = memory.data(2 * GRAPH_MAX_BYTES, 4);
  length: i32 = 0;

  begin(): GraphBuilder {
    memory.fill(this.at, 0, 2 * GRAPH_MAX_BYTES);
    store<u32>(this.at, GRAPH_MAGIC);
    store<u8>(this.at, GRAPH_VERSION, GRAPH_VERSION_OFFSET);
    this.length = GRAPH_HEADER_BYTES;
    return this.grow(0);
  }

  /** A node with one input. */
  node(a: u32, trigger: u32, reference: i32, to: u32, does: GraphFunction): GraphBuilder {
    const node = this.at + this.length;
    store<i32>(node, reference);
    store<u16>(node, to, GRAPH_NODE_OUTPUT);
    store<u16>(node, a, GRAPH_NODE_INPUT_A);
    store<u16>(node, GRAPH_NO_STREAM, GRAPH_NODE_INPUT_B);
    store<u8>(node, does, GRAPH_NODE_FUNCTION);
    store<u8>(node, trigger, GRAPH_NODE_TRIGGER_A);
    store<u8>(node, ALWAYS, GRAPH_NODE_TRIGGER_B);
    store<u8>(node, GraphCombiner.Or, GRAPH_NODE_COMBINER);
    this.count(GRAPH_NODES_OFFSET);
    return this.grow(20);
  }

  /** The second input of the last node. */
  and(b: u32, trigger: u32, reference: i32, combiner: GraphCombiner = GraphCombiner.And): GraphBuilder {
    const node = this.at + this.length - 20;
    store<i32>(node, reference, GRAPH_NODE_REFERENCE_B);
    store<u16>(node, b, GRAPH_NODE_INPUT_B);
    store<u8>(node, trigger, GRAPH_NODE_TRIGGER_B);
    store<u8>(node, combiner, GRAPH_NODE_COMBINER);
    return this;
  }

  streamer(selector: u32, flags: u32, leader: u32): GraphBuilder {
    const streamer = this.at + this.length;
    store<u16>(streamer, selector);
    store<u8>(streamer, GRAPH_CONTROLLER, GRAPH_STREAMER_RECEIVER);
    store<u8>(streamer, flags, GRAPH_STREAMER_FLAGS);
    store<u8>(streamer, leader, GRAPH_STREAMER_WITH);
    this.count(GRAPH_STREAMERS_OFFSET);
    return this.grow(8);
  }

  first(stream: u32, value: i32): GraphBuilder {
    store<u16>(this.at + this.length, stream);
    store<i32>(this.at + this.length, value, 4);
    this.count(GRAPH_CONSTANTS_OFFSET);
    return this.grow(8);
  }

  /** A config entry of the controller whose value has `bytes`, at most 4 that are not zero. */
  config(id: u32, type: GraphConfigType, value: i32, bytes: u32): GraphBuilder {
    const entry = this.at + this.length;
    store<u8>(entry, GRAPH_CONTROLLER, GRAPH_CONFIG_ADDRESS);
    store<u8>(entry, type, GRAPH_CONFIG_TYPE);
    store<u16>(entry, id, GRAPH_CONFIG_ID);
    store<u16>(entry, bytes, GRAPH_CONFIG_LENGTH);
    if (bytes > 0) store<i32>(entry, value, 8);
    this.count(GRAPH_CONFIGS_OFFSET);
    return this.grow(8 + ((bytes + 3) & ~3));
  }

  private count(offset: usize): void {
    store<u8>(this.at + offset, load<u8>(this.at + offset) + 1);
  }

  private grow(bytes: i32): GraphBuilder {
    this.length += bytes;
    store<u16>(this.at, this.length, GRAPH_LENGTH_OFFSET);
    return this;
  }
}
