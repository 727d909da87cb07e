/**
 * A graph while it is made: nodes in the order in which they were added, constants, config, and the streams that the compiler
 * gives out. Ids and the copies of crowded streams are IOTile's, so that nodes read as the original's do.
 */
import {
  GRAPH_COMPILER_ID,
  GRAPH_CONTROLLER,
  GraphCombiner,
  type GraphConfigType,
  GraphFunction,
  GraphStreamType,
} from "../../../runtime/contract/graph-format.ts";
import type { Fault, Place } from "../faults.ts";
import {
  ALWAYS,
  type ConfigValue,
  type GraphConfig,
  type GraphInput,
  type GraphNode,
  type GraphStreamer,
} from "../model.ts";
import { makeStream, typeOf } from "../streams.ts";

/** Nodes that read a stream of the compiler, at most: the next one makes the compiler copy it into a new stream. */
const READERS_MAX = 3;

/** A node of the draft knows the statement that it was made for. */
export interface DraftNode extends GraphNode {
  readonly from?: Place;
}

interface Attached {
  readonly stream: number;
  readonly readers: number;
}

export class Draft {
  readonly nodes: DraftNode[] = [];
  /** By stream, in the order in which they were set. */
  readonly constants = new Map<number, number>();
  readonly streamers: GraphStreamer[] = [];
  readonly meta = new Map<string, number | string>();
  readonly faults: Fault[] = [];
  readonly warnings: Fault[] = [];
  /** What has to be checked when all is known: streamers named by number, periods of ticks. */
  readonly streamerUses: { readonly index: number; readonly at: Place }[] = [];
  readonly streamerPlaces: Place[] = [];
  readonly ticksUsed = new Map<number, { readonly name: string; readonly at: Place }>();
  /** Config entries that the graph sets itself. */
  readonly configsSet = new Set<string>();
  /** Statement that is compiled now. */
  place: Place | undefined;
  private readonly configs = new Map<string, GraphConfig>();
  private readonly nextIds = new Map<GraphStreamType, number>();
  private readonly attached = new Map<number, Attached>();

  get config(): GraphConfig[] {
    return [...this.configs.values()];
  }

  add(a: GraphInput, fn: GraphFunction, output: number): void {
    this.push({ a, combiner: GraphCombiner.And, function: fn, output });
  }

  addPair(a: GraphInput, b: GraphInput, fn: GraphFunction, output: number, combiner = GraphCombiner.And): void {
    this.push({ a, b, combiner, function: fn, output });
  }

  private push(node: GraphNode): void {
    this.nodes.push(this.place === undefined ? node : { ...node, from: this.place });
  }

  /** A stream that nobody else uses. */
  allocate(type: GraphStreamType): number {
    const id = this.nextIds.get(type) ?? GRAPH_COMPILER_ID;
    this.nextIds.set(type, id + 1);
    const stream = makeStream(type, id);
    this.attached.set(stream, { stream, readers: 0 });
    return stream;
  }

  allocateAttached(type: GraphStreamType): number {
    return this.attach(this.allocate(type));
  }

  /** The stream that one more node may read for this one: itself, or a copy. */
  attach(stream: number): number {
    const { stream: current, readers } = this.attached.get(stream) ?? { stream, readers: 0 };
    if (readers < READERS_MAX) {
      this.attached.set(stream, { stream: current, readers: readers + 1 });
      return current;
    }
    const copy = this.allocate(typeOf(current));
    this.add({ stream: current, trigger: ALWAYS }, GraphFunction.CopyAll, copy);
    this.attached.set(stream, { stream: copy, readers: 1 });
    const value = this.constants.get(current);
    if (value !== undefined) this.constants.set(copy, value);
    return copy;
  }

  /** An input as an unbuffered stream, which keeps its last reading until a node takes it. */
  copyOfInput(input: number): number {
    const copy = this.allocateAttached(GraphStreamType.Unbuffered);
    this.add({ stream: input, trigger: ALWAYS }, GraphFunction.CopyLatest, copy);
    return copy;
  }

  setConfig(address: number, id: number, type: GraphConfigType, value: ConfigValue): void {
    this.configs.set(`${address}:${id}`, { address, id, type, value });
  }

  hasConfig(address: number, id: number): boolean {
    return this.configs.has(`${address}:${id}`);
  }

  /** Periods of the ticks and the like. */
  setOwnConfig(id: number, type: GraphConfigType, value: number): void {
    this.setConfig(GRAPH_CONTROLLER, id, type, value);
  }

  fault(message: string, at: Place): void {
    this.faults.push({ message, at });
  }

  warn(message: string, at: Place): void {
    this.warnings.push({ message, at });
  }
}
