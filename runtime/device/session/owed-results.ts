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
  /** -1 = none. */
  setting: i32 = -1;

  setValue(value: i32): void {
    this.hasValue = true;
    this.value = value;
  }
}

export class OwedResults {
  private readonly results: StaticArray<Result> = [new Result(), new Result(), new Result(), new Result()];
  private first: u32 = 0;
  count: u32 = 0;

  /** No more can be kept: what would have a result must wait. */
  get isFull(): bool {
    return this.count == RESULTS_MAX;
  }

  /** A new one, to be filled in; in place of the last when there is no room. */
  private add(code: i32): Result {
    if (!this.isFull) this.count++;
    const result = unchecked(this.results[(this.first + this.count - 1) % RESULTS_MAX]);
    result.command = 0;
    result.code = code;
    result.hasValue = false;
    result.configVersion = 0;
    result.setting = -1;
    return result;
  }

  ofCommand(id: u32, code: i32): Result {
    const result = this.add(code);
    result.command = id;
    return result;
  }

  ofConfig(version: u32, code: i32): Result {
    const result = this.add(code);
    result.configVersion = version;
    return result;
  }

  /** Encodes the oldest one and forgets it. */
  take(writer: CborWriter): void {
    const result = unchecked(this.results[this.first]);
    this.first = (this.first + 1) % RESULTS_MAX;
    this.count--;
    const hasSetting = result.setting >= 0;
    writer.map(1 + u32(result.command != 0) + u32(result.hasValue) + u32(result.configVersion != 0) + u32(hasSetting));
    putUnless0(writer, ResultKey.Command, result.command);
    writer.integer(ResultKey.Code);
    writer.integer(result.code);
    if (result.hasValue) {
      writer.integer(ResultKey.Value);
      writer.integer(result.value);
    }
    putUnless0(writer, ResultKey.ConfigVersion, result.configVersion);
    if (hasSetting) {
      writer.integer(ResultKey.Setting);
      writer.integer(result.setting);
    }
  }
}

function putUnless0(writer: CborWriter, key: i32, value: u32): void {
  if (value == 0) return;
  writer.integer(key);
  writer.unsigned(value);
}
