/**
 * What the engine of sensor graphs has room for on a computer: as much as the compiled form can say, so that graphs which no
 * device takes, as many plain ones, can be run too. Compiled in the place of runtime/contract/graph-limits.ts.
 */

/** Its length has 16 bits. */
export const GRAPH_MAX_BYTES = 0xffff;
/** Their number has 8 bits. */
export const GRAPH_NODES_MAX = 255;
export const GRAPH_ROOTS_MAX = 255;
/** A bit of a word each. */
export const GRAPH_STREAMERS_MAX = 32;
export const GRAPH_CONSTANTS_MAX = 255;
/** As many as IOTile's simulator has in its storage of buffered streams. */
export const GRAPH_READINGS_MAX = 16128;
/** For a node as many as on a device. */
export const GRAPH_VISITS_MAX = 4080;
export const GRAPH_QUEUE_MAX = 2048;
