/**
 * A compiled sensor graph: what `tools/graph` makes and `runtime/device/graph` runs. Little-endian; every part begins at a
 * multiple of 4. How much there may be of each: graph-limits.ts.
 *
 * | offset | size | what |
 * |---|---|---|
 * | 0 | 4 | magic, the bytes `LGPH` |
 * | 4 | 1 | version of this form, 1 |
 * | 5 | 1 | nodes, at most GRAPH_NODES_MAX |
 * | 6 | 1 | streamers, at most GRAPH_STREAMERS_MAX |
 * | 7 | 1 | constants, at most GRAPH_CONSTANTS_MAX |
 * | 8 | 2 | config entries |
 * | 10 | 2 | length of the whole, bytes, at most GRAPH_MAX_BYTES |
 * | 12 | 20 each | nodes, in the order in which the statements made them, not sorted: whom a node wakes is visited in this order, which decides what is called and sent first |
 * | | 8 each | streamers |
 * | | 8 each | constants: u16 stream of type Constant, u16 zero, i32 value |
 * | | 8 and more each | config entries: u8 address, u8 GraphConfigType, u16 id, u16 bytes of the value, u16 zero, the value filled up with zeros |
 *
 * A node, whose fields and codes are those of IOTile's binary node descriptor:
 *
 * | offset | size | what |
 * |---|---|---|
 * | 0 | 4 | reference of the trigger of input A, i32 |
 * | 4 | 4 | reference of the trigger of input B, i32 |
 * | 8 | 2 | output stream |
 * | 10 | 2 | stream of input A |
 * | 12 | 2 | stream of input B, GRAPH_NO_STREAM without one |
 * | 14 | 1 | GraphFunction |
 * | 15 | 1 | trigger of input A: GraphOperator << 1, plus 1 when it looks at the count and not at the value |
 * | 16 | 1 | trigger of input B |
 * | 17 | 1 | GraphCombiner |
 * | 18 | 2 | zero |
 *
 * Two rules beyond IOTile's engine. CopyLatest with GraphCombiner.Or copies the input that fired, A if both have, and takes all
 * of both. A node whose input A is a counter of the compiler (user id GRAPH_COMPILER_ID and above) that is always triggered, and
 * B a constant, is a gate: what is written to the constant does not wake it, so that an opening gate lets no tick of the time
 * before through.
 *
 * A streamer:
 *
 * | offset | size | what |
 * |---|---|---|
 * | 0 | 2 | selector: a stream; id GRAPH_ALL_IDS selects all of its type, of users or of the system; with GRAPH_SELECT_MORE set user and break streams, or user and system ones |
 * | 2 | 1 | address of the receiver, GRAPH_CONTROLLER for the server |
 * | 3 | 1 | GraphStreamerFlag bits |
 * | 4 | 1 | streamer that this one goes along with, GRAPH_NO_STREAMER without one |
 * | 5 | 3 | zero |
 *
 * A stream has 16 bits: GraphStreamType << 12 | system << 11 | id.
 */
export const GRAPH_MAGIC = 0x4850474c;
export const GRAPH_VERSION = 1;
export const GRAPH_VERSION_OFFSET = 4;
export const GRAPH_NODES_OFFSET = 5;
export const GRAPH_STREAMERS_OFFSET = 6;
export const GRAPH_CONSTANTS_OFFSET = 7;
export const GRAPH_CONFIGS_OFFSET = 8;
export const GRAPH_LENGTH_OFFSET = 10;
export const GRAPH_HEADER_BYTES = 12;

export const GRAPH_NODE_BYTES = 20;
export const GRAPH_NODE_REFERENCE_A = 0;
export const GRAPH_NODE_REFERENCE_B = 4;
export const GRAPH_NODE_OUTPUT = 8;
export const GRAPH_NODE_INPUT_A = 10;
export const GRAPH_NODE_INPUT_B = 12;
export const GRAPH_NODE_FUNCTION = 14;
export const GRAPH_NODE_TRIGGER_A = 15;
export const GRAPH_NODE_TRIGGER_B = 16;
export const GRAPH_NODE_COMBINER = 17;

export const GRAPH_STREAMER_BYTES = 8;
export const GRAPH_STREAMER_SELECTOR = 0;
export const GRAPH_STREAMER_RECEIVER = 2;
export const GRAPH_STREAMER_FLAGS = 3;
export const GRAPH_STREAMER_WITH = 4;

