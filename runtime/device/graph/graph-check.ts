/**
 * Whether bytes are a graph that the engine can run (contract/graph-format.ts). Everything that the engine, its streamers
 * and its clock rely on is looked at here, so that they need not look again. No byte beyond the length is read.
 */

import {
  GRAPH_ALL_IDS,
  GRAPH_CONFIG_ADDRESS,
  GRAPH_CONFIG_BYTES,
  GRAPH_CONFIG_LENGTH,
  GRAPH_CONFIG_TYPE,
  GRAPH_CONFIGS_OFFSET,
  GRAPH_CONSTANT_BYTES,
  GRAPH_CONTROLLER,
  GRAPH_FIRST_SLOT,
  GRAPH_HEADER_BYTES,
  GRAPH_LENGTH_OFFSET,
  GRAPH_MAGIC,
  GRAPH_NO_STREAM,
  GRAPH_NO_STREAMER,
  GRAPH_NODE_BYTES,
  GRAPH_NODE_COMBINER,
  GRAPH_NODE_FUNCTION,
  GRAPH_NODE_INPUT_B,
  GRAPH_NODE_OUTPUT,
  GRAPH_NODE_TRIGGER_A,
  GRAPH_NODE_TRIGGER_B,
  GRAPH_SELECT_MORE,
  GRAPH_SLOT_MAX,
  GRAPH_STREAMER_BYTES,
  GRAPH_STREAMER_FLAGS,
  GRAPH_STREAMER_RECEIVER,
  GRAPH_STREAMER_WITH,
  GRAPH_TYPE_SHIFT,
  GRAPH_VERSION,
  GRAPH_VERSION_OFFSET,
  GraphCombiner,
  GraphConfigType,
  GraphFunction,
  GraphOperator,
  GraphRefusal,
  GraphStreamerFlag,
  GraphStreamType,
} from "../../contract/graph-format.ts";
import {
  GRAPH_CONSTANTS_MAX,
  GRAPH_MAX_BYTES,
  GRAPH_NODES_MAX,
  GRAPH_ROOTS_MAX,
  GRAPH_STREAMERS_MAX,
} from "../../contract/graph-limits.ts";
import {
  configBytes,
  configsAt,
  constantCount,
  constantsAt,
  inputStream,
  isLog,
  nodeAt,
  nodeCount,
  streamerCount,
  streamersAt,
} from "./graph-form.ts";

/** Bits of a trigger below its operator. */
const OPERATOR_SHIFT = 1;
const STREAMER_FLAGS: u32 =
  GraphStreamerFlag.Manual |
  GraphStreamerFlag.Signed |
  GraphStreamerFlag.Encrypted |
  GraphStreamerFlag.Realtime |
  GraphStreamerFlag.Broadcast;
/** Where a node's and a streamer's fields end and their zeros begin, and what is not used of a constant. */
const NODE_ZEROS: usize = 18;
const STREAMER_ZEROS: usize = 5;
const CONSTANT_ZEROS: usize = 2;
const CONFIG_ZEROS: usize = 6;

/** `graph` is a multiple of 4. */
export function checkGraph(graph: usize, length: i32): GraphRefusal {
  if (length < GRAPH_HEADER_BYTES || length > GRAPH_MAX_BYTES) return GraphRefusal.Length;
  if (load<u32>(graph) != GRAPH_MAGIC || load<u8>(graph, GRAPH_VERSION_OFFSET) != GRAPH_VERSION) {
    return GraphRefusal.Format;
  }
  if (<i32>load<u16>(graph, GRAPH_LENGTH_OFFSET) != length) return GraphRefusal.Length;
  if (nodeCount(graph) > GRAPH_NODES_MAX) return GraphRefusal.TooManyNodes;
  if (streamerCount(graph) > GRAPH_STREAMERS_MAX) return GraphRefusal.TooManyStreamers;
  if (constantCount(graph) > GRAPH_CONSTANTS_MAX) return GraphRefusal.TooManyConstants;
  if (configsAt(graph) > graph + length) return GraphRefusal.Length;
  let refusal = checkNodes(graph);
  if (refusal == GraphRefusal.None) refusal = checkStreamers(graph);
  if (refusal == GraphRefusal.None) refusal = checkConstants(graph);
  if (refusal == GraphRefusal.None) refusal = checkConfigs(graph, graph + length);
  return refusal;
}

