/** A graph as a device takes it (runtime/contract/graph-format.ts). */
import * as format from "../../../runtime/contract/graph-format.ts";
import { configTypeText, numberBytes } from "../compile/config-values.ts";
import {
  ALWAYS,
  type GraphConfig,
  type GraphConstant,
  type GraphModel,
  type GraphNode,
  type GraphTrigger,
} from "../model.ts";
import { isCompilerMade } from "../streams.ts";

export interface GraphMeasure {
  readonly sizeBytes: number;
  /** Constants that are written: one of the compiler that is 0 need not be, for all are 0 at first. */
  readonly constants: readonly GraphConstant[];
}

export function measureGraph(model: GraphModel): GraphMeasure {
  const constants = model.constants.filter(({ stream, value }) => value !== 0 || !isCompilerMade(stream));
  const configBytes = model.config.map((config) => format.GRAPH_CONFIG_BYTES + padded(valueBytes(config).length));
  const sizeBytes =
    format.GRAPH_HEADER_BYTES +
    model.nodes.length * format.GRAPH_NODE_BYTES +
    model.streamers.length * format.GRAPH_STREAMER_BYTES +
    constants.length * format.GRAPH_CONSTANT_BYTES +
    configBytes.reduce((sum, bytes) => sum + bytes, 0);
  return { sizeBytes, constants };
}

/** Of a graph that is within its limits, as all that compileGraph gives are. */
export function encodeGraph(model: GraphModel): Uint8Array {
  const { sizeBytes, constants } = measureGraph(model);
  const bytes = Buffer.alloc(sizeBytes);
  bytes.writeUInt32LE(format.GRAPH_MAGIC, 0);
  bytes.writeUInt8(format.GRAPH_VERSION, format.GRAPH_VERSION_OFFSET);
  bytes.writeUInt8(model.nodes.length, format.GRAPH_NODES_OFFSET);
  bytes.writeUInt8(model.streamers.length, format.GRAPH_STREAMERS_OFFSET);
  bytes.writeUInt8(constants.length, format.GRAPH_CONSTANTS_OFFSET);
  bytes.writeUInt16LE(model.config.length, format.GRAPH_CONFIGS_OFFSET);
  bytes.writeUInt16LE(sizeBytes, format.GRAPH_LENGTH_OFFSET);
  let offset = format.GRAPH_HEADER_BYTES;
  const put = (part: Uint8Array) => {
    bytes.set(part, offset);
    offset += part.length;
  };
  for (const node of model.nodes) put(encodeNode(node));
  for (const { selector, receiver, flags, along } of model.streamers) {
    const part = Buffer.alloc(format.GRAPH_STREAMER_BYTES);
    part.writeUInt16LE(selector, format.GRAPH_STREAMER_SELECTOR);
    part.writeUInt8(receiver, format.GRAPH_STREAMER_RECEIVER);
    part.writeUInt8(flags, format.GRAPH_STREAMER_FLAGS);
    part.writeUInt8(along ?? format.GRAPH_NO_STREAMER, format.GRAPH_STREAMER_WITH);
    put(part);
  }
  for (const { stream, value } of constants) {
    const part = Buffer.alloc(format.GRAPH_CONSTANT_BYTES);
    part.writeUInt16LE(stream, format.GRAPH_CONSTANT_STREAM);
    part.writeInt32LE(value, format.GRAPH_CONSTANT_VALUE);
    put(part);
  }
  for (const config of model.config) put(encodeConfig(config));
  return Uint8Array.from(bytes);
}

/** The 20 bytes of IOTile's binary node descriptor. */
export function encodeNode({ a, b, combiner, output, function: fn }: GraphNode): Uint8Array {
  const part = Buffer.alloc(format.GRAPH_NODE_BYTES);
  part.writeInt32LE(a.trigger.reference, format.GRAPH_NODE_REFERENCE_A);
  part.writeInt32LE(b?.trigger.reference ?? 0, format.GRAPH_NODE_REFERENCE_B);
  part.writeUInt16LE(output, format.GRAPH_NODE_OUTPUT);
  part.writeUInt16LE(a.stream, format.GRAPH_NODE_INPUT_A);
  part.writeUInt16LE(b?.stream ?? format.GRAPH_NO_STREAM, format.GRAPH_NODE_INPUT_B);
  part.writeUInt8(fn, format.GRAPH_NODE_FUNCTION);
  part.writeUInt8(triggerCode(a.trigger), format.GRAPH_NODE_TRIGGER_A);
  part.writeUInt8(triggerCode(b?.trigger ?? ALWAYS), format.GRAPH_NODE_TRIGGER_B);
  part.writeUInt8(combiner, format.GRAPH_NODE_COMBINER);
  return part;
}

function triggerCode({ operator, onCount }: GraphTrigger): number {
  return (operator << 1) | (onCount ? 1 : 0);
}

function encodeConfig(config: GraphConfig): Uint8Array {
  const value = valueBytes(config);
  const part = Buffer.alloc(format.GRAPH_CONFIG_BYTES + padded(value.length));
  part.writeUInt8(config.address, format.GRAPH_CONFIG_ADDRESS);
  part.writeUInt8(config.type, format.GRAPH_CONFIG_TYPE);
  part.writeUInt16LE(config.id, format.GRAPH_CONFIG_ID);
  part.writeUInt16LE(value.length, format.GRAPH_CONFIG_LENGTH);
  part.set(value, format.GRAPH_CONFIG_BYTES);
  return part;
}

function valueBytes({ type, value }: GraphConfig): Uint8Array {
  if (typeof value === "string") return Buffer.from(value, "utf8");
  if (value instanceof Uint8Array) return value;
  const size = numberBytes(type);
  const numbers = typeof value === "number" ? [value] : value;
  const part = Buffer.alloc(numbers.length * size);
  const signed = (type & 1) !== 0;
  numbers.forEach((number, index) => {
    if (!Number.isInteger(number)) throw new Error(`${configTypeText(type)} of ${number}`);
    if (signed) part.writeIntLE(number, index * size, size);
    else part.writeUIntLE(number, index * size, size);
  });
  return part;
}

export function padded(sizeBytes: number): number {
  return (sizeBytes + 3) & ~3;
}
