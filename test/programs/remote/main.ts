/**
 * A product that takes everything that a server can tell a device: settings, commands of its own and about pins, a sensor
 * graph, and the order to send its log. Each poll it says what it works with, where that has changed.
 */
import { GRAPH_NODES_OFFSET, GraphRefusal } from "../../../runtime/contract/graph-format.ts";
import { LogLevel } from "../../../runtime/contract/host-abi.ts";
import {
  COMMAND_REFUSED,
  COMMAND_UNKNOWN,
  CommandHandler,
  FlashQueue,
  GraphCheck,
  GraphStore,
  heap_limit,
  heap_used,
  logText,
  logValue,
  MethodName,
  PinCommands,
  RemoteLog,
  Session,
} from "../../../runtime/device/index.ts";

export { heap_limit, heap_used };

/** Settings: 3, an integer from 0 to 100; 0, a boolean. */
const SETTINGS = memory.data<i32>([0x103, 0, 100, 0, 0, 0, 1, 0]);
const SETTINGS_COUNT: u32 = 2;
const LEVEL: i32 = 3;
const LED: u32 = 2;
const RELAY: u32 = 12;
const CALIBRATE_MAX: i32 = 1000;

class Judge implements GraphCheck {
  check(pointer: usize, length: u32): i32 {
    return load<u8>(pointer, GRAPH_NODES_OFFSET) == 0 ? GraphRefusal.None : GraphRefusal.Unreachable;
  }
}

class Commands implements CommandHandler {
  handle(method: MethodName, argument: i32): i32 {
    if (method.is("chatter")) return chatter(argument);
    if (!method.is("calibrate")) return COMMAND_UNKNOWN;
    if (argument > CALIBRATE_MAX) return COMMAND_REFUSED;
    logValue(LogLevel.Debug, "calibrated ", argument);
    return argument + method.second;
  }
}

/** More lines than are kept. */
function chatter(lines: i32): i32 {
  for (let i = 0; i < lines; i++) logValue(LogLevel.Debug, "line \x1b[31m ", i);
  return lines;
}

const queue = new FlashQueue();
const session = new Session("remote", "1.0.0", queue);
const graphs = new GraphStore(new Judge());
const pins = new PinCommands(LED, 0);

export function start(): void {
  queue.begin();
  graphs.load();
  pins.allowOutput(RELAY);
  session.takeSettings(SETTINGS, SETTINGS_COUNT);
  session.handleCommands(new Commands());
  session.handlePins(pins);
  session.sendLog(new RemoteLog());
  session.handleGraphs(graphs);
  session.begin();
  logValue(LogLevel.Info, "level ", session.config.setting(LEVEL, 0, 100, 50));
  logValue(LogLevel.Info, "graph bytes ", graphs.sizeBytes);
  if (graphs.sizeBytes == 0) logText(LogLevel.Info, "no graph");
}

export function poll(): u32 {
  session.clock.update();
  return session.poll();
}
