/**
 * What time gives to a graph, second by second and in this order: the fast tick, the two ticks whose periods the graph's
 * config says, every 10 s the slow tick and then the supply voltage. The first second is 1; what else happens in a second
 * (a button, a stimulus of a simulation) comes before it.
 */
import {
  GRAPH_CONFIG_TICK_1_S,
  GRAPH_CONFIG_TICK_2_S,
  GRAPH_CONFIG_TICK_FAST_S,
  GRAPH_CONTROLLER,
  GRAPH_STREAM_BATTERY,
  GRAPH_STREAM_TICK_1,
  GRAPH_STREAM_TICK_2,
  GRAPH_STREAM_TICK_10S,
  GRAPH_STREAM_TICK_FAST,
} from "../../contract/graph-format.ts";
import { GraphEngine } from "./graph-engine.ts";
import { configNumber } from "./graph-form.ts";

const SLOW_TICK_S: u32 = 10;
/** 3.6 V, in volts with 16 bits behind the point: what IOTile's simulator reports. */
const SUPPLY_DEFAULT = 235929;

export class GraphClock {
  /** The last second that the graph has had. */
  nowS: u32 = 0;
  /** Volts with 16 bits behind the point; set by a product that measures it. */
  supply: i32 = SUPPLY_DEFAULT;
  private fastS: u32 = 0;
  private tick1S: u32 = 0;
  private tick2S: u32 = 0;

  constructor(private readonly engine: GraphEngine) {}

  /** Call for a graph that was loaded: its next second is the one after `nowS`. */
  begin(nowS: u32): void {
    this.nowS = nowS;
    this.fastS = this.period(GRAPH_CONFIG_TICK_FAST_S);
    this.tick1S = this.period(GRAPH_CONFIG_TICK_1_S);
    this.tick2S = this.period(GRAPH_CONFIG_TICK_2_S);
  }

  /** One second more. */
  second(): void {
    this.nowS++;
    this.tick(this.fastS, GRAPH_STREAM_TICK_FAST);
    this.tick(this.tick1S, GRAPH_STREAM_TICK_1);
    this.tick(this.tick2S, GRAPH_STREAM_TICK_2);
    if (this.nowS % SLOW_TICK_S != 0) return;
    this.tick(SLOW_TICK_S, GRAPH_STREAM_TICK_10S);
    this.engine.process(GRAPH_STREAM_BATTERY, this.supply, this.nowS);
  }

  /** The seconds up to `uptimeS`, at most `secondsMax` of them. False: there are more. */
  advance(uptimeS: u32, secondsMax: u32): bool {
    for (; secondsMax > 0 && this.nowS < uptimeS; secondsMax--) this.second();
    return this.nowS >= uptimeS;
  }

  private tick(periodS: u32, stream: u32): void {
    if (periodS != 0 && this.nowS % periodS == 0) this.engine.process(stream, this.nowS, this.nowS);
  }

  /** A number that is none, or below zero, turns a tick off. */
  private period(id: u32): u32 {
    return max(configNumber(this.engine.config(GRAPH_CONTROLLER, id), 0), 0);
  }
}
