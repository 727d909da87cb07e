import { LOG_MAX_BYTES } from "../../contract/limits.ts";
import { resetStage, takeLog } from "../testing/stage.ts";
import { logText, logValue } from "./log.ts";

const buffer = memory.data(LOG_MAX_BYTES);

function logged(): string {
  return String.UTF8.decodeUnsafe(buffer, takeLog(buffer));
}

beforeEach(() => {
  resetStage();
});

describe("log", () => {
  test("text, then the value in decimal", () => {
    const values: i32[] = [0, 9, 10, 42, 1000, -1, -300, i32.MAX_VALUE, i32.MIN_VALUE];
    for (let i = 0; i < values.length; i++) {
      logValue(2, "value ", values[i]);
      expect(logged()).toBe("value " + values[i].toString());
    }
  });

  test("a line too long is cut, and the next one is whole", () => {
    let long = "";
    for (let i = 0; i < LOG_MAX_BYTES + 10; i++) long += "x";
    logText(2, long);
    expect(logged()).toBe(long.substr(0, LOG_MAX_BYTES));
    logText(2, "next");
    expect(logged()).toBe("next");
  });
});
