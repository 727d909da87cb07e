/** What can only be checked when the whole graph is known: streamers named by number, streams that nothing writes, limits. */

import { GRAPH_ALL_IDS, GraphStreamType } from "../../../runtime/contract/graph-format.ts";
import { measureGraph } from "../binary/encode.ts";
import { type Fault, lineOf, type Place } from "../faults.ts";
import type { Statement } from "../language/syntax.ts";
import { type GraphModel, type GraphNode, inputsOf } from "../model.ts";
import { idOf, isSystem, streamText, typeOf } from "../streams.ts";
import type { Draft, DraftNode } from "./draft.ts";
import { GRAPH_ROOMS, type GraphRoom } from "./limits.ts";
import { findCycle, isRoot } from "./links.ts";

type Placed = GraphNode & { readonly from?: Place };

/** Contributors that a message names. */
const CONTRIBUTORS_MAX = 3;

export function checkStreamers(draft: Draft): void {
  const count = draft.streamers.length;
  for (const { index, at } of draft.streamerUses) {
    if (index < count) continue;
    const known = count === 0 ? "there are no streamers" : `streamers are numbered from 0 to ${count - 1}`;
    draft.fault(`there is no streamer ${index}: ${known}`, at);
  }
}

/** Says what will never happen in a graph that is not wrong. */
export function warnOfSilence(draft: Draft, live: readonly DraftNode[]): void {
  const written = new Set(draft.nodes.map(({ output }) => output));
  const silent = (stream: number) => !isFed(stream) && !written.has(stream);
  const told = new Set<number | Place>();
  for (const node of draft.nodes) {
    for (const { stream } of inputsOf(node)) {
      if (!silent(stream) || told.has(stream) || node.from === undefined) continue;
      told.add(stream);
      draft.warn(`nothing writes ${streamText(stream)}`, node.from);
    }
  }
  draft.streamers.forEach(({ selector }, index) => {
    const at = draft.streamerPlaces[index];
    if (at === undefined || idOf(selector) === GRAPH_ALL_IDS || !silent(selector)) return;
    draft.warn(`nothing writes ${streamText(selector)}: this streamer never sends`, at);
  });
  const running = new Set(live);
  for (const node of draft.nodes) {
    if (running.has(node) || node.from === undefined || told.has(node.from)) continue;
    told.add(node.from);
    draft.warn(
      isLatch(node) ? `nothing writes ${streamText(node.a.stream)}: this condition never changes` : NEVER,
      node.from,
    );
  }
  const cycle = findCycle(live);
  if (cycle?.from !== undefined) {
    draft.warn(`${streamText(cycle.output)} leads back to itself: the device cuts such a chain off`, cycle.from);
  }
}

const NEVER = "this never runs: no input leads to it";

function isLatch({ a, output }: GraphNode): boolean {
  return typeOf(a.stream) === GraphStreamType.Constant && typeOf(output) === GraphStreamType.Constant;
}

/** Comes from outside, or from the device. */
function isFed(stream: number): boolean {
  const type = typeOf(stream);
  return isSystem(stream) || type === GraphStreamType.Input || type === GraphStreamType.Constant;
}

/** What of a graph there is no room for, with the statements that take most. */
export function limitFaults(
  room: GraphRoom,
  model: GraphModel,
  nodes: readonly Placed[],
  statements: readonly Statement[],
  source: string,
): Fault[] {
  const limits = GRAPH_ROOMS[room];
  const at = statements[0]?.at ?? { offset: 0, length: 1 };
  const roots = nodes.filter(isRoot);
  const { sizeBytes, constants } = measureGraph(model);
  const faults: Fault[] = [];
  const limit = (count: number, most: number, what: string, makers: readonly Placed[]) => {
    if (count <= most) return;
    const message = `the graph takes ${count} ${what}, and a ${room} has room for ${most}`;
    faults.push({ message: `${message}${contributors(makers, statements, source)}`, at });
  };
  limit(nodes.length, limits.GRAPH_NODES_MAX, "nodes", nodes);
  limit(roots.length, limits.GRAPH_ROOTS_MAX, "nodes that read inputs", roots);
  limit(model.streamers.length, limits.GRAPH_STREAMERS_MAX, "streamers", []);
  const stored = new Set(constants.map(({ stream }) => stream));
  const constant = ({ stream }: { stream: number }) => stored.has(stream);
  limit(
    constants.length,
    limits.GRAPH_CONSTANTS_MAX,
    "constants",
    nodes.filter((node) => inputsOf(node).some(constant)),
  );
  limit(sizeBytes, limits.GRAPH_MAX_BYTES, "bytes", nodes);
  return faults;
}

/** As "; most are for line 12 (9), line 3 (4)". */
function contributors(nodes: readonly Placed[], statements: readonly Statement[], source: string): string {
  const counts = statements.map(({ at }, index) => {
    const end = statements[index + 1]?.at.offset ?? Number.POSITIVE_INFINITY;
    const within = (node: Placed) => node.from !== undefined && node.from.offset >= at.offset && node.from.offset < end;
    return { at, count: nodes.filter(within).length };
  });
  const largest = counts
    .filter(({ count }) => count > 0)
    .sort((a, b) => b.count - a.count)
    .slice(0, CONTRIBUTORS_MAX);
  if (largest.length === 0) return "";
  return `; most are for ${largest.map(({ at, count }) => `line ${lineOf(source, at.offset)} (${count})`).join(", ")}`;
}
