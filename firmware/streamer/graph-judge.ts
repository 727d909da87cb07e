/**
 * Whether this product can run a graph: the rules of the engine, and what the graph wants of this board. It looks at bytes alone,
 * so a graph that comes is judged while another one runs.
 */
import {
  GRAPH_COMPILER_ID,
  GRAPH_CONFIG_ADDRESS,
  GRAPH_CONFIG_ID,
  GRAPH_CONFIG_TICK_1_S,
  GRAPH_CONFIG_TICK_2_S,
  GRAPH_CONFIG_TICK_FAST_S,
  GRAPH_CONFIG_TYPE,
  GRAPH_CONFIGS_OFFSET,
  GRAPH_CONSTANT_BYTES,
  GRAPH_CONSTANT_VALUE,
  GRAPH_CONTROLLER,
  GRAPH_FIRST_SLOT,
  GRAPH_NODE_BYTES,
  GRAPH_NODE_FUNCTION,
  GRAPH_NODE_OUTPUT,
  GRAPH_SLOT_MAX,
  GRAPH_STREAMER_BYTES,
  GRAPH_STREAMER_FLAGS,
  GRAPH_STREAMER_RECEIVER,
  GRAPH_TYPE_SHIFT,
  GraphConfigType,
  GraphFunction,
  GraphRefusal,
  GraphStreamerFlag,
  GraphStreamType,
} from "../../runtime/contract/graph-format.ts";
import {
  GRAPH_BME280_ADDRESS,
  GRAPH_SENSORS_MAX,
  GraphSensor,
  GraphSlotConfig,
} from "../../runtime/contract/graph-sensors.ts";
import {
  checkGraph,
  configBytes,
  configNumber,
  configsAt,
  constantsAt,
  findConfig,
  GraphCheck,
  inputStream,
  nodeAt,
  streamersAt,
} from "../../runtime/device/index.ts";
import {
  answersController,
  answersSlot,
  HAS_I2C,
  isValueOf,
  needsPin,
  pinsOf,
  sharedPinsOf,
  takenBy,
} from "./slot-rules.ts";

export const FIRST_ADDRESS: u32 = GRAPH_FIRST_SLOT + 1;
export const LAST_ADDRESS: u32 = GRAPH_FIRST_SLOT + GRAPH_SLOT_MAX;
const NOT_SERVED: u32 = GraphStreamerFlag.Encrypted | GraphStreamerFlag.Realtime | GraphStreamerFlag.Broadcast;
const CALL_ADDRESS_SHIFT: u32 = 16;
const CALL_RPC_MASK: u32 = 0xffff;
const ANALOGUE_TWICE: u32 = 1 << 31;
/** Above all pins: the BME280s by their addresses. */
const BME280_SHIFT: u32 = 24;

export class GraphJudge implements GraphCheck {
  /** The device can sign. */
  hasSecret: bool = false;

  check(graph: usize, length: u32): i32 {
    let refusal = checkGraph(graph, length);
    if (refusal == GraphRefusal.None) refusal = checkStreamers(graph, this.hasSecret);
    if (refusal == GraphRefusal.None) refusal = checkConfigs(graph);
    if (refusal == GraphRefusal.None) refusal = checkSlots(graph);
    if (refusal == GraphRefusal.None) refusal = checkCalls(graph);
    return refusal;
  }
}

/** What is in a slot; 0 = nothing. */
export function kindAt(graph: usize, address: u32): u32 {
  return configNumber(findConfig(graph, address, GraphSlotConfig.Kind), 0);
}

function checkStreamers(graph: usize, hasSecret: bool): GraphRefusal {
  const end = constantsAt(graph);
  for (let streamer = streamersAt(graph); streamer < end; streamer += GRAPH_STREAMER_BYTES) {
    const flags: u32 = load<u8>(streamer, GRAPH_STREAMER_FLAGS);
    if ((flags & NOT_SERVED) != 0 || load<u8>(streamer, GRAPH_STREAMER_RECEIVER) != GRAPH_CONTROLLER) {
      return GraphRefusal.Streamer;
    }
    if ((flags & GraphStreamerFlag.Signed) != 0 && !hasSecret) return GraphRefusal.Secret;
  }
  return GraphRefusal.None;
}

