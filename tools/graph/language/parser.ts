/**
 * Graph text to statements, by recursive descent. After a fault reading goes on with the next statement, so that one run tells
 * several; a graph with faults is never compiled.
 */
import type { GraphConfigType } from "../../../runtime/contract/graph-format.ts";
import { type Fault, GraphErrors } from "../faults.ts";
import { readTokens } from "./lexer.ts";
import {
  isCondition,
  isStream,
  readBytes,
  readCondition,
  readConfigType,
  readNumber,
  readSelector,
  readSlot,
  readStream,
  readText,
  readTriggerClause,
  readValue,
  U32_MAX,
} from "./parse-parts.ts";
import {
  type BlockStatement,
  COPY_MODES,
  type GraphText,
  INTERVAL_UNITS,
  type IntervalUnit,
  type SimpleStatement,
  type Statement,
} from "./syntax.ts";
import { ParseFault, TokenReader } from "./token-reader.ts";

/** Blocks within blocks; no graph that does something has more than three. */
const DEPTH_MAX = 16;
const U16_MAX = 0xffff;
const STREAMER_MAX = 254;

const STATEMENT_WORDS = [
  ...["meta", "config", "set", "every", "when", "on", "call", "copy", "subtract", "trigger"],
  ...["manual", "encrypted", "signed", "realtime", "broadcast", "streamer"],
];
const STREAMER_WORDS = STATEMENT_WORDS.slice(-6);

/** What a statement says, without where it stands and its comments. */
type Bare<S> = S extends Statement
  ? Omit<S, "at" | "before" | "after" | "gap" | "body" | "tail" | "tailGap" | "opening">
  : never;

export function parseGraph(source: string, file: string): GraphText {
  const faults: Fault[] = [];
  const parser = new Parser(new TokenReader(readTokens(source, faults)), faults);
  const text = parser.readGraph();
  if (faults.length > 0) throw new GraphErrors(faults, source, file);
  return text;
}

class Parser {
  private readonly reader: TokenReader;
  private readonly faults: Fault[];

  constructor(reader: TokenReader, faults: Fault[]) {
    this.reader = reader;
    this.faults = faults;
  }

  readGraph(): GraphText {
    const body: Statement[] = [];
    while (this.reader.next.kind !== "end") {
      if (this.reader.is("}")) {
        this.tell(new ParseFault("this '}' closes nothing", this.reader.take().at));
        continue;
      }
      this.readInto(body, 0);
    }
    return { body, ...this.tail() };
  }

  /** One statement; one with a fault is told and left out. */
  private readInto(body: Statement[], depth: number): void {
    const start = this.reader.position;
    try {
      body.push(this.readStatement(depth));
    } catch (error) {
      if (!(error instanceof ParseFault)) throw error;
      this.tell(error);
      this.recover(start, depth);
    }
  }

  private tell({ message, at }: ParseFault): void {
    this.faults.push({ message, at });
  }

  /** To where a statement may begin again. */
  private recover(start: number, depth: number): void {
    const { reader } = this;
    if (reader.position === start && !reader.is("{") && !reader.is("}")) reader.take();
    while (reader.next.kind !== "end" && !reader.is("}")) {
      if (reader.is("{")) {
        reader.take();
        if (depth < DEPTH_MAX) this.readBody(depth + 1);
        return;
      }
      if (reader.previous.text === ";" && reader.position > start) return;
      if (reader.next.line > reader.previous.line && STATEMENT_WORDS.includes(reader.next.text)) return;
      if (reader.take().text === ";") return;
    }
  }

