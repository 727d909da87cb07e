/**
 * The order in which a device visits the nodes of a graph when a reading comes in: the roots, then, in turn, who follows each
 * node that has written something, the earlier node first, one that reads a stream twice twice. Here every node that can write
 * does, so a visit that happens at all happens in this order.
 */

import { isRoot } from "../compile/links.ts";
import { type GraphNode, inputsOf, isGate } from "../model.ts";

/** A node of the graph; its rank stays when nodes are removed. */
export interface RankedNode extends GraphNode {
  readonly rank: number;
}

export interface Visit {
  readonly node: RankedNode;
  /** How the visit came about, as "4" or "4>7a>9b": ranks, and the input that was written. */
  readonly path: string;
  /** Path of the visit that caused this one. */
  readonly cause: string;
}

/** A graph with more visits at one input, or with a cycle, is not looked into. */
const VISITS_MAX = 600;

type Followers = ReadonlyMap<number, readonly { reader: RankedNode; input: string }[]>;

/** Of each list of nodes that was asked for: passes ask for the same one again and again. */
const known = new WeakMap<readonly RankedNode[], Visit[][] | "too many">();

/** Visits for each input stream that the graph reads; undefined when there are too many. */
export function visitsByInput(nodes: readonly RankedNode[]): Visit[][] | undefined {
  const found = known.get(nodes) ?? findVisits(nodes) ?? "too many";
  known.set(nodes, found);
  return found === "too many" ? undefined : found;
}

function findVisits(nodes: readonly RankedNode[]): Visit[][] | undefined {
  const followers = findFollowers(nodes);
  const roots = nodes.filter(isRoot);
  const streams = new Set(roots.map(({ a }) => a.stream));
  const all: Visit[][] = [];
  for (const stream of streams) {
    // A root with one input writes only when that input comes; one with two may have waited for something else.
    const visits = visitsFrom(
      followers,
      roots.filter((root) => root.b !== undefined || root.a.stream === stream),
    );
    if (visits === undefined) return undefined;
    all.push(visits);
  }
  return all;
}

function visitsFrom(followers: Followers, roots: readonly RankedNode[]): Visit[] | undefined {
  const visits: Visit[] = roots.map((node) => ({ node, path: String(node.rank), cause: "" }));
  for (const { node, path } of visits) {
    for (const { reader, input } of followers.get(node.output) ?? []) {
      visits.push({ node: reader, path: `${path}>${reader.rank}${input}`, cause: path });
    }
    if (visits.length > VISITS_MAX) return undefined;
  }
  return visits;
}

/** Who is visited when a stream was written, in order. */
function findFollowers(nodes: readonly RankedNode[]): Followers {
  const followers = new Map<number, { reader: RankedNode; input: string }[]>();
  for (const reader of nodes) {
    inputsOf(reader).forEach(({ stream }, index) => {
      if (index === 1 && isGate(reader)) return;
      const before = followers.get(stream);
      const follower = { reader, input: "ab"[index] ?? "" };
      if (before === undefined) followers.set(stream, [follower]);
      else before.push(follower);
    });
  }
  return followers;
}

/** Each visit of the node follows one writing of the stream that it reads, and comes before the next one. */
export function takesOneByOne(node: RankedNode, nodes: readonly RankedNode[]): boolean {
  if (isRoot(node)) return false;
  const all = visitsByInput(nodes);
  if (all === undefined) return false;
  return all.every((visits) => {
    let waiting = 0;
    return visits.every((visit) => {
      if (visit.node === node && --waiting < 0) return false;
      if (visit.node.output === node.a.stream && ++waiting > 1) return false;
      return true;
    });
  });
}
