/** What the graph's calls reach: the slots that it declares, and the controller. */
import { GRAPH_CONTROLLER } from "../../runtime/contract/graph-format.ts";
import { GRAPH_SENSORS_MAX, GraphControllerCall } from "../../runtime/contract/graph-sensors.ts";
import { LogLevel } from "../../runtime/contract/host-abi.ts";
import { POLL_MAX_MS } from "../../runtime/contract/limits.ts";
import {
  adc_read,
  board_id,
  Clock,
  GraphCalls,
  GraphEngine,
  HoldingQueue,
  heap_limit,
  heap_used,
  logValue,
  net_rssi,
} from "../../runtime/device/index.ts";
import { FIRST_ADDRESS, kindAt, LAST_ADDRESS } from "./graph-judge.ts";
import { SensorSlot } from "./sensor-slot.ts";

export class SensorCalls implements GraphCalls {
  private readonly slots: StaticArray<SensorSlot | null> = new StaticArray<SensorSlot | null>(GRAPH_SENSORS_MAX);
  private count: i32 = 0;
  private answer: i32 = 0;

  constructor(
    private readonly clock: Clock,
    private readonly queue: HoldingQueue,
  ) {}

  /** Makes what a graph declares; called once, while the program starts. */
  make(graph: usize, nowMs: u32): void {
    for (let address = FIRST_ADDRESS; address <= LAST_ADDRESS; address++) {
      if (kindAt(graph, address) == 0) continue;
      const slot = new SensorSlot(address, graph);
      this.slots[this.count++] = slot;
      slot.begin(nowMs);
    }
  }

  poll(engine: GraphEngine, timeS: u32): void {
    const nowMs = this.clock.nowMs;
    for (let i = 0; i < this.count; i++) this.at(i).poll(nowMs, engine, timeS);
  }

  delayMs(): u32 {
    const nowMs = this.clock.nowMs;
    let delayMs: u32 = POLL_MAX_MS;
    for (let i = 0; i < this.count; i++) delayMs = min(delayMs, this.at(i).delayMs(nowMs));
    return delayMs;
  }

  private at(index: i32): SensorSlot {
    return changetype<SensorSlot>(unchecked(this.slots[index]));
  }

  call(address: u32, rpc: u32): bool {
    if (address == GRAPH_CONTROLLER) return this.callController(rpc);
    for (let i = 0; i < this.count; i++) {
      const slot = this.at(i);
      if (slot.address != address) continue;
      const hasAnswer = slot.call(rpc);
      this.answer = slot.value;
      return hasAnswer;
    }
    return false;
  }

  value(): i32 {
    return this.answer;
  }

  private callController(rpc: u32): bool {
    switch (rpc) {
      case GraphControllerCall.UptimeS:
        this.answer = this.clock.uptimeS;
        return true;
      case GraphControllerCall.FreeBytes:
        this.answer = heap_limit() - heap_used();
        return true;
      case GraphControllerCall.RssiDbm:
        this.answer = -net_rssi();
        return this.answer != 0;
      case GraphControllerCall.Queued:
        this.answer = this.queue.count();
        return true;
      case GraphControllerCall.Held:
        this.answer = this.queue.held;
        return true;
      case GraphControllerCall.Adc:
        this.answer = adc_read();
        return this.answer >= 0;
      case GraphControllerCall.Identify:
        logValue(LogLevel.Info, "identify: the graph calls, board ", board_id());
        this.answer = 1;
        return true;
      default:
        return false;
    }
  }
}
