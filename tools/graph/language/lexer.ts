/**
 * Graph text to tokens. Blanks part tokens and mean nothing else; comments run from # to the end of the line and are kept, for
 * the formatter, with the token that follows them. Numbers, names and strings are IOTile's.
 */
import type { Fault, Place } from "../faults.ts";

export type TokenKind = "word" | "number" | "text" | "bytes" | "symbol" | "end";

export interface Comment {
  /** From # on, without blanks at its end. */
  readonly text: string;
  readonly line: number;
}

export interface Token {
  readonly kind: TokenKind;
  /** As written, a sign of plus left out. */
  readonly text: string;
  readonly at: Place;
  readonly line: number;
  readonly comments: readonly Comment[];
}

export const SOURCE_MAX_CHARACTERS = 64 * 1024;

const BLANK = /[ \t\r\n\f\v\uFEFF]+/y;
const COMMENT = /#[^\n]*/y;
const TOKENS: [TokenKind, RegExp][] = [
  ["bytes", /hex:[0-9a-fA-F]*/y],
  ["word", /[A-Za-z_][A-Za-z0-9_]*/y],
  ["number", /0x[0-9a-fA-F]+|[+-]?[0-9]+/y],
  ["text", /"(?:[^"\\\n]|\\[^\n])*"/y],
  ["symbol", /=>|==|>=|<=|[=<>(){};,[\]]/y],
];

export function readTokens(source: string, faults: Fault[]): Token[] {
  const tokens: Token[] = [];
  let comments: Comment[] = [];
  let offset = 0;
  let line = 1;
  const take = (pattern: RegExp): string | undefined => {
    pattern.lastIndex = offset;
    return pattern.exec(source)?.[0];
  };
  const pass = (text: string) => {
    offset += text.length;
    line += text.split("\n").length - 1;
  };
  if (source.length > SOURCE_MAX_CHARACTERS) {
    const at = { offset: SOURCE_MAX_CHARACTERS, length: 1 };
    faults.push({ message: `the graph is longer than ${SOURCE_MAX_CHARACTERS} characters: split it`, at });
    return [{ kind: "end", text: "", at, line, comments }];
  }
  while (offset < source.length) {
    const blank = take(BLANK);
    if (blank !== undefined) {
      pass(blank);
      continue;
    }
    const comment = take(COMMENT);
    if (comment !== undefined) {
      comments.push({ text: comment.trimEnd(), line });
      pass(comment);
      continue;
    }
    const found = takeToken(take);
    if (found === undefined) {
      const wrong = takeWrong(source, offset);
      faults.push({ message: wrong.message, at: { offset, length: wrong.text.length } });
      pass(wrong.text);
      continue;
    }
    const [kind, text] = found;
    tokens.push({ kind, text: text.replace(/^\+/, ""), at: { offset, length: text.length }, line, comments });
    comments = [];
    pass(text);
  }
  tokens.push({ kind: "end", text: "", at: { offset: source.trimEnd().length, length: 1 }, line, comments });
  return tokens;
}

function takeToken(take: (pattern: RegExp) => string | undefined): [TokenKind, string] | undefined {
  for (const [kind, pattern] of TOKENS) {
    const text = take(pattern);
    if (text !== undefined) return [kind, text];
  }
  return undefined;
}

function takeWrong(source: string, offset: number): { text: string; message: string } {
  if (source[offset] === '"') {
    const text = /"[^\n]*/y;
    text.lastIndex = offset;
    return { text: (text.exec(source)?.[0] ?? '"').trimEnd(), message: 'this string has no end: close it with "' };
  }
  const text = String.fromCodePoint(source.codePointAt(offset) ?? 0);
  return { text, message: `${JSON.stringify(text)} means nothing here` };
}

/** What a string says: a backslash makes the next character itself. */
export function textValue(text: string): string {
  return text.slice(1, -1).replace(/\\(.)/g, "$1");
}

export function quoted(value: string): string {
  return `"${value.replace(/["\\]/g, "\\$&")}"`;
}
