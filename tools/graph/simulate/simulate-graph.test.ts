import { describe, expect, test } from "vitest";
import { compileGraph, encodeGraph, streamText } from "../index.ts";
import { GraphRefusedError } from "./graph-machine.ts";
import { recordGraph } from "./record-graph.ts";
import { parseMock, parseStimulus } from "./stimulus.ts";

/** What outputs got, what was called and sent. */
function outcome(source: string, seconds: number, stimuli: string[] = [], mocks: string[] = []) {
  const record = recordGraph(encodeGraph(compileGraph(source, { optimize: true })), {
    seconds,
    stimuli: stimuli.map(parseStimulus),
    mocks: mocks.map(parseMock),
    wants: (stream) => streamText(stream).startsWith("output"),
  });
  const readings = record.readings.map(([timeS, stream, value]) => `${timeS} ${streamText(stream)} = ${value}`);
  return { ...record, readings };
}

describe("a simulation", () => {
  test("ticks from second 1 to the last one", () => {
    const { readings } = outcome("every 10 seconds { copy => output 1; } every 3 seconds { copy => output 2; }", 10);
    expect(readings).toEqual(["3 output 2 = 3", "6 output 2 = 6", "9 output 2 = 9", "10 output 1 = 10"]);
  });

  test("gives stimuli before the ticks of their second, in the order of times, then as given", () => {
    const source = "on input 10 { copy => output 1; } every 1 second { copy => output 2; }";
    const { readings } = outcome(source, 2, ["2 input 10 = 5", "0 input 10 = 1", "2 input 10 = -4", "3 input 10 = 9"]);
    expect(readings).toEqual([
      ...["0 output 1 = 1", "1 output 2 = 1", "2 output 1 = 5", "2 output 1 = -4", "2 output 2 = 2"],
    ]);
  });

  test("of no seconds does nothing", () => {
    expect(outcome("on input 10 { copy => output 1; }", 0, ["input 10 = 1"]).readings).toEqual([]);
  });

  test("answers calls that are not mocked with one row of numbers, and fails those that fail", () => {
    const source = `every 10 seconds {
      call 1 on slot 1 => output 1; call 2 on slot 1 => output 2; call 3 on slot 1 => output 3;
    }`;
    const { rpcs, readings } = outcome(source, 20, [], ["slot 1:2 = -7", "slot 1:3 = fail"]);
    expect(rpcs.map(([timeS, , rpc, value]) => [timeS, rpc, value])).toEqual([
      ...[10, 20].flatMap((timeS, round) => [
        [timeS, 1, round + 1],
        [timeS, 2, -7],
        [timeS, 3, null],
      ]),
    ]);
    expect(readings).toEqual(["10 output 1 = 1", "10 output 2 = -7", "20 output 1 = 2", "20 output 2 = -7"]);
  });

  test("sends what streamers have when they are triggered, or at once", () => {
    const source = `manual streamer on output 1; streamer on output 2;
      every 1 second { copy => output 1; }
      every 10 seconds { copy => output 2; }
      on output 2 { trigger streamer 0; }`;
    expect(outcome(source, 25).sent).toEqual([
      ...[
        [10, 0, 10],
        [10, 1, 1],
        [20, 0, 10],
        [20, 1, 1],
      ],
    ]);
  });

  test("averages what a log has held, however long", () => {
    const source = "every 1 second { copy => buffered 1; } every 1 day { copy average buffered 1 => output 1; }";
    const { readings, readingsLost } = outcome(source, 86_400);
    // In the second of the average its own tick comes before: 1 to 86400.
    expect(readings).toEqual(["86400 output 1 = 43200"]);
    expect(readingsLost).toBe(0);
  });

  test("tells what an engine refuses", () => {
    expect(() => recordGraph(new Uint8Array(12), { seconds: 1, wants: () => true })).toThrow(GraphRefusedError);
    expect(() => recordGraph(new Uint8Array(0x10000), { seconds: 1, wants: () => true })).toThrow(/Length/);
  });
});
