/** Blocks to scopes, and what stands in them: nodes for when and on, a clock for every. The nodes are IOTile's, in its order. */
import {
  GRAPH_CONFIG_TICK_1_S,
  GRAPH_CONFIG_TICK_2_S,
  GRAPH_CONTROLLER,
  GraphCombiner,
  GraphFunction,
  GraphOperator,
  GraphStreamType,
} from "../../../runtime/contract/graph-format.ts";
import type {
  BlockStatement,
  ConnectedBlock,
  EveryBlock,
  IntervalUnit,
  OnBlock,
  Statement,
  TriggerClause,
  WhenBlock,
} from "../language/syntax.ts";
import { ALWAYS, type GraphInput, onValue } from "../model.ts";
import { makeStream, typeOf } from "../streams.ts";
import { compileSimple } from "./compile-statements.ts";
import type { Draft } from "./draft.ts";
import { type ClockBasis, ConfigScope, GateScope, type Scope, TriggerScope } from "./scopes.ts";

/** Somebody has connected to, or left, the tile whose address is the value. */
const CONNECTED_ID = 1025;
const DISCONNECTED_ID = 1026;
/** Counts are compared in 31 bits. */
const INTERVAL_MAX = 0x7fffffff;

const SECONDS: Partial<Record<IntervalUnit, number>> = {
  second: 1,
  minute: 60,
  hour: 3600,
  day: 86_400,
  week: 7 * 86_400,
  month: 30 * 86_400,
  year: 365 * 86_400,
};
const TICK_CONFIGS = { tick_1: GRAPH_CONFIG_TICK_1_S, tick_2: GRAPH_CONFIG_TICK_2_S } as const;

export function compileBody(draft: Draft, scope: Scope, body: readonly Statement[]): void {
  for (const statement of body) {
    draft.place = statement.at;
    if (!("body" in statement)) {
      compileSimple(draft, scope, statement);
      continue;
    }
    const inner = scopeOf(draft, scope, statement);
    if (inner !== undefined) compileBody(draft, inner, statement.body);
  }
}

/** The scope of a block; without one the block is at fault, and what it holds is not looked at. */
function scopeOf(draft: Draft, scope: Scope, block: BlockStatement): Scope | undefined {
  if (scope.kind === "config") {
    draft.fault("a config block holds only set statements", block.at);
    return undefined;
  }
  switch (block.kind) {
    case "config":
      return new ConfigScope(block.slot.address);
    case "every":
      return everyScope(draft, scope, block);
    case "connected":
      return connectedScope(draft, scope, block);
    case "when":
      return whenScope(draft, scope, block);
    case "on":
      return onScope(draft, scope, block);
  }
}

function everyScope(draft: Draft, scope: Scope, block: EveryBlock): Scope | undefined {
  if (scope.clock === undefined) {
    draft.fault("an every or on block has no clock for an every in it: put this one beside it", block.at);
    return undefined;
  }
  const { unit } = block;
  const interval = block.count.value * (SECONDS[unit] ?? 1);
  if (interval > INTERVAL_MAX) {
    draft.fault(`every is at most ${INTERVAL_MAX} seconds or ticks`, block.count.at);
    return undefined;
  }
  const basis: ClockBasis = unit === "tick_1" || unit === "tick_2" ? unit : "system";
  if (basis !== "system") draft.ticksUsed.set(TICK_CONFIGS[basis], { name: basis, at: block.at });
  return new TriggerScope(draft, "every", scope, scope.clock(interval, basis));
}

function connectedScope(draft: Draft, scope: Scope, { slot }: ConnectedBlock): Scope {
  const [connect, disconnect] = [0, 1].map(() => draft.allocateAttached(GraphStreamType.Unbuffered)) as [
    number,
    number,
  ];
  const [latch, on, off] = [0, 1, 2].map(() => draft.allocateAttached(GraphStreamType.Constant)) as [
    number,
    number,
    number,
  ];
  const feed = (id: number, stream: number) => {
    const input = { stream: makeStream(GraphStreamType.Input, id, true), trigger: ALWAYS };
    draft.add(input, GraphFunction.CopyLatest, stream);
  };
  feed(CONNECTED_ID, connect);
  feed(DISCONNECTED_ID, disconnect);
  const trigger = onValue(GraphOperator.Equal, slot.address);
  draft.addPair({ stream: on, trigger: ALWAYS }, { stream: connect, trigger }, GraphFunction.CopyLatest, latch);
  draft.addPair({ stream: off, trigger: ALWAYS }, { stream: disconnect, trigger }, GraphFunction.CopyLatest, latch);
  draft.constants.set(on, 1).set(off, 0).set(latch, 0);
  const events = new Map([
    ["connect", connect],
    ["disconnect", disconnect],
  ]);
  return new GateScope(draft, scope, { stream: latch, trigger: onValue(GraphOperator.Equal, 1) }, events);
}