  private readStatement(depth: number): Statement {
    const { reader } = this;
    const start = reader.position;
    const gap = this.gapBefore();
    const own = this.ownComments();
    const simple = this.readSimple();
    if (simple !== undefined) {
      reader.expect(";");
      const at = reader.placeFrom(start);
      const before = [...own, ...reader.commentsBetween(start + 1, reader.position)];
      return { ...simple, at, before, gap, ...this.behind("after") } as SimpleStatement;
    }
    const head = this.readHead();
    if (head === undefined) throw reader.fault(`a statement (${STATEMENT_WORDS.join(" ")})`);
    const at = reader.placeFrom(start);
    if (depth >= DEPTH_MAX) throw new ParseFault(`blocks are at most ${DEPTH_MAX} deep`, at);
    reader.expect("{");
    const before = [...own, ...reader.commentsBetween(start + 1, reader.position)];
    const opening = this.behind("opening");
    const body = this.readBody(depth + 1);
    return { ...head, at, before, gap, ...opening, ...body, ...this.behind("after") } as BlockStatement;
  }

  /** What stands up to the brace that closes, and that brace. */
  private readBody(depth: number): GraphText {
    const { reader } = this;
    const open = reader.previous;
    const body: Statement[] = [];
    while (reader.next.kind !== "end" && !reader.is("}")) this.readInto(body, depth);
    const tail = this.tail();
    if (!reader.accept("}")) this.tell(new ParseFault("this block is never closed: '}' is missing", open.at));
    return { body, ...tail };
  }

  private readSimple(): Bare<SimpleStatement> | undefined {
    const { reader } = this;
    if (STREAMER_WORDS.some((word) => reader.is(word))) return this.readStreamer();
    if (reader.accept("meta")) return this.readMeta();
    if (reader.accept("set")) return this.readSet();
    if (reader.accept("call")) return this.readCall();
    if (reader.accept("copy")) return this.readCopy();
    if (reader.accept("subtract")) return this.readSubtract();
    if (!reader.accept("trigger")) return undefined;
    reader.expect("streamer");
    return { kind: "trigger", streamer: readNumber(reader, "the number of a streamer", 0, STREAMER_MAX) };
  }

  private readMeta(): Bare<SimpleStatement> {
    const { reader } = this;
    const name = reader.next;
    if (name.kind !== "word") throw reader.fault("a name");
    reader.take();
    reader.expect("=");
    if (reader.next.kind === "text") return { kind: "meta", name: name.text, value: readText(reader) };
    return { kind: "meta", name: name.text, value: readValue(reader, "a number of 32 bits or a string") };
  }

  private readSet(): Bare<SimpleStatement> {
    const { reader } = this;
    if (reader.next.kind === "word") throw reader.fault("the number of a config variable, for names are not known");
    const id = readNumber(reader, "the number of a config variable", 0, U16_MAX);
    reader.expect("to");
    const { kind } = reader.next;
    const value =
      kind === "text"
        ? readText(reader)
        : kind === "bytes"
          ? readBytes(reader)
          : readValue(reader, "a number of 32 bits, a string or hex:");
    reader.expect("as");
    const type: GraphConfigType = readConfigType(reader);
    return { kind: "set", id, value, type };
  }

  private readCall(): Bare<SimpleStatement> {
    const { reader } = this;
    if (reader.next.kind === "word") throw reader.fault("the number of an RPC, for names are not known");
    const rpc = readNumber(reader, "the number of an RPC", 0, U16_MAX);
    reader.expect("on");
    const slot = readSlot(reader);
    return { kind: "call", rpc, slot, ...(reader.accept("=>") ? { output: readStream(reader) } : {}) };
  }

  private readCopy(): Bare<SimpleStatement> {
    const { reader } = this;
    const mode = reader.acceptOneOf(COPY_MODES) ?? "latest";
    const source = isStream(reader)
      ? { source: readStream(reader) }
      : reader.next.kind === "number"
        ? { source: readValue(reader, "a value of 32 bits") }
        : {};
    reader.expect("=>");
    return { kind: "copy", mode, ...source, output: readStream(reader) };
  }

  private readSubtract(): Bare<SimpleStatement> {
    const { reader } = this;
    const constant = readStream(reader);
    reader.expect("=>");
    const output = readStream(reader);
    if (!reader.accept(",")) return { kind: "subtract", constant, output };
    reader.expect("default");
    return { kind: "subtract", constant, output, initial: readValue(reader, "a value of 32 bits") };
  }

