/**
 * Nodes that only copy go, and who followed them reads what they read. A copy is removed when the readers then see the same
 * readings at the same visits, and all that can be told apart from outside keeps its order: readings of streams that the graph
 * names, RPCs, and writes beside reads of one stream. IOTile removes more, and its graphs then give other readings.
 */
import {
  GraphCombiner,
  GraphFunction,
  GraphOperator,
  GraphStreamType,
} from "../../../runtime/contract/graph-format.ts";
import { isRoot, readersOf } from "../compile/links.ts";
import { type GraphInput, type GraphStreamer, type GraphTrigger, inputsOf, isAlways } from "../model.ts";
import { isCompilerMade, typeOf } from "../streams.ts";
import { comesSingly, holdsOne, isSelected, replace } from "./simplify.ts";
import { type RankedNode, type Visit, visitsByInput } from "./visits.ts";

/** Where copies are searched first: as a device visits them. */
export function removeCopies(
  nodes: readonly RankedNode[],
  streamers: readonly GraphStreamer[],
  constants: ReadonlyMap<number, number>,
): readonly RankedNode[] {
  for (const copy of inVisitingOrder(nodes)) {
    const without = removeCopy(copy, nodes, streamers, constants);
    if (without !== undefined) return removeCopies(without, streamers, constants);
  }
  return nodes;
}

function inVisitingOrder(nodes: readonly RankedNode[]): RankedNode[] {
  const found = new Set(nodes.filter(isRoot));
  for (const node of found) for (const reader of readersOf(node.output, nodes)) found.add(reader);
  return [...found];
}

function removeCopy(
  copy: RankedNode,
  nodes: readonly RankedNode[],
  streamers: readonly GraphStreamer[],
  constants: ReadonlyMap<number, number>,
): RankedNode[] | undefined {
  const { stream, trigger } = copy.a;
  if (copy.function !== GraphFunction.CopyLatest || copy.b !== undefined) return undefined;
  if (!isCompilerMade(copy.output) || isSelected(copy.output, streamers)) return undefined;
  if (nodes.some((node) => node !== copy && node.output === copy.output)) return undefined;
  if (typeOf(stream) !== typeOf(copy.output)) return undefined;
  if ((constants.get(stream) ?? 0) !== (constants.get(copy.output) ?? 0)) return undefined;
  const readers = readersOf(copy.output, nodes);
  // Of several readings that are written before a copy, the copy lets through the last one.
  const one = isConstant(stream) || (holdsOne(stream) && readers.every((reader) => rests(reader, copy.output)));
  if (!one && !comesSingly(copy, nodes)) return undefined;
  if (!readers.every((reader) => canReadThrough(reader, copy.output, trigger, nodes))) return undefined;
  const through = ({ stream: read, trigger: own }: GraphInput): GraphInput =>
    read === copy.output ? { stream, trigger: isAlways(trigger) ? own : trigger } : { stream: read, trigger: own };
  let without = nodes.filter((node) => node !== copy);
  for (const reader of readers) {
    const b = reader.b === undefined ? {} : { b: through(reader.b) };
    without = replace(without, { ...reader, a: through(reader.a), ...b });
  }
  const orders = [without, movedBehind(without, readers, stream)];
  return orders.find((order) => keepsOrder(copy, nodes, order));
}

/** Nothing comes of a visit of the node when there is no reading of the stream. */
function rests({ a, b, combiner, function: fn }: RankedNode, stream: number): boolean {
  if (b !== undefined && combiner === GraphCombiner.Or) return false;
  if (b?.stream === stream) return !isAlways(b.trigger);
  return !isAlways(a.trigger) || YIELDS_NOTHING.has(fn);
}

/** Functions without a result when nothing is in input A. */
const YIELDS_NOTHING = new Set([
  GraphFunction.CopyLatest,
  GraphFunction.CopyAll,
  GraphFunction.Average,
  GraphFunction.Sum,
]);

/** The reader can have the trigger of the copy. */
function canReadThrough(
  reader: RankedNode,
  stream: number,
  trigger: GraphTrigger,
  nodes: readonly RankedNode[],
): boolean {
  if (reader.function === GraphFunction.CopyAll && reader.a.stream === stream) return false;
  if (isAlways(trigger)) return true;
  if (isConstant(stream) || holdsEmpty(trigger)) return false;
  const inputs = inputsOf(reader);
  const [input, ...more] = inputs.filter((candidate) => candidate.stream === stream);
  if (input === undefined || more.length > 0) return false;
  // It has to run whenever the copy has: then both hold as many readings, none, at the same time.
  if (!inputs.every((other) => other === input || isAlways(other.trigger))) return false;
  if (reader.b !== undefined && reader.combiner === GraphCombiner.Or) return false;
  const alone =
    reader.b === undefined && !isRoot(reader) && nodes.filter(({ output }) => output === stream).length === 1;
  if (!isOne(input.trigger) && !(isAlways(input.trigger) && alone)) return false;
  return isOne(trigger) || holdsOne(stream) || takesAll(reader, stream);
}