function whenScope(draft: Draft, scope: Scope, { condition }: WhenBlock): Scope {
  const { stream } = condition.stream;
  const { operator, onCount, reference } = condition;
  if (onCount) {
    const why = "the latch of a when keeps one value and its count is beyond any number: compare value(...)";
    draft.warn(why, condition.at);
  }
  if (typeOf(stream) === GraphStreamType.Constant && !draft.constants.has(stream)) draft.constants.set(stream, 0);
  return new GateScope(draft, scope, { stream, trigger: { operator, onCount, reference: reference.value } });
}

function onScope(draft: Draft, scope: Scope, block: OnBlock): Scope | undefined {
  if (scope.kind === "every") {
    const why = "its statements would run at every event, and the every around it would do nothing";
    draft.fault(`on cannot stand in an every block: ${why}; put it beside the block`, block.at);
    return undefined;
  }
  const first = inputOf(draft, scope, block.first);
  const second = block.second === undefined ? undefined : inputOf(draft, scope, block.second);
  if (first === undefined || (block.second !== undefined && second === undefined)) return undefined;
  warnOfOuter(draft, scope, block);
  if (second === undefined) {
    if (typeOf(first.stream) === GraphStreamType.Constant) {
      draft.warn("what waits for a constant alone never runs: use when, or add 'and' with a stream", block.at);
    }
    return new TriggerScope(draft, "on", scope, first);
  }
  const joined = draft.allocate(GraphStreamType.Unbuffered);
  const one = isInput(first) !== isInput(second);
  const [a, b] = [first, second].map((input) => (one && isInput(input) ? throughCopy(draft, input) : input)) as [
    GraphInput,
    GraphInput,
  ];
  const combiner = block.join === "and" ? GraphCombiner.And : GraphCombiner.Or;
  draft.addPair(a, b, GraphFunction.CopyLatest, joined, combiner);
  return new TriggerScope(draft, "on", scope, { stream: joined, trigger: ALWAYS });
}

/** A node that reads an input reads nothing but inputs: the other one is copied into a stream. */
function throughCopy(draft: Draft, input: GraphInput): GraphInput {
  return { stream: draft.copyOfInput(input.stream), trigger: input.trigger };
}

function isInput({ stream }: GraphInput): boolean {
  return typeOf(stream) === GraphStreamType.Input;
}

function warnOfOuter(draft: Draft, scope: Scope, block: OnBlock): void {
  const events = [block.first, block.second].some((clause) => clause?.kind === "event");
  if (scope.kind === "on") draft.warn("this on does not wait for the on block around it", block.at);
  if (scope.kind === "gate" && !events) {
    draft.warn("a when block holds back clocks only: this on runs whether its condition holds or not", block.at);
  }
}

function inputOf(draft: Draft, { events }: Scope, clause: TriggerClause): GraphInput | undefined {
  if (clause.kind === "stream") return { stream: clause.stream, trigger: ALWAYS };
  if (clause.kind === "condition") {
    const { operator, onCount, reference } = clause;
    return { stream: clause.stream.stream, trigger: { operator, onCount, reference: reference.value } };
  }
  const stream = events.get(clause.name);
  if (stream !== undefined) return { stream, trigger: ALWAYS };
  const known = [...events.keys()].join(" and ");
  const where = known === "" ? "connect and disconnect are events within 'when connected to'" : `there are ${known}`;
  draft.fault(`there is no event '${clause.name}' here: ${where}`, clause.at);
  return undefined;
}

/** Where a config block sets nothing for a tick that is used, the tick never comes. */
export function warnOfSilentTicks(draft: Draft): void {
  for (const [id, { name, at }] of draft.ticksUsed) {
    if (draft.hasConfig(GRAPH_CONTROLLER, id)) continue;
    const set = `set 0x${id.toString(16)} to a number of seconds as uint32_t`;
    draft.warn(`${name} has no period and never comes: in config controller, ${set}`, at);
  }
}
