/** A compiled graph back to a model; what no device takes is refused, with the reason that a device would give. */

import * as format from "../../../runtime/contract/graph-format.ts";
import {
  GraphCombiner,
  GraphConfigType,
  GraphFunction,
  GraphOperator,
  GraphRefusal,
} from "../../../runtime/contract/graph-format.ts";
import {
  GRAPH_CONSTANTS_MAX,
  GRAPH_MAX_BYTES,
  GRAPH_NODES_MAX,
  GRAPH_ROOTS_MAX,
  GRAPH_STREAMERS_MAX,
} from "../../../runtime/contract/graph-limits.ts";
import { numberBytes } from "../compile/config-values.ts";
import { isRoot, reachable } from "../compile/links.ts";
import type {
  ConfigValue,
  GraphConfig,
  GraphConstant,
  GraphInput,
  GraphModel,
  GraphNode,
  GraphStreamer,
} from "../model.ts";
import { isLog, isSlotAddress, STREAM_TYPES, typeOf } from "../streams.ts";
import { padded } from "./encode.ts";

export class GraphRefused extends Error {
  readonly refusal: GraphRefusal;

  constructor(refusal: GraphRefusal, message: string) {
    super(message);
    this.refusal = refusal;
  }
}

/** All bits of GraphStreamerFlag. */
const FLAGS_MASK = 0x1f;

export function decodeGraph(bytes: Uint8Array): GraphModel {
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  const counts = readHeader(view);
  const nodesEnd = format.GRAPH_HEADER_BYTES + counts.nodes * format.GRAPH_NODE_BYTES;
  const streamersEnd = nodesEnd + counts.streamers * format.GRAPH_STREAMER_BYTES;
  const constantsEnd = streamersEnd + counts.constants * format.GRAPH_CONSTANT_BYTES;
  if (constantsEnd > view.length) throw refused(GraphRefusal.Length, "it ends before its parts do");
  const parts = (from: number, count: number, size: number) =>
    Array.from({ length: count }, (_, index) => view.subarray(from + index * size, from + (index + 1) * size));
  const nodes = parts(format.GRAPH_HEADER_BYTES, counts.nodes, format.GRAPH_NODE_BYTES).map(readNode);
  if (nodes.filter(isRoot).length > GRAPH_ROOTS_MAX) throw refused(GraphRefusal.TooManyRoots, "it has too many roots");
  const streamers = parts(nodesEnd, counts.streamers, format.GRAPH_STREAMER_BYTES).map((part) =>
    readStreamer(part, counts.streamers),
  );
  const constants = parts(streamersEnd, counts.constants, format.GRAPH_CONSTANT_BYTES).map(readConstant);
  const config = readConfigs(view.subarray(constantsEnd), counts.configs);
  if (reachable(nodes).length < nodes.length)
    throw refused(GraphRefusal.Unreachable, "a node is one that no input leads to");
  return {
    nodes,
    listed: nodes.map((_, index) => index),
    streamers,
    constants,
    config,
    meta: {},
    warnings: [],
    beyondDevice: [],
  };
}

function readHeader(view: Buffer) {
  if (view.length < format.GRAPH_HEADER_BYTES || view.length > GRAPH_MAX_BYTES) {
    throw refused(
      GraphRefusal.Length,
      `it has ${view.length} bytes, not ${format.GRAPH_HEADER_BYTES} to ${GRAPH_MAX_BYTES}`,
    );
  }
  const version = view.readUInt8(format.GRAPH_VERSION_OFFSET);
  if (view.readUInt32LE(0) !== format.GRAPH_MAGIC) throw refused(GraphRefusal.Format, "it is no compiled graph");
  if (version !== format.GRAPH_VERSION)
    throw refused(GraphRefusal.Format, `its version is ${version}, not ${format.GRAPH_VERSION}`);
  const said = view.readUInt16LE(format.GRAPH_LENGTH_OFFSET);
  if (said !== view.length) throw refused(GraphRefusal.Length, `it says ${said} bytes and has ${view.length}`);
  const count = (offset: number, most: number, refusal: GraphRefusal, what: string) => {
    const found = view.readUInt8(offset);
    if (found > most) throw refused(refusal, `it has ${found} ${what}, more than ${most}`);
    return found;
  };
  return {
    nodes: count(format.GRAPH_NODES_OFFSET, GRAPH_NODES_MAX, GraphRefusal.TooManyNodes, "nodes"),
    streamers: count(
      ...([format.GRAPH_STREAMERS_OFFSET, GRAPH_STREAMERS_MAX, GraphRefusal.TooManyStreamers, "streamers"] as const),
    ),
    constants: count(
      ...([format.GRAPH_CONSTANTS_OFFSET, GRAPH_CONSTANTS_MAX, GraphRefusal.TooManyConstants, "constants"] as const),
    ),
    configs: view.readUInt16LE(format.GRAPH_CONFIGS_OFFSET),
  };
}