function checkNodes(graph: usize): GraphRefusal {
  const end = streamersAt(graph);
  let roots = 0;
  for (let node = nodeAt(graph, 0); node < end; node += GRAPH_NODE_BYTES) {
    const does: u32 = load<u8>(node, GRAPH_NODE_FUNCTION);
    if (does > <u32>GraphFunction.Subtract || load<u16>(node, NODE_ZEROS) != 0) return GraphRefusal.Code;
    if (load<u8>(node, GRAPH_NODE_COMBINER) > <u8>GraphCombiner.Or) return GraphRefusal.Code;
    if (!isTrigger(load<u8>(node, GRAPH_NODE_TRIGGER_A))) return GraphRefusal.Code;
    const output: u32 = load<u16>(node, GRAPH_NODE_OUTPUT);
    if (!isStream(output) || isInput(output) || !isStream(inputStream(node, 0))) return GraphRefusal.Stream;
    // Streamer, call and difference take something from B.
    const second: u32 = load<u16>(node, GRAPH_NODE_INPUT_B);
    const isMissing = second == GRAPH_NO_STREAM && does < <u32>GraphFunction.TriggerStreamer;
    if (!isMissing && !isStream(second)) return GraphRefusal.Stream;
    if (!isMissing && !isTrigger(load<u8>(node, GRAPH_NODE_TRIGGER_B))) return GraphRefusal.Code;
    if (isRoot(node)) roots++;
  }
  if (roots > GRAPH_ROOTS_MAX) return GraphRefusal.TooManyRoots;
  return areReached(graph) ? GraphRefusal.None : GraphRefusal.Unreachable;
}

function isTrigger(code: u32): bool {
  return code >> OPERATOR_SHIFT <= <u32>GraphOperator.Always;
}

function isStream(stream: u32): bool {
  return stream >> GRAPH_TYPE_SHIFT <= <u32>GraphStreamType.Output && (stream & GRAPH_ALL_IDS) != GRAPH_ALL_IDS;
}

export function isRoot(node: usize): bool {
  return isInput(inputStream(node, 0)) || isInput(inputStream(node, 1));
}

function isInput(stream: u32): bool {
  return stream >> GRAPH_TYPE_SHIFT == GraphStreamType.Input;
}

/** Each node is a root, or reads what one writes that is reached. A turn of the loop reaches another node or is the last. */
function areReached(graph: usize): bool {
  const count = nodeCount(graph);
  // A byte for each node: an input leads to it. Here, so that only programs that check graphs have it.
  const reached = memory.data(GRAPH_NODES_MAX);
  memory.fill(reached, 0, GRAPH_NODES_MAX);
  let left = count;
  let before: i32;
  do {
    before = left;
    for (let i = 0; i < count; i++) {
      if (load<u8>(reached + i) != 0) continue;
      const node = nodeAt(graph, i);
      if (!isRoot(node) && !isFed(graph, node, count, reached)) continue;
      store<u8>(reached + i, 1);
      left--;
    }
  } while (left != before);
  return left == 0;
}

function isFed(graph: usize, node: usize, count: i32, reached: usize): bool {
  for (let i = 0; i < count; i++) {
    if (load<u8>(reached + i) == 0) continue;
    const output: u32 = load<u16>(nodeAt(graph, i), GRAPH_NODE_OUTPUT);
    if (output == inputStream(node, 0) || output == inputStream(node, 1)) return true;
  }
  return false;
}

