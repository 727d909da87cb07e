/** Results that wait to be sent, in the order in which they came about. */
import { ResultKey } from "../../contract/command-messages.ts";
import { CborWriter } from "../cbor/writer.ts";

const RESULTS_MAX: u32 = 4;

class Result {
  command: u32 = 0;
  code: i32 = 0;
  hasValue: bool = false;
  value: i32 = 0;
  configVersion: u32 = 0;
}

export class OwedResults {
  private readonly results: StaticArray<Result> = [new Result(), new Result(), new Result(), new Result()];
  private first: u32 = 0;
  count: u32 = 0;

  /** No more can be kept: what would have a result must wait. */
  get isFull(): bool {
    return this.count == RESULTS_MAX;
  }

  private add(command: u32, code: i32, configVersion: u32, hasValue: bool, value: i32): void {
    if (this.isFull) return;
    const result = unchecked(this.results[(this.first + this.count) % RESULTS_MAX]);
    result.command = command;
    result.code = code;
    result.configVersion = configVersion;
    result.hasValue = hasValue;
    result.value = value;
    this.count++;
  }

  ofCommand(id: u32, code: i32): void {
    this.add(id, code, 0, false, 0);
  }

  ofCommandWithValue(id: u32, code: i32, value: i32): void {
    this.add(id, code, 0, true, value);
  }

  ofConfig(version: u32, code: i32): void {
    this.add(0, code, version, false, 0);
  }

  ofRefusedConfig(version: u32, code: i32, reason: i32): void {
    this.add(0, code, version, true, reason);
  }

  /** Encodes the oldest one and forgets it. */
  take(writer: CborWriter): void {
    const result = unchecked(this.results[this.first]);
    this.first = (this.first + 1) % RESULTS_MAX;
    this.count--;
    writer.map(1 + u32(result.command != 0) + u32(result.hasValue) + u32(result.configVersion != 0));
    if (result.command != 0) {
      writer.integer(ResultKey.Command);
      writer.unsigned(result.command);
    }
    writer.integer(ResultKey.Code);
    writer.integer(result.code);
    if (result.hasValue) {
      writer.integer(ResultKey.Value);
      writer.integer(result.value);
    }
    if (result.configVersion != 0) {
      writer.integer(ResultKey.ConfigVersion);
      writer.unsigned(result.configVersion);
    }
  }
}
