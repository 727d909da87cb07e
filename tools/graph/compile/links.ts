/** Who follows whom: a node that reads a stream is visited whenever another one has written it. */
import { GraphStreamType } from "../../../runtime/contract/graph-format.ts";
import { type GraphNode, inputsOf } from "../model.ts";
import { typeOf } from "../streams.ts";

/** Visited at every input of the graph. */
export function isRoot(node: GraphNode): boolean {
  return inputsOf(node).some(({ stream }) => typeOf(stream) === GraphStreamType.Input);
}

export function reads(node: GraphNode, stream: number): boolean {
  return inputsOf(node).some((input) => input.stream === stream);
}

/** Nodes that write what a node reads. */
export function writersTo<Node extends GraphNode>(node: GraphNode, nodes: readonly Node[]): Node[] {
  return nodes.filter(({ output }) => reads(node, output));
}

export function readersOf<Node extends GraphNode>(stream: number, nodes: readonly Node[]): Node[] {
  return nodes.filter((node) => reads(node, stream));
}

/** Nodes that some input leads to, in their order. */
export function reachable<Node extends GraphNode>(nodes: readonly Node[]): Node[] {
  const found = new Set(nodes.filter(isRoot));
  for (const node of found) for (const reader of readersOf(node.output, nodes)) found.add(reader);
  return nodes.filter((node) => found.has(node));
}

/** By levels: each node behind all that it depends on, within a level in the order in which they were added. */
export function sortByLevels<Node extends GraphNode>(nodes: readonly Node[]): Node[] {
  const levels = new Map<Node, number>();
  const levelOf = (node: Node, path: ReadonlySet<Node>): number => {
    const known = levels.get(node);
    if (known !== undefined) return known;
    const inner = new Set(path).add(node);
    const before = writersTo(node, nodes).filter((writer) => !inner.has(writer));
    const level = Math.max(-1, ...before.map((writer) => levelOf(writer, inner))) + 1;
    levels.set(node, level);
    return level;
  };
  const ranked = nodes.map((node, index) => ({ node, index, level: levelOf(node, new Set()) }));
  return ranked.sort((a, b) => a.level - b.level || a.index - b.index).map(({ node }) => node);
}

/** A node that leads back to itself, if there is one. */
export function findCycle<Node extends GraphNode>(nodes: readonly Node[]): Node | undefined {
  return nodes.find((start) => {
    const seen = new Set(readersOf(start.output, nodes));
    for (const node of seen) for (const reader of readersOf(node.output, nodes)) seen.add(reader);
    return seen.has(start);
  });
}
