/** Where a graph has more constants than a device: those of the compiler that nobody writes, and that are the same, become one. */
import { GRAPH_CONSTANTS_MAX } from "../../../runtime/contract/graph-limits.ts";
import type { GraphInput } from "../model.ts";
import { isCompilerMade } from "../streams.ts";
import { inputConstants } from "./simplify.ts";
import type { RankedNode } from "./visits.ts";

export function shareConstants(
  nodes: readonly RankedNode[],
  constants: ReadonlyMap<number, number>,
): readonly RankedNode[] {
  const read = inputConstants(nodes);
  const stored = read.filter((stream) => !isCompilerMade(stream) || constants.get(stream) !== 0);
  if (stored.length <= GRAPH_CONSTANTS_MAX) return nodes;
  const written = new Set(nodes.map(({ output }) => output));
  const firsts = new Map<number, number>();
  const shared = new Map<number, number>();
  for (const stream of read) {
    if (!isCompilerMade(stream) || written.has(stream)) continue;
    const value = constants.get(stream) ?? 0;
    const first = firsts.get(value) ?? stream;
    firsts.set(value, first);
    shared.set(stream, first);
  }
  const through = (input: GraphInput): GraphInput => ({ ...input, stream: shared.get(input.stream) ?? input.stream });
  return nodes.map((node) => ({
    ...node,
    a: through(node.a),
    ...(node.b === undefined ? {} : { b: through(node.b) }),
  }));
}
