/**
 * What the server tells the device to do: `config` and `command` (contract/command-messages.ts), answered with `result`.
 * The server sends both again until it has a result, so each is answered however often it comes and acted on once: a
 * command's id is in the queue's flash before the command runs, a configuration has a version.
 */
import { CommandKey, DesiredConfigKey, ResultCode } from "../../contract/command-messages.ts";
import { ConfigKey } from "../../contract/config-record.ts";
import { LogLevel } from "../../contract/host-abi.ts";
import { CHANNEL_COMMAND, CHANNEL_CONFIG, CHANNEL_RESULT } from "../../contract/topics.ts";
import { CborError } from "../cbor/format.ts";
import { CborReader } from "../cbor/reader.ts";
import { CborWriter } from "../cbor/writer.ts";
import { Config } from "../config/config.ts";
import { ConfigWriter } from "../config/config-writer.ts";
import { Clock, elapsedMs } from "../hal/clock.ts";
import { logValue } from "../hal/log.ts";
import { restart } from "../imports/host.ts";
import { ReadingQueue } from "../queue/reading-queue.ts";
import { COMMAND_REFUSED, COMMAND_UNKNOWN, CommandHandler, MethodName } from "./command-handler.ts";
import { OwedResults } from "./owed-results.ts";
import { IncomingChannel, RESTART_AFTER_MS, SessionPart, Taken } from "./session-part.ts";

/** The product's own, and those of the library that it adds. */
const HANDLERS_MAX: i32 = 4;

export class Orders implements SessionPart {
  /** The server asks for a `state`; whoever sends it clears this. */
  wantsState: bool = false;
  private readonly handlers: StaticArray<CommandHandler | null> = new StaticArray<CommandHandler | null>(HANDLERS_MAX);
  private handlerCount: i32 = 0;

  private readonly results: OwedResults = new OwedResults();
  private readonly method: MethodName = new MethodName();
  readonly configWriter: ConfigWriter;
  private isWelcome: bool = false;
  private restarts: bool = false;
  private restartSinceMs: u32 = 0;

  constructor(
    private readonly clock: Clock,
    private readonly config: Config,
    private readonly queue: ReadingQueue,
  ) {
    this.configWriter = new ConfigWriter(config);
  }

  /** Asked after those before it. */
  addHandler(handler: CommandHandler): void {
    // One more than there is room for is our own mistake, in a product that starts.
    this.handlers[this.handlerCount++] = handler;
  }

  connected(nowMs: u32): void {
    this.isWelcome = false;
  }

  welcomed(nowMs: u32): void {
    this.isWelcome = true;
    const config = this.config;
    // Restarting: the record in memory is that of the next start.
    if (this.restarts) return;
    const version = config.version;
    const wasOnTrial = config.onTrial;
    config.confirm();
    if (wasOnTrial) this.results.ofConfig(version, ResultCode.Done);
    else if (config.gaveUp) this.results.ofConfig(config.refusedVersion, ResultCode.RolledBack);
    config.gaveUp = false;
  }

  take(incoming: IncomingChannel, reader: CborReader, pointer: usize, length: u32, nowMs: u32): Taken {
    const isConfig = incoming.isChannel(CHANNEL_CONFIG);
    if (!isConfig && !incoming.isChannel(CHANNEL_COMMAND)) return Taken.NotMine;
    // Too early.
    if (!this.isWelcome) return Taken.Malformed;
    // Comes again on the next `hello`.
    if (this.restarts || this.results.isFull) return Taken.Taken;
    reader.begin(pointer, length);
    return (isConfig ? this.takeConfig(reader, nowMs) : this.takeCommand(reader, nowMs))
      ? Taken.Taken
      : Taken.Malformed;
  }

