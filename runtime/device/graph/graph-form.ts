/** Where things are in a compiled graph (contract/graph-format.ts) that was found to be right. */
import {
  GRAPH_CONFIG_ADDRESS,
  GRAPH_CONFIG_BYTES,
  GRAPH_CONFIG_ID,
  GRAPH_CONFIG_LENGTH,
  GRAPH_CONFIG_TYPE,
  GRAPH_CONFIGS_OFFSET,
  GRAPH_CONSTANT_BYTES,
  GRAPH_CONSTANTS_OFFSET,
  GRAPH_HEADER_BYTES,
  GRAPH_NODE_BYTES,
  GRAPH_NODE_INPUT_A,
  GRAPH_NODES_OFFSET,
  GRAPH_STREAMER_BYTES,
  GRAPH_STREAMERS_OFFSET,
  GRAPH_TYPE_SHIFT,
  GraphConfigType,
  GraphStreamType,
} from "../../contract/graph-format.ts";

export function nodeCount(graph: usize): i32 {
  return load<u8>(graph, GRAPH_NODES_OFFSET);
}

export function nodeAt(graph: usize, node: u32): usize {
  return graph + GRAPH_HEADER_BYTES + node * GRAPH_NODE_BYTES;
}

/** The stream of an input of a node: `side` is 0 for A, 1 for B. */
export function inputStream(node: usize, side: u32): u32 {
  return load<u16>(node + (side << 1), GRAPH_NODE_INPUT_A);
}

export function streamerCount(graph: usize): i32 {
  return load<u8>(graph, GRAPH_STREAMERS_OFFSET);
}

export function streamersAt(graph: usize): usize {
  return nodeAt(graph, nodeCount(graph));
}

export function constantCount(graph: usize): i32 {
  return load<u8>(graph, GRAPH_CONSTANTS_OFFSET);
}

export function constantsAt(graph: usize): usize {
  return streamersAt(graph) + streamerCount(graph) * GRAPH_STREAMER_BYTES;
}

export function configsAt(graph: usize): usize {
  return constantsAt(graph) + constantCount(graph) * GRAPH_CONSTANT_BYTES;
}

/** Bytes of a config entry, its value filled up. */
export function configBytes(entry: usize): u32 {
  return GRAPH_CONFIG_BYTES + ((load<u16>(entry, GRAPH_CONFIG_LENGTH) + 3) & ~3);
}

/** The config entry for `address` and `id`; the last of several, 0 = none. */
export function findConfig(graph: usize, address: u32, id: u32): usize {
  let found: usize = 0;
  let entry = configsAt(graph);
  for (let rest: i32 = load<u16>(graph, GRAPH_CONFIGS_OFFSET); rest > 0; rest--) {
    if (load<u8>(entry, GRAPH_CONFIG_ADDRESS) == address && load<u16>(entry, GRAPH_CONFIG_ID) == id) found = entry;
    entry += configBytes(entry);
  }
  return found;
}

/** The value of a config entry that is one number; any other has `otherwise`. */
export function configNumber(entry: usize, otherwise: i32): i32 {
  if (entry == 0) return otherwise;
  const type: u32 = load<u8>(entry, GRAPH_CONFIG_TYPE);
  const word = load<i32>(entry, GRAPH_CONFIG_BYTES);
  if (type > <u32>GraphConfigType.Int32) return otherwise;
  if (type >= <u32>GraphConfigType.Uint32) return word;
  // The value is filled up with zeros, so only a sign is missing.
  if (type == GraphConfigType.Int8) return (word << 24) >> 24;
  return type == GraphConfigType.Int16 ? (word << 16) >> 16 : word;
}

/** Readings of these streams are kept one behind the other. */
export function isLog(stream: u32): bool {
  const type = stream >> GRAPH_TYPE_SHIFT;
  return type == GraphStreamType.Buffered || type == GraphStreamType.Output;
}
