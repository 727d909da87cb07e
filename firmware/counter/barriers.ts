/**
 * Who passes the door: one light barrier or PIR sensor, or two barriers that tell the direction. With one, the interrupt
 * counts the edges; with two, the order of the edges in the host's log decides.
 */
import { EDGE_RECORD_BYTES, LogLevel, NO_PIN, PIN_MAX, PinEdge, PinMode } from "../../runtime/contract/host-abi.ts";
import { EDGE_LOG_MAX } from "../../runtime/contract/limits.ts";
import { CounterSetting } from "../../runtime/contract/product-settings.ts";
import { Config, edge_read, logValue, pin_edges, pin_mode, pin_watch } from "../../runtime/device/index.ts";
import { Direction, Passage } from "./direction.ts";

/** Constants that the build gives: what --pin, the board or product.json says. */
const DEFAULT_PIN_A: u32 = PIN_BARRIER_A;
const DEFAULT_PIN_B: u32 = PIN_BARRIER_B;
const DEFAULT_DEBOUNCE_MS: u32 = 20;
/** There is no second barrier. */
const SINGLE: u32 = NO_PIN;
/** Edges taken from the host at a time. */
const EDGES_READ = 16;
const edges = memory.data(EDGES_READ * EDGE_RECORD_BYTES, 4);

export class Barriers {
  /** Passages that the last `take` found. */
  wentIn: i32 = 0;
  wentOut: i32 = 0;
  private pinA: u32 = DEFAULT_PIN_A;
  private pinB: u32 = SINGLE;
  private activeHigh: bool = false;
  private readonly direction: Direction = new Direction();

  get tellDirection(): bool {
    return this.pinB != SINGLE;
  }

  begin(config: Config): void {
    const pinA = config.setting(CounterSetting.PinA, 0, PIN_MAX, DEFAULT_PIN_A);
    let pinB = config.setting(CounterSetting.PinB, 0, PIN_MAX, DEFAULT_PIN_B);
    // A configuration can also say that there is no second barrier, on a board that was built for two.
    pinB = config.setting(CounterSetting.PinB, SINGLE, SINGLE, pinB);
    this.activeHigh = config.switch(CounterSetting.ActiveHigh, false);
    const debounceMs = config.setting(CounterSetting.DebounceMs, 0, 1000, DEFAULT_DEBOUNCE_MS);
    if (pinB == pinA) {
      logValue(LogLevel.Error, "both barriers on one pin: ", pinA);
      pinB = SINGLE;
    }
    this.pinA = pinA;
    this.pinB = pinB;
    if (pinB == SINGLE) {
      this.watch(pinA, this.activeHigh ? PinEdge.Rising : PinEdge.Falling, debounceMs);
    } else {
      this.watch(pinA, PinEdge.Both, debounceMs);
      this.watch(pinB, PinEdge.Both, debounceMs);
    }
  }

  private watch(pin: u32, watched: PinEdge, debounceMs: u32): void {
    const mode = this.activeHigh ? PinMode.Input : PinMode.InputPullup;
    if (pin_mode(pin, mode) < 0 || pin_watch(pin, watched, debounceMs) < 0) {
      logValue(LogLevel.Error, "cannot watch pin ", pin);
    }
  }

  /** Looks who has passed since the last time; false when nobody has. */
  take(): bool {
    this.wentIn = 0;
    this.wentOut = 0;
    if (this.tellDirection) this.takeEdges();
    else this.wentIn = max(pin_edges(this.pinA), 0);
    return (this.wentIn | this.wentOut) != 0;
  }

  private takeEdges(): void {
    for (let taken = 0; taken < EDGE_LOG_MAX; taken += EDGES_READ) {
      const bytes = edge_read(edges, EDGES_READ * EDGE_RECORD_BYTES);
      for (let at = 0; at + EDGE_RECORD_BYTES <= bytes; at += EDGE_RECORD_BYTES) this.takeEdge(edges + at);
      if (bytes < EDGES_READ * EDGE_RECORD_BYTES) return;
    }
  }

  private takeEdge(record: usize): void {
    const pin = <u32>load<u8>(record, 4);
    const isBroken = (load<u8>(record, 5) != 0) == this.activeHigh;
    const lost = load<u16>(record, 6);
    if (lost != 0) logValue(LogLevel.Warning, "edges lost ", lost);
    const passage = this.direction.edge(pin == this.pinB, isBroken, load<u32>(record));
    if (passage == Passage.In) this.wentIn++;
    else if (passage == Passage.Out) this.wentOut++;
  }
}