function checkStreamers(graph: usize): GraphRefusal {
  const count = streamerCount(graph);
  for (let i = 0; i < count; i++) {
    const streamer = streamersAt(graph) + i * GRAPH_STREAMER_BYTES;
    // Beyond one stream a selector takes all ids of a log, of one flag or of both.
    const selector: u32 = load<u16>(streamer);
    const isAll = (selector & GRAPH_ALL_IDS) == GRAPH_ALL_IDS;
    if (isAll ? !isLog(selector & ~GRAPH_SELECT_MORE) : !isStream(selector)) return GraphRefusal.Stream;
    const leader: i32 = load<u8>(streamer, GRAPH_STREAMER_WITH);
    if (
      !isTile(load<u8>(streamer, GRAPH_STREAMER_RECEIVER)) ||
      load<u8>(streamer, GRAPH_STREAMER_FLAGS) & ~STREAMER_FLAGS ||
      (leader >= count && leader != GRAPH_NO_STREAMER) ||
      load<u8>(streamer, STREAMER_ZEROS) != 0 ||
      load<u16>(streamer, STREAMER_ZEROS + 1) != 0
    ) {
      return GraphRefusal.Code;
    }
  }
  return GraphRefusal.None;
}

function isTile(address: i32): bool {
  return address == GRAPH_CONTROLLER || (address > GRAPH_FIRST_SLOT && address <= GRAPH_FIRST_SLOT + GRAPH_SLOT_MAX);
}

function checkConstants(graph: usize): GraphRefusal {
  const end = configsAt(graph);
  for (let constant = constantsAt(graph); constant < end; constant += GRAPH_CONSTANT_BYTES) {
    const stream: u32 = load<u16>(constant);
    if (!isStream(stream) || stream >> GRAPH_TYPE_SHIFT != GraphStreamType.Constant) return GraphRefusal.Stream;
    if (load<u16>(constant, CONSTANT_ZEROS) != 0) return GraphRefusal.Code;
  }
  return GraphRefusal.None;
}

function checkConfigs(graph: usize, end: usize): GraphRefusal {
  let entry = configsAt(graph);
  for (let rest: i32 = load<u16>(graph, GRAPH_CONFIGS_OFFSET); rest > 0; rest--) {
    if (entry + GRAPH_CONFIG_BYTES > end) return GraphRefusal.Length;
    const next = entry + configBytes(entry);
    if (next > end) return GraphRefusal.Length;
    if (!isTile(load<u8>(entry, GRAPH_CONFIG_ADDRESS)) || load<u16>(entry, CONFIG_ZEROS) != 0) {
      return GraphRefusal.Config;
    }
    const refusal = checkValue(load<u8>(entry, GRAPH_CONFIG_TYPE), load<u16>(entry, GRAPH_CONFIG_LENGTH));
    if (refusal != GraphRefusal.None) return refusal;
    // What fills the value up is zero, and a number is read with it.
    for (let at = entry + GRAPH_CONFIG_BYTES + load<u16>(entry, GRAPH_CONFIG_LENGTH); at < next; at++) {
      if (load<u8>(at) != 0) return GraphRefusal.Config;
    }
    entry = next;
  }
  return entry == end ? GraphRefusal.None : GraphRefusal.Length;
}

function checkValue(type: u32, length: u32): GraphRefusal {
  if (type == GraphConfigType.Text || type == GraphConfigType.Binary) return GraphRefusal.None;
  const isArray = type >= <u32>GraphConfigType.Array;
  const element = isArray ? type - GraphConfigType.Array : type;
  if (element > <u32>GraphConfigType.Int32) return GraphRefusal.Code;
  const elementBytes: u32 = 1 << (element >> 1);
  const isWhole = isArray ? (length & (elementBytes - 1)) == 0 : length == elementBytes;
  return isWhole ? GraphRefusal.None : GraphRefusal.Config;
}
