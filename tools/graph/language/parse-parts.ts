/** The parts that statements are made of: numbers, streams, selectors, tiles, triggers. Ranges are checked where a part is read. */
import {
  GRAPH_ALL_IDS,
  GRAPH_COMPILER_ID,
  GRAPH_CONTROLLER,
  GRAPH_FIRST_SLOT,
  GRAPH_SLOT_MAX,
  GraphConfigType,
  GraphOperator,
} from "../../../runtime/contract/graph-format.ts";
import { allStreams, makeStream, pluralOf, SELECTOR_SCOPES, STREAM_TYPES } from "../streams.ts";
import { textValue } from "./lexer.ts";
import type {
  BytesLiteral,
  Condition,
  NumberLiteral,
  SlotName,
  StreamName,
  TextLiteral,
  TriggerClause,
} from "./syntax.ts";
import { ParseFault, type TokenReader } from "./token-reader.ts";

export const I32_MIN = -0x80000000;
export const I32_MAX = 0x7fffffff;
export const U32_MAX = 0xffffffff;
const OPERATORS: Record<string, GraphOperator> = {
  ">": GraphOperator.Greater,
  "<": GraphOperator.Less,
  ">=": GraphOperator.GreaterOrEqual,
  "<=": GraphOperator.LessOrEqual,
  "==": GraphOperator.Equal,
};
export const CONFIG_TYPES: Record<string, GraphConfigType> = {
  uint8_t: GraphConfigType.Uint8,
  int8_t: GraphConfigType.Int8,
  uint16_t: GraphConfigType.Uint16,
  int16_t: GraphConfigType.Int16,
  uint32_t: GraphConfigType.Uint32,
  int32_t: GraphConfigType.Int32,
  string: GraphConfigType.Text,
  binary: GraphConfigType.Binary,
};

export function readNumber(reader: TokenReader, what: string, least: number, most: number): NumberLiteral {
  const token = reader.next;
  if (token.kind !== "number") throw reader.fault(what);
  reader.take();
  const value = Number(token.text);
  if (value < least || value > most) {
    throw new ParseFault(`${what} is from ${least} to ${most}, not ${token.text}`, token.at);
  }
  return { kind: "number", value, text: token.text, at: token.at };
}

/** A value of 32 bits, with a sign or without. */
export function readValue(reader: TokenReader, what: string): NumberLiteral {
  return readNumber(reader, what, I32_MIN, U32_MAX);
}

export function readText(reader: TokenReader): TextLiteral {
  const { text, at } = reader.take();
  return { kind: "text", value: textValue(text), at };
}

export function readBytes(reader: TokenReader): BytesLiteral {
  const { text, at } = reader.take();
  const digits = text.slice("hex:".length);
  if (digits === "" || digits.length % 2 !== 0) {
    throw new ParseFault("hex: is followed by pairs of hexadecimal digits, as hex:01FF", at);
  }
  return { kind: "bytes", value: Uint8Array.from(Buffer.from(digits, "hex")), at };
}

export function isStream(reader: TokenReader): boolean {
  return reader.is("system") || STREAM_TYPES.some((type) => reader.is(type));
}

/** [system] type id [node] */
export function readStream(reader: TokenReader): StreamName {
  const start = reader.position;
  const system = reader.accept("system");
  const type = STREAM_TYPES.indexOf(
    reader.expectOneOf(STREAM_TYPES, system ? "a type of stream" : "a stream, which begins with its type"),
  );
  const id = readId(reader, system);
  reader.accept("node");
  return { kind: "stream", stream: makeStream(type, id, system), at: reader.placeFrom(start) };
}

function readId(reader: TokenReader, system: boolean): number {
  if (system) return readNumber(reader, "the id of a system stream", 0, GRAPH_ALL_IDS - 1).value;
  const { value, text, at } = readNumber(reader, "the id of a stream", I32_MIN, U32_MAX);
  if (value >= 0 && value < GRAPH_COMPILER_ID) return value;
  const why = `ids from ${GRAPH_COMPILER_ID} on are the compiler's`;
  throw new ParseFault(`the id of a stream is from 0 to ${GRAPH_COMPILER_ID - 1}, not ${text}: ${why}`, at);
}

/** A stream, or: all [system|user|combined] types [nodes] */
export function readSelector(reader: TokenReader): StreamName {
  if (!reader.is("all")) {
    if (isStream(reader)) return readStream(reader);
    throw reader.fault("a stream, or 'all' with a type of streams, as all outputs");
  }
  const start = reader.position;
  reader.take();
  const scope = reader.acceptOneOf(SELECTOR_SCOPES) ?? "breaks";
  const plurals = STREAM_TYPES.map(pluralOf);
  const named = STREAM_TYPES.findIndex((type) => reader.is(type));
  const type = named >= 0 ? named : plurals.findIndex((plural) => reader.is(plural));
  if (type < 0) throw reader.fault(`a type of streams (${plurals.join(", ")})`);
  reader.take();
  if (!reader.accept("nodes")) reader.accept("node");
  return { kind: "stream", stream: allStreams(type, scope), at: reader.placeFrom(start) };
}

/** controller, or slot N */
export function readSlot(reader: TokenReader): SlotName {
  const start = reader.position;
  if (reader.expectOneOf(["controller", "slot"], "a tile") === "controller") {
    return { address: GRAPH_CONTROLLER, at: reader.placeFrom(start) };
  }
  const slot = readNumber(reader, "the number of a slot", 1, GRAPH_SLOT_MAX);
  return { address: GRAPH_FIRST_SLOT + slot.value, at: reader.placeFrom(start) };
}

export function isCondition(reader: TokenReader): boolean {
  return reader.is("count") || reader.is("value");
}

/** count|value ( stream ) operator number */
export function readCondition(reader: TokenReader): Condition {
  const start = reader.position;
  const onCount = reader.expectOneOf(["count", "value"], "a condition") === "count";
  reader.expect("(");
  const stream = readStream(reader);
  reader.expect(")");
  const operator = OPERATORS[reader.next.text];
  if (operator === undefined || reader.next.kind !== "symbol") throw reader.fault("a comparison (> < >= <= ==)");
  reader.take();
  const reference = onCount
    ? readNumber(reader, "a count of readings", 0, I32_MAX)
    : readNumber(reader, "a value to compare with", I32_MIN, I32_MAX);
  return { kind: "condition", onCount, stream, operator, reference, at: reader.placeFrom(start) };
}

/** A condition, a stream, or the name of an event. */
export function readTriggerClause(reader: TokenReader): TriggerClause {
  if (isCondition(reader)) return readCondition(reader);
  if (isStream(reader)) return readStream(reader);
  const { kind, text, at } = reader.next;
  if (kind !== "word") throw reader.fault("what to wait for: a stream, count(...), value(...) or an event");
  reader.take();
  return { kind: "event", name: text, at };
}

export function readConfigType(reader: TokenReader): GraphConfigType {
  const token = reader.next;
  const type = CONFIG_TYPES[token.text];
  if (type === undefined || token.kind !== "word") {
    throw reader.fault("a type (uint8_t, int8_t and so on to int32_t, these with [], string, binary)");
  }
  reader.take();
  if (!reader.is("[")) return type;
  if (type >= GraphConfigType.Text) throw reader.fault(`';': there are no arrays of ${token.text}`);
  reader.take();
  reader.expect("]");
  return type | GraphConfigType.Array;
}
