/**
 * What a device has room for of a sensor graph. The engine takes its tables' sizes from here; where it runs on a computer it is
 * built with tools/graph/engine/graph-limits.ts in the place of this file, which names the same.
 */

/** Largest compiled graph, bytes: it fits one message to the device (PAYLOAD_DOWN_MAX_BYTES). */
export const GRAPH_MAX_BYTES = 960;
export const GRAPH_NODES_MAX = 32;
/** Nodes with an `input` stream among their inputs. */
export const GRAPH_ROOTS_MAX = 8;
export const GRAPH_STREAMERS_MAX = 8;
export const GRAPH_CONSTANTS_MAX = 16;
/** Single readings of logs that are held, where a node wants each of them; then the oldest go. */
export const GRAPH_READINGS_MAX = 64;
/** Node visits, and copies, that one input can cause; a graph that runs in a circle is stopped here. */
export const GRAPH_VISITS_MAX = 512;
/** Nodes that can wait for their visit at once. */
export const GRAPH_QUEUE_MAX = 256;