  private takeConfig(reader: CborReader, nowMs: u32): bool {
    let version: u32 = 0;
    let values: usize = 0;
    let valuesBytes: u32 = 0;
    for (let pairs = reader.map(); pairs > 0 && reader.error == CborError.None; pairs--) {
      const key = reader.integer();
      if (key == DesiredConfigKey.Version) {
        version = reader.unsigned();
      } else {
        const from = reader.at;
        reader.skip();
        if (key == DesiredConfigKey.Values) {
          values = from;
          valuesBytes = <u32>(reader.at - from);
        }
      }
    }
    if (!reader.finished || version == 0 || values == 0) return false;
    const config = this.config;
    const results = this.results;
    if (version <= config.version) {
      results.ofConfig(config.version, ResultCode.Done);
    } else if (version <= config.refusedVersion) {
      results.ofConfig(config.refusedVersion, ResultCode.RolledBack);
    } else if (this.configWriter.write(version, values, valuesBytes)) {
      results.ofConfig(version, ResultCode.Accepted);
      this.restartSoon(nowMs);
    } else {
      const result = results.ofConfig(version, ResultCode.Refused);
      result.setValue(this.configWriter.reason);
      if (this.configWriter.reason == ConfigKey.Product) result.setting = this.configWriter.setting;
    }
    return true;
  }

  private takeCommand(reader: CborReader, nowMs: u32): bool {
    let id: u32 = 0;
    let argument = 0;
    let expires = false;
    let expiresUnixS: u32 = 0;
    const method = this.method;
    method.length = 0;
    method.second = 0;
    for (let pairs = reader.map(); pairs > 0 && reader.error == CborError.None; pairs--) {
      const key = reader.integer();
      if (key == CommandKey.Id) {
        id = reader.unsigned();
      } else if (key == CommandKey.Method) {
        reader.text();
        method.pointer = reader.stringPointer;
        method.length = reader.stringLength;
      } else if (key == CommandKey.Argument) {
        argument = reader.integer();
      } else if (key == CommandKey.Second) {
        method.second = reader.integer();
      } else if (key == CommandKey.ExpiresUnixS) {
        expires = true;
        expiresUnixS = reader.unsigned();
      } else {
        reader.skip();
      }
    }
    if (!reader.finished || id == 0 || method.length == 0) return false;
    const unixS = this.clock.unixS;
    if (id <= this.queue.lastCommand()) this.results.ofCommand(id, ResultCode.Repeated);
    else if (expires && (unixS == 0 || unixS > expiresUnixS)) this.results.ofCommand(id, ResultCode.Expired);
    else this.run(id, argument, nowMs);
    return true;
  }

  /** In flash first: whatever happens while the command runs, it does not run again. */
  private run(id: u32, argument: i32, nowMs: u32): void {
    if (!this.queue.takeCommand(id)) {
      // No answer: it stays with the server, for a program that can.
      logValue(LogLevel.Warning, "cannot note command ", id);
      return;
    }
    const method = this.method;
    const results = this.results;
    if (method.is("restart")) {
      results.ofCommand(id, ResultCode.Accepted);
      this.restartSoon(nowMs);
    } else if (method.is("report")) {
      results.ofCommand(id, ResultCode.Done);
      this.wantsState = true;
    } else {
      const result = this.ask(method, argument);
      if (result == COMMAND_UNKNOWN) results.ofCommand(id, ResultCode.Unknown);
      else if (result == COMMAND_REFUSED) results.ofCommand(id, ResultCode.Refused);
      else results.ofCommand(id, ResultCode.Done).setValue(result);
    }
  }

  private ask(method: MethodName, argument: i32): i32 {
    for (let i = 0; i < this.handlerCount; i++) {
      const result = unchecked(this.handlers[i])!.handle(method, argument);
      if (result != COMMAND_UNKNOWN) return result;
    }
    // What waits is being sent already; a product that collects for longer has a handler.
    return method.is("stream-now") ? <i32>this.queue.count() : COMMAND_UNKNOWN;
  }

  private restartSoon(nowMs: u32): void {
    this.restarts = true;
    this.restartSinceMs = nowMs;
  }

  private untilRestartMs(nowMs: u32): i32 {
    return RESTART_AFTER_MS - elapsedMs(nowMs, this.restartSinceMs);
  }

  holdsMessage(): bool {
    return false;
  }

  poll(nowMs: u32): void {
    if (this.restarts && this.untilRestartMs(nowMs) <= 0) restart(0);
  }

  delayMs(nowMs: u32): i32 {
    return this.restarts ? this.untilRestartMs(nowMs) : i32.MAX_VALUE;
  }

  owes(nowMs: u32): bool {
    return this.results.count > 0;
  }

  channel(): string {
    return CHANNEL_RESULT;
  }

  write(writer: CborWriter, nowMs: u32): void {
    this.results.take(writer);
  }
}