function readNode(part: Buffer): GraphNode {
  const fn = part.readUInt8(format.GRAPH_NODE_FUNCTION);
  const combiner = part.readUInt8(format.GRAPH_NODE_COMBINER);
  if (GraphFunction[fn] === undefined) throw refused(GraphRefusal.Code, `there is no function ${fn}`);
  if (GraphCombiner[combiner] === undefined) throw refused(GraphRefusal.Code, `there is no combiner ${combiner}`);
  if (part.readUInt16LE(format.GRAPH_NODE_COMBINER + 1) !== 0)
    throw refused(GraphRefusal.Code, "a node ends with other than zeros");
  const output = checkStream(part.readUInt16LE(format.GRAPH_NODE_OUTPUT));
  if (typeOf(output) === format.GraphStreamType.Input) throw refused(GraphRefusal.Stream, "a node writes an input");
  const a = readInput(part, format.GRAPH_NODE_INPUT_A, format.GRAPH_NODE_TRIGGER_A, format.GRAPH_NODE_REFERENCE_A);
  const none = part.readUInt16LE(format.GRAPH_NODE_INPUT_B) === format.GRAPH_NO_STREAM;
  const node = { a, combiner, function: fn, output };
  if (none) {
    if (fn >= GraphFunction.TriggerStreamer) throw refused(GraphRefusal.Stream, "a function of two inputs has one");
    return node;
  }
  const b = readInput(part, format.GRAPH_NODE_INPUT_B, format.GRAPH_NODE_TRIGGER_B, format.GRAPH_NODE_REFERENCE_B);
  return { ...node, b };
}

function readInput(part: Buffer, streamAt: number, triggerAt: number, referenceAt: number): GraphInput {
  const code = part.readUInt8(triggerAt);
  const operator = code >> 1;
  if (GraphOperator[operator] === undefined) throw refused(GraphRefusal.Code, `there is no operator ${operator}`);
  const trigger = { operator, onCount: (code & 1) !== 0, reference: part.readInt32LE(referenceAt) };
  return { stream: checkStream(part.readUInt16LE(streamAt)), trigger };
}

function checkStream(stream: number): number {
  const wild = (stream & format.GRAPH_ALL_IDS) === format.GRAPH_ALL_IDS;
  if (stream & format.GRAPH_SELECT_MORE || wild || typeOf(stream) >= STREAM_TYPES.length) {
    throw refused(GraphRefusal.Stream, `0x${stream.toString(16)} is no stream`);
  }
  return stream;
}

