/** What the server says and hears about orders, byte by byte; the vectors of the contract are read by the device's specs too. */
import { expect, test } from "vitest";
import { ResultCode } from "../../runtime/contract/command-messages.ts";
import { ConfigKey } from "../../runtime/contract/config-record.ts";
import {
  GOLDEN_COMMAND,
  GOLDEN_COMMAND_SECOND,
  GOLDEN_CONFIG,
  GOLDEN_GRAPH,
  GOLDEN_LOG,
  GOLDEN_RESULT,
  GOLDEN_RESULT_GRAPH,
  GOLDEN_RESULT_REFUSED,
  GOLDEN_RESULT_SETTING,
} from "../../runtime/contract/golden-vectors.ts";
import { LOG_LINE_MAX_BYTES } from "../../runtime/contract/limits.ts";
import { makeRandom, mutate } from "../testing/mutate.ts";
import { decodeLog, decodeResult, encodeCommand, encodePart } from "./order-messages.ts";
import { DesiredPart } from "./order-requests.ts";

const bytes = (hex: string) => Buffer.from(hex, "hex");
const hex = (payload: Uint8Array) => Buffer.from(payload).toString("hex");
const NONE = { command: null, value: null, configVersion: null, setting: null, graphVersion: null };

test("a configuration, a graph and commands as the contract has them", () => {
  const values = bytes("a20269622e6578616d706c65031922b3");
  expect(hex(encodePart(DesiredPart.Config, 5, values))).toBe(GOLDEN_CONFIG);
  expect(hex(encodePart(DesiredPart.Graph, 2, bytes("4c4750480100000000000c00")))).toBe(GOLDEN_GRAPH);
  const restart = { id: 7, method: "restart", argument: null, second: null, expiresS: 1_700_000_060 };
  expect(hex(encodeCommand(restart))).toBe(GOLDEN_COMMAND);
  expect(hex(encodeCommand({ ...restart, method: "set-output", argument: 12, second: 1 }))).toBe(GOLDEN_COMMAND_SECOND);
});

test("results", () => {
  expect(decodeResult(bytes(GOLDEN_RESULT))).toEqual({ ...NONE, command: 7, code: ResultCode.Accepted });
  const refused = { ...NONE, code: ResultCode.Refused };
  expect(decodeResult(bytes(GOLDEN_RESULT_REFUSED))).toEqual({ ...refused, value: 3, configVersion: 5 });
  expect(decodeResult(bytes(GOLDEN_RESULT_SETTING))).toEqual({
    ...refused,
    value: ConfigKey.Product,
    configVersion: 5,
    setting: 40,
  });
  expect(decodeResult(bytes(GOLDEN_RESULT_GRAPH))).toEqual({ ...refused, value: 10, graphVersion: 2 });
});

test("a line of log, at most so long", () => {
  expect(decodeLog(bytes(GOLDEN_LOG))).toEqual({ level: 1, text: "edges lost 3", lost: 4 });
  const line = (length: number) => Buffer.concat([bytes("a200010178"), Buffer.of(length), Buffer.alloc(length, 0x61)]);
  expect(decodeLog(line(LOG_LINE_MAX_BYTES))?.text).toHaveLength(LOG_LINE_MAX_BYTES);
  expect(decodeLog(line(LOG_LINE_MAX_BYTES + 1))).toBeNull();
});

test("changed in any way they are read or refused, and nothing is thrown", () => {
  const random = makeRandom(3);
  for (let i = 0; i < 3000; i++) {
    for (const vector of [GOLDEN_RESULT_SETTING, GOLDEN_RESULT_GRAPH, GOLDEN_LOG]) {
      const mutated = mutate(bytes(vector), random);
      const result = decodeResult(mutated);
      if (result !== null) expect(result.command ?? result.configVersion ?? result.graphVersion).not.toBeNull();
      const line = decodeLog(mutated);
      if (line !== null) expect(Buffer.byteLength(line.text)).toBeLessThanOrEqual(LOG_LINE_MAX_BYTES);
    }
  }
});