/** Each entry is known where it stands, and a number that makes sense. */
function checkConfigs(graph: usize): GraphRefusal {
  let entry = configsAt(graph);
  for (let rest: i32 = load<u16>(graph, GRAPH_CONFIGS_OFFSET); rest > 0; rest--) {
    const address: u32 = load<u8>(entry, GRAPH_CONFIG_ADDRESS);
    const id: u32 = load<u16>(entry, GRAPH_CONFIG_ID);
    if (address == GRAPH_CONTROLLER) {
      if (!isTickPeriod(id)) return GraphRefusal.Unknown;
    } else if (!isSlot(address) || !isTaken(graph, address, id)) return GraphRefusal.Unknown;
    if (load<u8>(entry, GRAPH_CONFIG_TYPE) > <u8>GraphConfigType.Int32) return GraphRefusal.Value;
    if (isSlot(address) && !isValueOf(id, configNumber(entry, 0))) return GraphRefusal.Value;
    entry += configBytes(entry);
  }
  return GraphRefusal.None;
}

function isTickPeriod(id: u32): bool {
  return id == GRAPH_CONFIG_TICK_FAST_S || id == GRAPH_CONFIG_TICK_1_S || id == GRAPH_CONFIG_TICK_2_S;
}

function isSlot(address: u32): bool {
  return address >= FIRST_ADDRESS && address <= LAST_ADDRESS;
}

/** The id is one that the kind in this slot takes. */
function isTaken(graph: usize, address: u32, id: u32): bool {
  const bit = id - GraphSlotConfig.Kind;
  return bit < 32 && ((takenBy(kindAt(graph, address)) >> bit) & 1) != 0;
}

/** No pin for two, no more sensors than there is memory for. */
function checkSlots(graph: usize): GraphRefusal {
  let sensors = 0;
  let used: u32 = 0;
  let shared: u32 = 0;
  for (let address = FIRST_ADDRESS; address <= LAST_ADDRESS; address++) {
    const kind = kindAt(graph, address);
    if (kind == 0) continue;
    if (++sensors > GRAPH_SENSORS_MAX) return GraphRefusal.Memory;
    const takesPin = needsPin(kind);
    if (takesPin && findConfig(graph, address, GraphSlotConfig.Pin) == 0) return GraphRefusal.Value;
    const own = takesPin ? pinsAt(graph, address, kind) : singleOf(graph, address, kind);
    if (own == 0 || (own & (used | shared)) != 0) return GraphRefusal.Pin;
    used |= own;
    shared |= sharedPinsOf(kind);
    if ((used & shared) != 0) return GraphRefusal.Pin;
  }
  return GraphRefusal.None;
}

function pinsAt(graph: usize, address: u32, kind: u32): u32 {
  return pinsOf(kind, configNumber(findConfig(graph, address, GraphSlotConfig.Pin), -1));
}

/** A bit for what there is one of: the analogue input, an address on I2C. */
function singleOf(graph: usize, address: u32, kind: u32): u32 {
  if (kind != GraphSensor.Bme280) return ANALOGUE_TWICE;
  if (!HAS_I2C) return 0;
  const at = configNumber(findConfig(graph, address, GraphSlotConfig.Address), GRAPH_BME280_ADDRESS);
  return 1 << (BME280_SHIFT + <u32>(at - GRAPH_BME280_ADDRESS));
}

/** A call whose argument is a constant that the compiler made: it never changes. Others are looked at when they run. */
function checkCalls(graph: usize): GraphRefusal {
  const end = streamersAt(graph);
  for (let node = nodeAt(graph, 0); node < end; node += GRAPH_NODE_BYTES) {
    if (load<u8>(node, GRAPH_NODE_FUNCTION) != GraphFunction.Call) continue;
    const stream = inputStream(node, 1);
    const isFixed =
      stream >> GRAPH_TYPE_SHIFT == GraphStreamType.Constant &&
      (stream & GRAPH_COMPILER_ID) != 0 &&
      !isWritten(graph, stream);
    if (isFixed && !isAnswered(graph, firstValue(graph, stream))) return GraphRefusal.Unknown;
  }
  return GraphRefusal.None;
}

function isWritten(graph: usize, stream: u32): bool {
  const end = streamersAt(graph);
  for (let node = nodeAt(graph, 0); node < end; node += GRAPH_NODE_BYTES) {
    if (load<u16>(node, GRAPH_NODE_OUTPUT) == stream) return true;
  }
  return false;
}

function firstValue(graph: usize, stream: u32): u32 {
  let value: u32 = 0;
  const end = configsAt(graph);
  for (let constant = constantsAt(graph); constant < end; constant += GRAPH_CONSTANT_BYTES) {
    if (load<u16>(constant) == stream) value = load<u32>(constant, GRAPH_CONSTANT_VALUE);
  }
  return value;
}

function isAnswered(graph: usize, argument: u32): bool {
  const address = argument >> CALL_ADDRESS_SHIFT;
  const rpc = argument & CALL_RPC_MASK;
  if (address == GRAPH_CONTROLLER) return answersController(rpc);
  const kind = isSlot(address) ? kindAt(graph, address) : 0;
  return kind != 0 && answersSlot(kind, rpc);
}