  private readStreamer(): Bare<SimpleStatement> {
    const { reader } = this;
    const manual = reader.accept("manual");
    const security = reader.acceptOneOf(["encrypted", "signed"]);
    const mode = reader.acceptOneOf(["realtime", "broadcast"]);
    reader.expect("streamer");
    reader.expect("on");
    const selector = readSelector(reader);
    const slot = reader.accept("to") ? readSlot(reader) : undefined;
    const along = reader.accept("with") ? this.readAlong() : undefined;
    return {
      ...{ kind: "streamer" as const, manual, selector },
      ...(security === undefined ? {} : { security }),
      ...(mode === undefined ? {} : { mode }),
      ...(slot === undefined ? {} : { slot }),
      ...(along === undefined ? {} : { along }),
    };
  }

  private readAlong() {
    this.reader.expect("streamer");
    return readNumber(this.reader, "the number of a streamer", 0, STREAMER_MAX);
  }

  private readHead(): Bare<BlockStatement> | undefined {
    const { reader } = this;
    if (reader.accept("config")) return { kind: "config", slot: readSlot(reader) };
    if (reader.accept("every")) {
      const count = readNumber(reader, "how often: a number of seconds, minutes and so on", 1, U32_MAX);
      return { kind: "every", count, unit: this.readUnit() };
    }
    if (reader.accept("when")) {
      if (isCondition(reader)) return { kind: "when", condition: readCondition(reader) };
      if (!reader.accept("connected")) throw reader.fault("'connected to' a tile, or count(...) or value(...)");
      reader.expect("to");
      return { kind: "connected", slot: readSlot(reader) };
    }
    if (!reader.accept("on")) return undefined;
    const first = readTriggerClause(reader);
    const join = reader.acceptOneOf(["and", "or"]);
    return { kind: "on", first, ...(join === undefined ? {} : { join, second: readTriggerClause(reader) }) };
  }

  private readUnit(): IntervalUnit {
    const units = INTERVAL_UNITS.flatMap((unit) => (unit.startsWith("tick") ? [unit] : [unit, `${unit}s`]));
    const unit = this.reader.acceptOneOf(units)?.replace(/s$/, "");
    const known = INTERVAL_UNITS.find((name) => name === unit);
    if (known === undefined) throw this.reader.fault(`a unit (${INTERVAL_UNITS.join(", ")})`);
    return known;
  }

  /** Comments that stand before the next token, on lines of their own; where blank lines part them, an empty one. */
  private ownComments(): string[] {
    const { next, previous, position } = this.reader;
    const own = next.comments.filter(({ line }) => position === 0 || line !== previous.line);
    const lines = [...own.map(({ line }) => line), next.line];
    return own.flatMap(({ text, line }, index) => ((lines[index + 1] ?? line) - line > 1 ? [text, ""] : [text]));
  }

  /** A comment that stands behind the token just taken, on its line. */
  private behind<Key extends "after" | "opening">(key: Key): { [key in Key]?: string } {
    const { line } = this.reader.previous;
    const comment = this.reader.next.comments.find((candidate) => candidate.line === line);
    return comment === undefined ? {} : ({ [key]: comment.text } as { [key in Key]: string });
  }

  private gapBefore(): boolean {
    const { next, previous, position } = this.reader;
    const first = next.comments.find(({ line }) => line !== previous.line)?.line ?? next.line;
    return position > 0 && !previous.text.endsWith("{") && first - previous.line > 1;
  }

  /** What stands at the end of a block or of the graph. */
  private tail(): { tail: string[]; tailGap: boolean } {
    const tailGap = this.gapBefore();
    const tail = this.ownComments();
    if (tail.at(-1) === "") tail.pop();
    return { tail, tailGap: tailGap && tail.length > 0 };
  }
}
