/**
 * The compiled sensor graph of a product that runs one: two copies in flash, a new one from the server on trial, as it is
 * with the configuration. A product constructs this only if it wants graphs, and hands it to its session.
 *
 * There is one copy in memory. While a new graph is written it is that one, so the old one must not run any more then:
 * `isReplaced`, for the second until the restart.
 */

import { DesiredGraphKey, ResultCode, ResultKey } from "../../contract/command-messages.ts";
import { CONFIG_TRIAL_MS, GRAPH_RECORD_MAGIC } from "../../contract/config-record.ts";
import { FLASH_GRAPH_OFFSET } from "../../contract/flash-map.ts";
import { GraphRefusal } from "../../contract/graph-format.ts";
import { GRAPH_MAX_BYTES } from "../../contract/graph-limits.ts";
import { LogLevel } from "../../contract/host-abi.ts";
import { CHANNEL_GRAPH, CHANNEL_RESULT } from "../../contract/topics.ts";
import { CborError } from "../cbor/format.ts";
import { CborReader } from "../cbor/reader.ts";
import { CborWriter } from "../cbor/writer.ts";
import { elapsedMs } from "../hal/clock.ts";
import { logText } from "../hal/log.ts";
import { restart } from "../imports/host.ts";
import { ON_TRIAL, RecordStore } from "../record/record-store.ts";
import { TrialRecord } from "../record/trial-record.ts";
import { IncomingChannel, RESTART_AFTER_MS, SessionPart, Taken } from "../session/session-part.ts";

const VERSION_BYTES: u32 = 4;
/** The head of the message, the key and the head of the graph have a byte each at least. */
const ALIGN_MASK: usize = 3;

/** The product's word about a graph that comes. */
export interface GraphCheck {
  /** GraphRefusal; None: the product can run what lies at `pointer`, a multiple of 4. It stays there for the time of this call. */
  check(pointer: usize, length: u32): i32;
}

export class GraphStore extends TrialRecord implements SessionPart {
  private isWelcome: bool = false;
  private restarts: bool = false;
  private restartSinceMs: u32 = 0;
  private startedMs: u32 = 0;
  private isStarted: bool = false;
  /** The answer that is owed; version 0 = none. */
  private answerVersion: u32 = 0;
  private answerCode: i32 = 0;
  private answerValue: i32 = 0;

  constructor(private readonly judge: GraphCheck) {
    super(new RecordStore(FLASH_GRAPH_OFFSET, GRAPH_RECORD_MAGIC, VERSION_BYTES + GRAPH_MAX_BYTES));
  }

  get version(): u32 {
    const store = this.store;
    return store.lengthBytes < VERSION_BYTES ? 0 : load<u32>(store.content);
  }

  /** The graph in use, after `load`; without one there are 0 bytes. It lies at a multiple of 4 and stays there. */
  get pointer(): usize {
    return this.store.content + VERSION_BYTES;
  }

  /** A new graph lies in memory and in flash; it runs from the next start on. */
  get isReplaced(): bool {
    return this.restarts;
  }

  get sizeBytes(): u32 {
    return this.version == 0 ? 0 : this.store.lengthBytes - VERSION_BYTES;
  }

  connected(nowMs: u32): void {
    this.isWelcome = false;
  }

  welcomed(nowMs: u32): void {
    this.isWelcome = true;
    // Restarting: the record in memory is that of the next start.
    if (this.restarts) return;
    const wasOnTrial = this.onTrial;
    this.confirm();
    if (wasOnTrial) this.owe(this.version, ResultCode.Done, 0);
    else if (this.gaveUp) this.owe(this.refusedVersion, ResultCode.RolledBack, 0);
    this.gaveUp = false;
  }

