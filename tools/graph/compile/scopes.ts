/**
 * What a block gives to the statements in it: something that triggers them, or clocks for blocks within. Which streams and nodes
 * a scope makes, and when, is IOTile's.
 */
import {
  GRAPH_CONFIG_TICK_FAST_S,
  GRAPH_STREAM_TICK_1,
  GRAPH_STREAM_TICK_2,
  GRAPH_STREAM_TICK_10S,
  GRAPH_STREAM_TICK_FAST,
  GraphConfigType,
  GraphFunction,
  GraphOperator,
  GraphStreamType,
} from "../../../runtime/contract/graph-format.ts";
import { ALWAYS, type GraphInput, type GraphTrigger, onCount } from "../model.ts";
import { typeOf } from "../streams.ts";
import type { Draft } from "./draft.ts";

/** Seconds of the tick that every device has. */
const SYSTEM_TICK_S = 10;
const FAST_TICK_S = 1;

export type ClockBasis = "system" | "tick_1" | "tick_2";
type ClockKind = "slow" | "fast" | "tick_1" | "tick_2";

type Clock = (interval: number, basis: ClockBasis) => GraphInput;

export interface Scope {
  readonly kind: "root" | "gate" | "every" | "on" | "config";
  /** Streams of the events that `on` can name here. */
  readonly events: ReadonlyMap<string, number>;
  /** Triggers a node when the block does; absent where nothing triggers. */
  readonly trigger?: () => GraphInput;
  /** Triggers after so many seconds or ticks; absent where there is no clock. */
  readonly clock?: Clock;
}

const NO_EVENTS: ReadonlyMap<string, number> = new Map();

export class RootScope implements Scope {
  readonly kind = "root";
  readonly events = NO_EVENTS;
  private readonly draft: Draft;
  private readonly ticks: Record<ClockKind, number>;

  constructor(draft: Draft) {
    this.draft = draft;
    const counter = () => draft.allocateAttached(GraphStreamType.Counter);
    this.ticks = { slow: counter(), fast: counter(), tick_1: counter(), tick_2: counter() };
    const feed = (input: number, stream: number) =>
      draft.add({ stream: input, trigger: ALWAYS }, GraphFunction.CopyAll, stream);
    feed(GRAPH_STREAM_TICK_10S, this.ticks.slow);
    feed(GRAPH_STREAM_TICK_FAST, this.ticks.fast);
    draft.setOwnConfig(GRAPH_CONFIG_TICK_FAST_S, GraphConfigType.Uint32, FAST_TICK_S);
    feed(GRAPH_STREAM_TICK_1, this.ticks.tick_1);
    feed(GRAPH_STREAM_TICK_2, this.ticks.tick_2);
  }

  readonly clock: Clock = (interval, basis) => {
    const kind = clockKind(interval, basis);
    const stream = this.draft.attach(this.ticks[kind]);
    return { stream, trigger: onCount(GraphOperator.GreaterOrEqual, interval / tickLength(kind)) };
  };
}

/** Passes on the clocks of its parent while a latch holds; each kind of clock once. */
export class GateScope implements Scope {
  readonly kind = "gate";
  readonly events: ReadonlyMap<string, number>;
  private readonly draft: Draft;
  readonly clock?: Clock;
  private readonly latch: number;
  private readonly condition: GraphTrigger;
  private readonly gated = new Map<ClockKind, number>();

  constructor(draft: Draft, parent: Scope, latch: GraphInput, events = NO_EVENTS) {
    this.draft = draft;
    this.events = new Map([...parent.events, ...events]);
    this.condition = latch.trigger;
    this.latch = draft.allocate(GraphStreamType.Constant);
    draft.add({ stream: latch.stream, trigger: ALWAYS }, GraphFunction.CopyLatest, this.latch);
    const { clock } = parent;
    if (clock === undefined) return;
    this.clock = (interval, basis) => {
      const kind = clockKind(interval, basis);
      const gated = this.gated.get(kind) ?? this.gate(kind, () => clock(interval, basis));
      const trigger = onCount(GraphOperator.GreaterOrEqual, interval / tickLength(kind));
      return { stream: draft.attach(gated), trigger };
    };
  }

  private gate(kind: ClockKind, clock: () => GraphInput): number {
    const { draft } = this;
    const { stream } = clock();
    const gated = draft.allocate(GraphStreamType.Counter);
    const latch = { stream: draft.attach(this.latch), trigger: this.condition };
    draft.addPair({ stream, trigger: ALWAYS }, latch, GraphFunction.CopyLatest, gated);
    this.gated.set(kind, gated);
    return gated;
  }
}

/** Triggers what it holds whenever an input fires. */
export class TriggerScope implements Scope {
  readonly kind: "every" | "on";
  readonly events: ReadonlyMap<string, number>;
  private readonly draft: Draft;
  private readonly stream: number;

  constructor(draft: Draft, kind: "every" | "on", parent: Scope, input: GraphInput) {
    this.draft = draft;
    this.kind = kind;
    this.events = parent.events;
    const type = typeOf(input.stream);
    this.stream = draft.allocate(type === GraphStreamType.Input ? GraphStreamType.Unbuffered : type);
    draft.add(input, GraphFunction.CopyLatest, this.stream);
  }

  readonly trigger = (): GraphInput => ({
    stream: this.draft.attach(this.stream),
    trigger: onCount(GraphOperator.Equal, 1),
  });
}

export class ConfigScope implements Scope {
  readonly kind = "config";
  readonly events = NO_EVENTS;
  readonly address: number;

  constructor(address: number) {
    this.address = address;
  }
}

function clockKind(interval: number, basis: ClockBasis): ClockKind {
  if (basis !== "system") return basis;
  return interval % SYSTEM_TICK_S === 0 ? "slow" : "fast";
}

function tickLength(kind: ClockKind): number {
  return kind === "slow" ? SYSTEM_TICK_S : 1;
}