/** The node leaves nothing of the stream behind, and its result is the same for one reading and for the last of many. */
function takesAll({ b, function: fn }: RankedNode, stream: number): boolean {
  if (fn === GraphFunction.Subtract) return false;
  return b?.stream === stream || TAKES_ALL.has(fn);
}

const TAKES_ALL = new Set([GraphFunction.CopyLatest, GraphFunction.Call, GraphFunction.TriggerStreamer]);

/** Holds where there is no reading: the copy makes nothing then, but a reader that takes something else would. */
function holdsEmpty({ onCount, operator, reference }: GraphTrigger): boolean {
  if (!onCount) return false;
  if (operator === GraphOperator.Greater) return 0 > reference;
  if (operator === GraphOperator.GreaterOrEqual) return 0 >= reference;
  if (operator === GraphOperator.Less) return 0 < reference;
  return operator === GraphOperator.LessOrEqual ? 0 <= reference : reference === 0;
}

function isOne({ onCount, operator, reference }: GraphTrigger): boolean {
  const compares = operator === GraphOperator.Equal || operator === GraphOperator.GreaterOrEqual;
  return onCount && compares && reference === 1;
}

/** The readers behind all others that follow the same stream, as they would be if the copy had been linked last. */
function movedBehind(nodes: readonly RankedNode[], readers: readonly RankedNode[], stream: number): RankedNode[] {
  const moved = new Set(readers.map(({ rank }) => rank));
  const rest = nodes.filter(({ rank }) => !moved.has(rank));
  const last = Math.max(-1, ...readersOf(stream, rest).map((node) => rest.indexOf(node)));
  return [...rest.slice(0, last + 1), ...nodes.filter(({ rank }) => moved.has(rank)), ...rest.slice(last + 1)];
}

function keepsOrder(copy: RankedNode, before: readonly RankedNode[], after: readonly RankedNode[]): boolean {
  const old = visitsByInput(before);
  const now = visitsByInput(after);
  if (old === undefined || now === undefined || old.length !== now.length) return false;
  return old.every((visits, index) => sameOrder(copy, visits, now[index] ?? []));
}

function sameOrder(copy: RankedNode, old: readonly Visit[], now: readonly Visit[]): boolean {
  const places = new Map(now.map(({ path }, index) => [path, index]));
  const step = new RegExp(`>${copy.rank}[ab](?=>|$)`, "g");
  // A visit of the copy is, without it, what the writer before it does.
  const timed = old.map(({ node, path }) => ({ node, place: places.get(path.replace(step, "")) ?? -1 }));
  if (timed.some(({ place }) => place < 0)) return false;
  if (timed.filter(({ node }) => node !== copy).length !== now.length) return false;
  return timed.every((first, index) => {
    for (let later = index + 1; later < timed.length; later++) {
      const second = timed[later];
      if (second !== undefined && first.place >= second.place && shows(first.node, second.node, copy)) return false;
    }
    return true;
  });
}

/** Whether it makes a difference which of two nodes is visited first. */
function shows(one: RankedNode, other: RankedNode, copy: RankedNode): boolean {
  if (one === copy || other === copy) {
    const [reader, written] = one === copy ? [other, one.output] : [one, other.output];
    return reader !== copy && inputsOf(reader).some(({ stream }) => stream === written);
  }
  const readsOn = (node: RankedNode) => inputsOf(node).some(({ stream }) => stream === copy.output);
  if (one.output === copy.a.stream && readsOn(other)) return true;
  if (other.output === copy.a.stream && readsOn(one)) return true;
  const act = one.function === other.function && ACTS.has(one.function);
  const seen = !isCompilerMade(one.output) && !isCompilerMade(other.output);
  const meet = (writer: RankedNode, reader: RankedNode) =>
    inputsOf(reader).some(({ stream }) => stream === writer.output);
  return act || seen || one.output === other.output || meet(one, other) || meet(other, one);
}

/** What they do is seen outside, in order. */
const ACTS = new Set([GraphFunction.Call, GraphFunction.TriggerStreamer]);

function isConstant(stream: number): boolean {
  return typeOf(stream) === GraphStreamType.Constant;
}