  take(incoming: IncomingChannel, reader: CborReader, pointer: usize, length: u32, nowMs: u32): Taken {
    if (!incoming.isChannel(CHANNEL_GRAPH)) return Taken.NotMine;
    // Too early.
    if (!this.isWelcome) return Taken.Malformed;
    // Comes again on the next `hello`.
    if (this.restarts) return Taken.Taken;
    let version: u32 = 0;
    let graph: usize = 0;
    let graphBytes: u32 = 0;
    reader.begin(pointer, length);
    for (let pairs = reader.map(); pairs > 0 && reader.error == CborError.None; pairs--) {
      const key = reader.integer();
      if (key == DesiredGraphKey.Version) {
        version = reader.unsigned();
      } else if (key == DesiredGraphKey.Bytes) {
        reader.bytes();
        graph = reader.stringPointer;
        graphBytes = reader.stringLength;
      } else {
        reader.skip();
      }
    }
    if (!reader.finished || version == 0 || graph == 0) return Taken.Malformed;
    // Over its head and its key, which were read: the chip loads words from multiples of 4 only.
    const aligned = graph & ~ALIGN_MASK;
    memory.copy(aligned, graph, graphBytes);
    this.takeGraph(version, aligned, graphBytes, nowMs);
    return Taken.Taken;
  }

  private takeGraph(version: u32, graph: usize, graphBytes: u32, nowMs: u32): void {
    if (version <= this.version) {
      this.owe(this.version, ResultCode.Done, 0);
      return;
    }
    if (version <= this.refusedVersion) {
      this.owe(this.refusedVersion, ResultCode.RolledBack, 0);
      return;
    }
    let refusal: i32 = GraphRefusal.None;
    if (graphBytes > <u32>GRAPH_MAX_BYTES) refusal = GraphRefusal.Length;
    else if (graphBytes > 0) refusal = this.judge.check(graph, graphBytes);
    if (refusal == GraphRefusal.None && !this.keep(version, graph, graphBytes)) refusal = GraphRefusal.NotWritten;
    if (refusal == GraphRefusal.None) {
      this.restarts = true;
      this.restartSinceMs = nowMs;
      this.owe(version, ResultCode.Accepted, 0);
    } else {
      this.owe(version, ResultCode.Refused, refusal);
    }
  }

  private keep(version: u32, graph: usize, graphBytes: u32): bool {
    const record = this.store;
    if (record.lengthBytes == 0) {
      if (!record.beginFirst()) return false;
    } else if (!record.isConfirmed) {
      // The other copy is the one to go back to while this one is on trial.
      return false;
    }
    store<u32>(record.content, version);
    memory.copy(record.content + VERSION_BYTES, graph, graphBytes);
    if (record.write(VERSION_BYTES + graphBytes, ON_TRIAL)) return true;
    record.revert();
    return false;
  }

  private owe(version: u32, code: i32, value: i32): void {
    this.answerVersion = version;
    this.answerCode = code;
    this.answerValue = value;
  }

  holdsMessage(): bool {
    return false;
  }

  poll(nowMs: u32): void {
    if (!this.isStarted) {
      this.isStarted = true;
      this.startedMs = nowMs;
    }
    if (this.restarts) {
      if (this.untilRestartMs(nowMs) <= 0) restart(0);
    } else if (this.onTrial && this.untilTrialEndsMs(nowMs) <= 0) {
      logText(LogLevel.Warning, "graph trial over");
      restart(0);
    }
  }

  private untilRestartMs(nowMs: u32): i32 {
    return RESTART_AFTER_MS - elapsedMs(nowMs, this.restartSinceMs);
  }

  private untilTrialEndsMs(nowMs: u32): i32 {
    return CONFIG_TRIAL_MS - elapsedMs(nowMs, this.startedMs);
  }

  delayMs(nowMs: u32): i32 {
    if (this.restarts) return this.untilRestartMs(nowMs);
    return this.onTrial ? this.untilTrialEndsMs(nowMs) : i32.MAX_VALUE;
  }

  owes(nowMs: u32): bool {
    return this.answerVersion != 0;
  }

  channel(): string {
    return CHANNEL_RESULT;
  }

  write(writer: CborWriter, nowMs: u32): void {
    const isRefused = this.answerCode == ResultCode.Refused;
    writer.map(isRefused ? 3 : 2);
    writer.integer(ResultKey.Code);
    writer.integer(this.answerCode);
    if (isRefused) {
      writer.integer(ResultKey.Value);
      writer.integer(this.answerValue);
    }
    writer.integer(ResultKey.GraphVersion);
    writer.unsigned(this.answerVersion);
    this.answerVersion = 0;
  }
}
