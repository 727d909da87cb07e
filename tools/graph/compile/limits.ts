/** Where a graph is to find room: on a device, or in the same engine on a computer, which holds more. */
import * as device from "../../../runtime/contract/graph-limits.ts";
import * as computer from "../engine/graph-limits.ts";

export type GraphRoom = "device" | "computer";
type GraphLimits = Readonly<Record<keyof typeof device, number>>;

export const GRAPH_ROOMS: Readonly<Record<GraphRoom, GraphLimits>> = { device, computer };
