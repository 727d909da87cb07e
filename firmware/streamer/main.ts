/**
 * The streamer: a board whose behaviour is a sensor graph, written by an integrator and sent over the network (README.md). A new
 * graph is judged at once, and runs after the restart that follows, on trial until the server has answered; a bad one is refused
 * and the one before goes on. Without a graph the board keeps its connection and does nothing else.
 */

import { ConfigKey } from "../../runtime/contract/config-record.ts";
import { GraphRefusal } from "../../runtime/contract/graph-format.ts";
import { GRAPH_READINGS_MAX } from "../../runtime/contract/graph-limits.ts";
import { LogLevel } from "../../runtime/contract/host-abi.ts";
import {
  COMMAND_UNKNOWN,
  CommandHandler,
  GraphClock,
  GraphEngine,
  GraphStore,
  HoldingQueue,
  heap_limit,
  heap_used,
  logText,
  logValue,
  MethodName,
  RemoteLog,
  Session,
} from "../../runtime/device/index.ts";
import { GraphJudge } from "./graph-judge.ts";
import { ReadingFlow } from "./reading-flow.ts";
import { SensorCalls } from "./sensor-calls.ts";

export { heap_limit, heap_used };

const VERSION = "0.1.0";
/** Seconds of the graph in one poll: after a long one the network has its turn too. */
const SECONDS_MAX = 60;

const queue = new HoldingQueue();
const session = new Session("streamer", VERSION, queue);
const judge = new GraphJudge();
const graphs = new GraphStore(judge);
const sensors = new SensorCalls(session.clock, queue);
const flow = new ReadingFlow(queue, session.config);
const engine = new GraphEngine(sensors, flow, GRAPH_READINGS_MAX);
const seconds = new GraphClock(engine);

let isRunning = false;

class Commands implements CommandHandler {
  /** `stream-now` lets go what waits for its streamer; answers with how many readings that were. */
  handle(method: MethodName, argument: i32): i32 {
    if (!method.is("stream-now")) return COMMAND_UNKNOWN;
    const held = <i32>queue.held;
    flow.releaseAll(engine);
    return held;
  }
}

export function start(): void {
  queue.begin();
  graphs.load();
  session.handleGraphs(graphs);
  session.begin();
  session.handleCommands(new Commands());
  session.sendLog(new RemoteLog());
  session.config.text(ConfigKey.Secret);
  judge.hasSecret = session.config.textBytes > 0;
  isRunning = beginGraph();
}

/** False: there is none that can run. */
function beginGraph(): bool {
  if (graphs.sizeBytes == 0) {
    logText(LogLevel.Warning, "no graph: nothing to do until the server sends one");
    return false;
  }
  // It was judged when it came, by the program and with the configuration of that time.
  let refusal = judge.check(graphs.pointer, graphs.sizeBytes);
  if (refusal == GraphRefusal.None) {
    // First values are readings of nobody.
    refusal = engine.load(graphs.pointer, graphs.sizeBytes);
  }
  if (refusal != GraphRefusal.None) {
    logValue(LogLevel.Error, "the graph cannot run, GraphRefusal ", refusal);
    return false;
  }
  const clock = session.clock;
  flow.begin(graphs.pointer);
  sensors.make(graphs.pointer, clock.nowMs);
  seconds.begin(clock.uptimeS);
  logValue(LogLevel.Info, "graph runs, version ", graphs.version);
  return true;
}

/** Called when a pin has changed, the network has news, or the delay returned has passed. */
export function poll(): u32 {
  session.clock.update();
  // What came instead lies in the same place, and runs from the next start on.
  if (isRunning && graphs.isReplaced) {
    isRunning = false;
    engine.unload();
    flow.end();
  }
  const delayMs = isRunning ? runGraph() : u32.MAX_VALUE;
  return min(session.poll(), delayMs);
}

/** What sensors have comes before the ticks of the same second. */
function runGraph(): u32 {
  const clock = session.clock;
  sensors.poll(engine, clock.uptimeS);
  flow.release(engine);
  for (let rest = SECONDS_MAX; rest > 0 && seconds.nowS < clock.uptimeS && !flow.isFull; rest--) {
    seconds.second();
    flow.release(engine);
  }
  flow.endPoll();
  if (seconds.nowS < clock.uptimeS) return 1;
  return min(clock.untilSecondMs, sensors.delayMs());
}
