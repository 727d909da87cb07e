import { describe, expect, test } from "vitest";
import { GraphLineError, parseMock, parseStimulus, parseTimeS, parseWatch } from "./stimulus.ts";

describe("a stimulus", () => {
  test.each([
    ["input 10 = 15", 0, 0x300a, 15],
    ["system input 10 = 0x10", 0, 0x380a, 16],
    ["1 minute: input 5 = 1", 60, 0x3005, 1],
    ["60 system input 1025 = 8", 60, 0x3c01, 8],
    ["2 hours system input 1025=8", 7200, 0x3c01, 8],
    ["0x10 seconds : input 0x7 = -3", 16, 0x3007, -3],
    ["1 week: input 1 = 0xffffffff", 604_800, 0x3001, -1],
    ["3seconds:input 1=2", 3, 0x3001, 2],
  ])("%s", (text, atS, stream, value) => {
    expect(parseStimulus(text)).toEqual({ atS, stream, value });
  });

  test.each([
    ...["", "input 1", "input = 3", "output 1 = 3", "system output 1 = 3", "input 1 = x", "input 1 = 4294967296"],
    ...[
      "1 fortnight: input 1 = 3",
      "input 2047 = 1",
      "-1 input 1 = 1",
      "1: 2: input 1 = 1",
      "input 1 = 1; input 2 = 2",
    ],
    "200 years: input 1 = 1",
  ])("is not: %s", (text) => {
    expect(() => parseStimulus(text)).toThrow(GraphLineError);
  });
});

describe("the answer of a call", () => {
  test.each([
    ["slot 1:0x8000 = 5", { address: 11, rpc: 0x8000, value: 5 }],
    ["controller:8196=-1", { address: 8, rpc: 0x2004, value: -1 }],
    ["slot 31 : 0 = fail", { address: 41, rpc: 0, value: undefined }],
  ])("%s", (text, expected) => {
    expect(parseMock(text)).toEqual(expected);
  });

  test.each([...["slot 0:1 = 5", "slot 32:1 = 5", "slot 1:0x10000 = 5", "slot 1 = 5", "slot 1:1", "slot:1 = 1", "x"]])(
    "is not: %s",
    (text) => {
      expect(() => parseMock(text)).toThrow(GraphLineError);
    },
  );
});

test.each([
  ["90", 90],
  ["2 hours", 7200],
  ["1 month", 30 * 86_400],
  ["1 year", 365 * 86_400],
])("%s are %i seconds", (text, expected) => {
  expect(parseTimeS(text)).toBe(expected);
});

test.each(["", "hour", "1.5 hours", "1 hourss", "137 years", "constructor"])("not a time: %s", (text) => {
  expect(() => parseTimeS(text)).toThrow(GraphLineError);
});

test.each([
  ["output 5", 0x5005],
  ["system input 2", 0x3802],
  ["all outputs", 0xd7ff],
  ["all user outputs", 0x57ff],
  ["all system buffered", 0x0fff],
  ["all combined inputs", 0xbfff],
])("watch %s", (text, selector) => {
  expect(parseWatch(text)).toBe(selector);
});

test.each(["all", "all things", "all my outputs", "outputs", "output"])("cannot watch: %s", (text) => {
  expect(() => parseWatch(text)).toThrow(GraphLineError);
});