function readStreamer(part: Buffer, count: number): GraphStreamer {
  const selector = part.readUInt16LE(format.GRAPH_STREAMER_SELECTOR);
  const receiver = part.readUInt8(format.GRAPH_STREAMER_RECEIVER);
  const flags = part.readUInt8(format.GRAPH_STREAMER_FLAGS);
  const along = part.readUInt8(format.GRAPH_STREAMER_WITH);
  if ((selector & format.GRAPH_ALL_IDS) !== format.GRAPH_ALL_IDS) checkStream(selector);
  else if (!isLog(selector)) throw refused(GraphRefusal.Stream, "a streamer selects streams that are not kept");
  if (!isSlotAddress(receiver)) throw refused(GraphRefusal.Code, `there is no tile at address ${receiver}`);
  if (flags & ~FLAGS_MASK) throw refused(GraphRefusal.Code, `there are no streamer flags 0x${flags.toString(16)}`);
  if (part.readUInt16LE(5) !== 0 || part.readUInt8(7) !== 0)
    throw refused(GraphRefusal.Code, "a streamer ends with other than zeros");
  if (along === format.GRAPH_NO_STREAMER) return { selector, receiver, flags };
  if (along >= count) throw refused(GraphRefusal.Code, `there is no streamer ${along}`);
  return { selector, receiver, flags, along };
}

function readConstant(part: Buffer): GraphConstant {
  const stream = checkStream(part.readUInt16LE(format.GRAPH_CONSTANT_STREAM));
  if (typeOf(stream) !== format.GraphStreamType.Constant || part.readUInt16LE(2) !== 0) {
    throw refused(GraphRefusal.Stream, `0x${stream.toString(16)} is no constant`);
  }
  return { stream, value: part.readInt32LE(format.GRAPH_CONSTANT_VALUE) };
}

function readConfigs(view: Buffer, count: number): GraphConfig[] {
  const configs: GraphConfig[] = [];
  let offset = 0;
  for (let index = 0; index < count; index++) {
    if (offset + format.GRAPH_CONFIG_BYTES > view.length)
      throw refused(GraphRefusal.Length, "it ends before its config does");
    const part = view.subarray(offset);
    const length = part.readUInt16LE(format.GRAPH_CONFIG_LENGTH);
    offset += format.GRAPH_CONFIG_BYTES + padded(length);
    if (offset > view.length) throw refused(GraphRefusal.Length, "it ends before its config does");
    configs.push(readConfig(part, length));
  }
  if (offset !== view.length) throw refused(GraphRefusal.Length, "it is longer than its parts");
  return configs;
}

function readConfig(part: Buffer, length: number): GraphConfig {
  const address = part.readUInt8(format.GRAPH_CONFIG_ADDRESS);
  const type = part.readUInt8(format.GRAPH_CONFIG_TYPE);
  const id = part.readUInt16LE(format.GRAPH_CONFIG_ID);
  const value = part.subarray(format.GRAPH_CONFIG_BYTES, format.GRAPH_CONFIG_BYTES + length);
  const rest = part.subarray(format.GRAPH_CONFIG_BYTES + length, format.GRAPH_CONFIG_BYTES + padded(length));
  if (
    !isSlotAddress(address) ||
    part.readUInt16LE(format.GRAPH_CONFIG_LENGTH + 2) !== 0 ||
    rest.some((byte) => byte !== 0)
  ) {
    throw refused(GraphRefusal.Config, "a config entry has no tile, or other than zeros where zeros are");
  }
  const element = type & ~GraphConfigType.Array;
  if (GraphConfigType[element] === undefined || type > GraphConfigType.Array + GraphConfigType.Int32) {
    throw refused(GraphRefusal.Code, `there is no config type ${type}`);
  }
  return { address, id, type, value: readValue(type, value) };
}

function readValue(type: GraphConfigType, value: Buffer): ConfigValue {
  if (type === GraphConfigType.Text) return value.toString("utf8");
  if (type === GraphConfigType.Binary) return Uint8Array.from(value);
  const size = numberBytes(type);
  const array = (type & GraphConfigType.Array) !== 0;
  if (array ? value.length % size !== 0 : value.length !== size) {
    throw refused(GraphRefusal.Config, `config of type ${type} has ${value.length} bytes`);
  }
  const numbers = Array.from({ length: value.length / size }, (_, index) =>
    type & 1 ? value.readIntLE(index * size, size) : value.readUIntLE(index * size, size),
  );
  return array ? numbers : (numbers[0] ?? 0);
}

function refused(refusal: GraphRefusal, what: string): GraphRefused {
  return new GraphRefused(refusal, `this graph is refused: ${what}`);
}