export const GRAPH_CONSTANT_BYTES = 8;
export const GRAPH_CONSTANT_STREAM = 0;
export const GRAPH_CONSTANT_VALUE = 4;

/** Bytes of a config entry before its value. */
export const GRAPH_CONFIG_BYTES = 8;
export const GRAPH_CONFIG_ADDRESS = 0;
export const GRAPH_CONFIG_TYPE = 1;
export const GRAPH_CONFIG_ID = 2;
export const GRAPH_CONFIG_LENGTH = 4;

export const GRAPH_NO_STREAM = 0xffff;
export const GRAPH_NO_STREAMER = 0xff;
/** Address of `controller`; `slot N` has GRAPH_FIRST_SLOT + N. */
export const GRAPH_CONTROLLER = 8;
export const GRAPH_FIRST_SLOT = 10;
export const GRAPH_SLOT_MAX = 31;

export const GRAPH_TYPE_SHIFT = 12;
export const GRAPH_SYSTEM_BIT = 0x800;
export const GRAPH_ALL_IDS = 0x7ff;
export const GRAPH_SELECT_MORE = 0x8000;
/** Ids from here on are given out by the compiler. */
export const GRAPH_COMPILER_ID = 1024;

export enum GraphStreamType {
  Buffered = 0,
  Unbuffered = 1,
  Constant = 2,
  Input = 3,
  Counter = 4,
  Output = 5,
}

export enum GraphFunction {
  CopyLatest = 0,
  Average = 1,
  CopyAll = 2,
  Sum = 3,
  CopyCount = 4,
  TriggerStreamer = 5,
  Call = 6,
  /** b - a */
  Subtract = 7,
}

export enum GraphOperator {
  Greater = 0,
  Less = 1,
  GreaterOrEqual = 2,
  LessOrEqual = 3,
  Equal = 4,
  Always = 5,
}

export enum GraphCombiner {
  And = 0,
  Or = 1,
}

export enum GraphStreamerFlag {
  /** Waits for `trigger streamer`, or for the streamer that it goes along with. */
  Manual = 1,
  /** HMAC-SHA256 with the device's secret. */
  Signed = 2,
  Encrypted = 4,
  Realtime = 8,
  Broadcast = 16,
}

export enum GraphConfigType {
  Uint8 = 0,
  Int8 = 1,
  Uint16 = 2,
  Int16 = 3,
  Uint32 = 4,
  Int32 = 5,
  Text = 6,
  Binary = 7,
  /** Added to the type of an element: an array of these. */
  Array = 8,
}

/** System inputs that the engine's clock feeds. */
export const GRAPH_STREAM_BATTERY = 0x3800;
export const GRAPH_STREAM_TICK_10S = 0x3802;
export const GRAPH_STREAM_TICK_FAST = 0x3803;
export const GRAPH_STREAM_TICK_1 = 0x3805;
export const GRAPH_STREAM_TICK_2 = 0x3806;
/** Config ids of the controller that hold the periods of the ticks, seconds; 0 or absent = the tick is off. */
export const GRAPH_CONFIG_TICK_FAST_S = 0x2000;
export const GRAPH_CONFIG_TICK_1_S = 0x2002;
export const GRAPH_CONFIG_TICK_2_S = 0x2003;

/** Why a device does not take a graph. Numbers are never reused. */
export enum GraphRefusal {
  None = 0,
  /** Cut off, longer than it says, or longer than GRAPH_MAX_BYTES. */
  Length = 1,
  /** Magic or version. */
  Format = 2,
  TooManyNodes = 3,
  TooManyRoots = 4,
  TooManyStreamers = 5,
  TooManyConstants = 6,
  /** A function, operator, combiner, type or flag that is none. */
  Code = 7,
  /** A stream that cannot stand there: no such type, all ids, or a second input missing where the function takes from it. */
  Stream = 8,
  /** A config entry whose length does not fit its type. */
  Config = 9,
  /** A node that nothing leads to: it would never run. */
  Unreachable = 10,
  /** The engine has no memory for what the inputs would hold. */
  Memory = 11,
  /** A config entry or a call that this product does not know. */
  Unknown = 12,
  /** The flash does not read back what was written. */
  NotWritten = 13,
  /** A pin that is none, that cannot do what the sensor needs, or that two slots want. */
  Pin = 14,
  /** A streamer that the product does not know how to serve: encrypted, realtime, broadcast, or not to the server. */
  Streamer = 15,
  /** A signed streamer on a device that has no secret. */
  Secret = 16,
  /** A config value that is missing, no number, or out of its range. */
  Value = 17,
}
