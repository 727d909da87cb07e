/** The tokens of a graph, read one by one. What does not fit is thrown as a ParseFault, and the parser goes on behind it. */
import type { Place } from "../faults.ts";
import type { Token } from "./lexer.ts";

export class ParseFault extends Error {
  readonly at: Place;

  constructor(message: string, at: Place) {
    super(message);
    this.at = at;
  }
}

export class TokenReader {
  private readonly tokens: readonly Token[];
  private index = 0;

  constructor(tokens: readonly Token[]) {
    this.tokens = tokens;
  }

  /** The next token; at the end, the end again and again. */
  get next(): Token {
    return this.tokens[Math.min(this.index, this.tokens.length - 1)] as Token;
  }

  get previous(): Token {
    return this.tokens[Math.max(this.index - 1, 0)] as Token;
  }

  get position(): number {
    return this.index;
  }

  take(): Token {
    const token = this.next;
    if (token.kind !== "end") this.index++;
    return token;
  }

  is(text: string): boolean {
    return this.next.text === text && this.next.kind !== "text";
  }

  /** Takes the token if it is this one. */
  accept(text: string): boolean {
    const found = this.is(text);
    if (found) this.take();
    return found;
  }

  expect(text: string): Token {
    if (this.is(text)) return this.take();
    const token = this.next;
    // What is missing at the end of a statement is missed where the statement ends, not where the next begins.
    const late = text === ";" && this.index > 0;
    const at = late ? { offset: endOf(this.previous.at), length: 1 } : token.at;
    throw new ParseFault(`expected ${text === ";" ? "';'" : `'${text}'`}, found ${describe(token)}`, at);
  }

  /** Takes one of these words. */
  expectOneOf<Word extends string>(words: readonly Word[], what: string): Word {
    const word = words.find((candidate) => this.is(candidate));
    if (word === undefined) throw this.fault(`${what} (${listed(words)})`);
    this.take();
    return word;
  }

  acceptOneOf<Word extends string>(words: readonly Word[]): Word | undefined {
    const word = words.find((candidate) => this.is(candidate));
    if (word !== undefined) this.take();
    return word;
  }

  /** The next token is not what was expected. */
  fault(expected: string): ParseFault {
    return new ParseFault(`expected ${expected}, found ${describe(this.next)}`, this.next.at);
  }

  /** From the token of this position to the one that was taken last. */
  placeFrom(position: number): Place {
    const { offset } = (this.tokens[position] as Token).at;
    return { offset, length: endOf(this.previous.at) - offset };
  }

  commentsBetween(from: number, to: number): string[] {
    return this.tokens.slice(from, to).flatMap(({ comments }) => comments.map(({ text }) => text));
  }
}

export function endOf({ offset, length }: Place): number {
  return offset + length;
}

function describe(token: Token): string {
  if (token.kind === "end") return "the end of the graph";
  return token.kind === "text" ? token.text : `'${token.text}'`;
}

function listed(words: readonly string[]): string {
  return words.length < 2 ? words.join("") : `${words.slice(0, -1).join(", ")} or ${words.at(-1)}`;
}
