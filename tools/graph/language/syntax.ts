/** The statements of a graph as they were written: with their places, for errors, and their comments, for the formatter. */
import type { GraphConfigType, GraphOperator } from "../../../runtime/contract/graph-format.ts";
import type { Place } from "../faults.ts";

export interface NumberLiteral {
  readonly kind: "number";
  readonly value: number;
  /** As written: 0x8000 stays hexadecimal. */
  readonly text: string;
  readonly at: Place;
}

export interface TextLiteral {
  readonly kind: "text";
  readonly value: string;
  readonly at: Place;
}

export interface BytesLiteral {
  readonly kind: "bytes";
  readonly value: Uint8Array;
  readonly at: Place;
}

/** A stream, or with streams of a selector, by its 16 bits. */
export interface StreamName {
  readonly kind: "stream";
  readonly stream: number;
  readonly at: Place;
}

/** Address of a tile: GRAPH_CONTROLLER, or GRAPH_FIRST_SLOT and on. */
export interface SlotName {
  readonly address: number;
  readonly at: Place;
}

export interface Condition {
  readonly kind: "condition";
  readonly onCount: boolean;
  readonly stream: StreamName;
  readonly operator: GraphOperator;
  readonly reference: NumberLiteral;
  readonly at: Place;
}

export interface EventName {
  readonly kind: "event";
  readonly name: string;
  readonly at: Place;
}

export type TriggerClause = Condition | StreamName | EventName;

export const INTERVAL_UNITS = ["second", "minute", "hour", "day", "week", "month", "year", "tick_1", "tick_2"] as const;
export type IntervalUnit = (typeof INTERVAL_UNITS)[number];
export const COPY_MODES = ["all", "count", "average"] as const;
export type CopyMode = "latest" | (typeof COPY_MODES)[number];
export type Security = "encrypted" | "signed";
export type StreamerMode = "realtime" | "broadcast";

interface Written {
  /** The whole statement, of a block its head. */
  readonly at: Place;
  /** Comments on lines of their own before it, an empty one where a blank line is, and any within it. */
  readonly before: readonly string[];
  /** A comment behind it on its last line. */
  readonly after?: string;
  /** A blank line stands before it and its comments. */
  readonly gap: boolean;
}

interface Block extends Written, GraphText {
  /** A comment behind the brace that opens it. */
  readonly opening?: string;
}

export interface MetaStatement extends Written {
  readonly kind: "meta";
  readonly name: string;
  readonly value: NumberLiteral | TextLiteral;
}

export interface SetStatement extends Written {
  readonly kind: "set";
  readonly id: NumberLiteral;
  readonly value: NumberLiteral | TextLiteral | BytesLiteral;
  readonly type: GraphConfigType;
}

export interface CallStatement extends Written {
  readonly kind: "call";
  readonly rpc: NumberLiteral;
  readonly slot: SlotName;
  readonly output?: StreamName;
}

export interface CopyStatement extends Written {
  readonly kind: "copy";
  readonly mode: CopyMode;
  readonly source?: StreamName | NumberLiteral;
  readonly output: StreamName;
}

export interface SubtractStatement extends Written {
  readonly kind: "subtract";
  readonly constant: StreamName;
  readonly output: StreamName;
  readonly initial?: NumberLiteral;
}

export interface TriggerStatement extends Written {
  readonly kind: "trigger";
  readonly streamer: NumberLiteral;
}

export interface StreamerStatement extends Written {
  readonly kind: "streamer";
  readonly manual: boolean;
  readonly security?: Security;
  readonly mode?: StreamerMode;
  readonly selector: StreamName;
  readonly slot?: SlotName;
  readonly along?: NumberLiteral;
}

export interface ConfigBlock extends Block {
  readonly kind: "config";
  readonly slot: SlotName;
}

export interface EveryBlock extends Block {
  readonly kind: "every";
  readonly count: NumberLiteral;
  readonly unit: IntervalUnit;
}

export interface ConnectedBlock extends Block {
  readonly kind: "connected";
  readonly slot: SlotName;
}

export interface WhenBlock extends Block {
  readonly kind: "when";
  readonly condition: Condition;
}

export interface OnBlock extends Block {
  readonly kind: "on";
  readonly first: TriggerClause;
  readonly join?: "and" | "or";
  readonly second?: TriggerClause;
}

export type BlockStatement = ConfigBlock | EveryBlock | ConnectedBlock | WhenBlock | OnBlock;
export type SimpleStatement =
  | MetaStatement
  | SetStatement
  | CallStatement
  | CopyStatement
  | SubtractStatement
  | TriggerStatement
  | StreamerStatement;
export type Statement = BlockStatement | SimpleStatement;

export interface GraphText {
  readonly body: readonly Statement[];
  /** Comments behind the last statement. */
  readonly tail: readonly string[];
  /** A blank line stands before them. */
  readonly tailGap: boolean;
}
