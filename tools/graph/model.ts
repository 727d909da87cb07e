/**
 * A graph as the device runs it: nodes, streamers, constants, config, with the codes of the contract. A node's text is that of
 * IOTile's node descriptors, so that graphs can be compared with what the original made of them.
 */
import {
  GraphCombiner as Combiner,
  GRAPH_CONTROLLER,
  type GraphCombiner,
  type GraphConfigType,
  GraphFunction,
  GraphOperator,
  GraphStreamerFlag,
  GraphStreamType,
} from "../../runtime/contract/graph-format.ts";
import type { PlacedFault } from "./faults.ts";
import { isCompilerMade, slotText, streamText, typeOf } from "./streams.ts";

export interface GraphTrigger {
  readonly operator: GraphOperator;
  /** Looks at the count of readings that wait, and not at a value. */
  readonly onCount: boolean;
  readonly reference: number;
}

export interface GraphInput {
  readonly stream: number;
  readonly trigger: GraphTrigger;
}

export interface GraphNode {
  readonly a: GraphInput;
  readonly b?: GraphInput;
  readonly combiner: GraphCombiner;
  readonly function: GraphFunction;
  readonly output: number;
}

export interface GraphStreamer {
  readonly selector: number;
  readonly receiver: number;
  /** GraphStreamerFlag bits. */
  readonly flags: number;
  /** Index of the streamer that it goes along with. */
  readonly along?: number;
}

export interface GraphConstant {
  readonly stream: number;
  /** i32 */
  readonly value: number;
}

export type ConfigValue = number | readonly number[] | string | Uint8Array;

export interface GraphConfig {
  readonly address: number;
  readonly id: number;
  /** With GraphConfigType.Array the value is a list. */
  readonly type: GraphConfigType;
  readonly value: ConfigValue;
}

export interface GraphModel {
  /** In the order in which they are visited: of two that follow the same node the earlier one comes first. */
  readonly nodes: readonly GraphNode[];
  /** Indices of nodes in the order in which they are listed for people: by levels, as the original lists them. */
  readonly listed: readonly number[];
  readonly streamers: readonly GraphStreamer[];
  readonly constants: readonly GraphConstant[];
  readonly config: readonly GraphConfig[];
  readonly meta: Readonly<Record<string, number | string>>;
  readonly warnings: readonly PlacedFault[];
  /** Why no device has room for it. */
  readonly beyondDevice: readonly PlacedFault[];
}

export const ALWAYS: GraphTrigger = { operator: GraphOperator.Always, onCount: false, reference: 0 };

export function onCount(operator: GraphOperator, reference: number): GraphTrigger {
  return { operator, onCount: true, reference };
}

export function onValue(operator: GraphOperator, reference: number): GraphTrigger {
  return { operator, onCount: false, reference };
}

export function isAlways(trigger: GraphTrigger): boolean {
  return trigger.operator === GraphOperator.Always;
}

export function inputsOf({ a, b }: GraphNode): readonly GraphInput[] {
  return b === undefined ? [a] : [a, b];
}

/** Lets ticks through while a constant holds; it is not visited when that is written (contract/graph-format.ts). */
export function isGate({ a, b }: GraphNode): boolean {
  if (b === undefined || !isAlways(a.trigger) || !isCompilerMade(a.stream)) return false;
  return typeOf(a.stream) === GraphStreamType.Counter && typeOf(b.stream) === GraphStreamType.Constant;
}

/** By code of GraphOperator, as far as they compare. */
export const OPERATOR_TEXTS: readonly string[] = [">", "<", ">=", "<=", "=="];

/** By code of GraphFunction. */
const FUNCTION_TEXTS: readonly string[] = [
  ...["copy_latest_a", "average_a", "copy_all_a", "sum_a"],
  ...["copy_count_a", "trigger_streamer", "call_rpc", "subtract_afromb"],
];

/** As (system input 2 always && constant 1024 when value == 1) => counter 1024 using copy_latest_a */
export function nodeText(node: GraphNode): string {
  const join = node.combiner === Combiner.And ? " && " : " || ";
  const inputs = inputsOf(node).map(({ stream, trigger }) => `${streamText(stream)} ${triggerText(trigger)}`);
  return `(${inputs.join(join)}) => ${streamText(node.output)} using ${functionText(node.function)}`;
}

export function triggerText({ operator, onCount, reference }: GraphTrigger): string {
  const comparison = OPERATOR_TEXTS[operator];
  return comparison === undefined ? "always" : `when ${onCount ? "count" : "value"} ${comparison} ${reference}`;
}

export function functionText(code: GraphFunction): string {
  return FUNCTION_TEXTS[code] ?? `function-${code}`;
}

/** As it is written in a graph: manual signed streamer on all outputs to slot 1 with streamer 0 */
export function streamerText({ selector, receiver, flags, along }: GraphStreamer): string {
  const words = [
    ...(flags & GraphStreamerFlag.Manual && along === undefined ? ["manual"] : []),
    ...(flags & GraphStreamerFlag.Signed ? ["signed"] : []),
    ...(flags & GraphStreamerFlag.Encrypted ? ["encrypted"] : []),
    ...(flags & GraphStreamerFlag.Realtime ? ["realtime"] : []),
    ...(flags & GraphStreamerFlag.Broadcast ? ["broadcast"] : []),
  ];
  const to = receiver === GRAPH_CONTROLLER ? "" : ` to ${slotText(receiver)}`;
  const goes = along === undefined ? "" : ` with streamer ${along}`;
  return [...words, `streamer on ${streamText(selector)}${to}${goes}`].join(" ");
}
