/** The device's engine of sensor graphs, run on this computer: one graph, its memory and what it reaches outside. */

import { GraphRefusal } from "../../../runtime/contract/graph-format.ts";
import { GRAPH_MAX_BYTES } from "../engine/graph-limits.ts";
import { ENGINE_MODULE } from "./generated-engine.ts";

export interface MachineWorld {
  /** A reading went into a stream. */
  pushed(stream: number, timeS: number, value: number): void;
  /** What a call answers; undefined = nothing. */
  call(address: number, rpc: number): number | undefined;
}

/** The device would not take this graph. */
export class GraphRefusedError extends Error {
  readonly refusal: GraphRefusal;

  constructor(refusal: GraphRefusal) {
    super(`the engine refuses this graph: ${GraphRefusal[refusal] ?? refusal}`);
    this.refusal = refusal;
  }
}

interface EngineExports {
  memory: WebAssembly.Memory;
  graphAt(): number;
  loadGraph(length: number): GraphRefusal;
  second(): void;
  stimulate(stream: number, value: number, timeS: number): void;
  readyStreamers(): number;
  waitingReadings(streamer: number): number;
  sent(streamer: number, readings: number): void;
  visitsLost(): number;
  readingsLost(): number;
}

let compiled: WebAssembly.Module | undefined;

export class GraphMachine {
  /** Seconds that have passed. */
  nowS = 0;
  private readonly engine: EngineExports;
  private answered = 0;

  /** Throws GraphRefusedError. */
  constructor(graph: Uint8Array, world: MachineWorld) {
    compiled ??= new WebAssembly.Module(Buffer.from(ENGINE_MODULE, "base64"));
    const simulator = {
      pushed: world.pushed,
      call: (address: number, rpc: number): number => {
        const answer = world.call(address, rpc);
        this.answered = answer ?? 0;
        return answer === undefined ? 0 : 1;
      },
      answer: () => this.answered,
    };
    const { exports } = new WebAssembly.Instance(compiled, { simulator });
    this.engine = exports as unknown as EngineExports;
    if (graph.length > GRAPH_MAX_BYTES) throw new GraphRefusedError(GraphRefusal.Length);
    new Uint8Array(this.engine.memory.buffer).set(graph, this.engine.graphAt());
    const refusal = this.engine.loadGraph(graph.length);
    if (refusal !== GraphRefusal.None) throw new GraphRefusedError(refusal);
  }

  /** One second more, with its ticks. */
  second(): void {
    this.nowS++;
    this.engine.second();
  }

  /** The next second begins, before its ticks: a reading of an input in the second `timeS`. */
  stimulate(stream: number, value: number, timeS: number): void {
    this.engine.stimulate(stream, value, timeS);
  }

  /** The streamers that send now, as bits. */
  readyStreamers(): number {
    return this.engine.readyStreamers();
  }

  waitingReadings(streamer: number): number {
    return this.engine.waitingReadings(streamer);
  }

  sent(streamer: number, readings: number): void {
    this.engine.sent(streamer, readings);
  }

  /** Node visits left out, since one input caused too many: the graph runs in a circle. */
  get visitsLost(): number {
    return this.engine.visitsLost() >>> 0;
  }

  /** Single readings dropped for want of room. */
  get readingsLost(): number {
    return this.engine.readingsLost() >>> 0;
  }
}
