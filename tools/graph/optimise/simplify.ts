/**
 * The small passes, after IOTile's: nodes whose output nobody sees go, copy all becomes copy latest and "count == 1" becomes
 * "always" where that is the same. Where IOTile's rule gives other readings than the plain graph, the stricter rule stands here.
 */
import {
  GraphCombiner,
  GraphFunction,
  GraphOperator,
  GraphStreamType,
} from "../../../runtime/contract/graph-format.ts";
import { readersOf } from "../compile/links.ts";
import { ALWAYS, type GraphStreamer, type GraphTrigger, inputsOf, isAlways } from "../model.ts";
import { isCompilerMade, isLog, selects, typeOf } from "../streams.ts";
import { type RankedNode, takesOneByOne } from "./visits.ts";

export type Pass = (nodes: readonly RankedNode[], streamers: readonly GraphStreamer[]) => readonly RankedNode[];

export function isSelected(stream: number, streamers: readonly GraphStreamer[]): boolean {
  return streamers.some(({ selector }) => selects(selector, stream));
}

export const removeDeadCode: Pass = (nodes, streamers) => {
  const isDead = ({ output, function: fn }: RankedNode) =>
    isCompilerMade(output) &&
    !isLog(output) &&
    fn !== GraphFunction.Call &&
    fn !== GraphFunction.TriggerStreamer &&
    !isSelected(output, streamers) &&
    readersOf(output, nodes).length === 0;
  const live = nodes.filter((node) => !isDead(node));
  return live.length === nodes.length ? nodes : removeDeadCode(live, streamers);
};

export const downgradeCopyAll: Pass = (nodes) => {
  const one = nodes.find((node) => node.function === GraphFunction.CopyAll && copiesOne(node, nodes));
  if (one === undefined) return nodes;
  return downgradeCopyAll(replace(nodes, { ...one, function: GraphFunction.CopyLatest }), []);
};

/** Never more than one reading waits when this node copies. */
function copiesOne(node: RankedNode, nodes: readonly RankedNode[]): boolean {
  const { stream, trigger } = node.a;
  if (holdsOne(stream)) return true;
  if (isCountOfOne(trigger) && (node.b === undefined || node.combiner === GraphCombiner.And)) return true;
  return node.b === undefined && isAlways(trigger) && !isLog(stream) && comesSingly(node, nodes);
}

/** What node `reader` reads is written one reading at a time, and taken before the next. */
export function comesSingly(reader: RankedNode, nodes: readonly RankedNode[]): boolean {
  const { stream } = reader.a;
  const writers = nodes.filter(({ output }) => output === stream);
  return writers.every((writer) => writesOne(writer)) && takesOneByOne(reader, nodes);
}

function writesOne(node: RankedNode): boolean {
  return node.function !== GraphFunction.CopyAll || holdsOne(node.a.stream);
}

export const convertToAlways: Pass = (nodes) => {
  const one = nodes.find((node) => canBeAlways(node, nodes));
  if (one === undefined) return nodes;
  return convertToAlways(replace(nodes, { ...one, a: { stream: one.a.stream, trigger: ALWAYS } }), []);
};

function canBeAlways(node: RankedNode, nodes: readonly RankedNode[]): boolean {
  const { stream, trigger } = node.a;
  if (node.b !== undefined || !holdsOne(stream) || !isCountOfOne(trigger)) return false;
  // A count of nothing is a reading, so a visit without one must not happen.
  return node.function !== GraphFunction.CopyCount || comesSingly(node, nodes);
}

/** An input or an unbuffered stream: one reading, or none. */
export function holdsOne(stream: number): boolean {
  const type = typeOf(stream);
  return type === GraphStreamType.Input || type === GraphStreamType.Unbuffered;
}

function isCountOfOne({ onCount, operator, reference }: GraphTrigger): boolean {
  return onCount && operator === GraphOperator.Equal && reference === 1;
}

export function replace(nodes: readonly RankedNode[], node: RankedNode): RankedNode[] {
  return nodes.map((old) => (old.rank === node.rank ? node : old));
}

/** Constants that are read, each once. */
export function inputConstants(nodes: readonly RankedNode[]): number[] {
  const streams = nodes.flatMap((node) => inputsOf(node).map(({ stream }) => stream));
  return [...new Set(streams.filter((stream) => typeOf(stream) === GraphStreamType.Constant))];
}
