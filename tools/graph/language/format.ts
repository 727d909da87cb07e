/**
 * Statements to text in the one layout there is: two blanks a level, one statement a line, comments where they were, at most one
 * blank line where there was any. Formatting twice changes nothing, and the text means the same.
 */
import { configTypeText } from "../compile/config-values.ts";
import { OPERATOR_TEXTS } from "../model.ts";
import { slotText, streamText } from "../streams.ts";
import { quoted } from "./lexer.ts";
import type {
  BlockStatement,
  Condition,
  EveryBlock,
  GraphText,
  OnBlock,
  SetStatement,
  SimpleStatement,
  Statement,
  StreamerStatement,
  TriggerClause,
} from "./syntax.ts";

const INDENT = "  ";

export function formatGraph(text: GraphText): string {
  const lines = formatBody(text, "");
  return lines.length === 0 ? "" : `${lines.join("\n")}\n`;
}

function formatBody({ body, tail, tailGap }: GraphText, indent: string): string[] {
  const lines = body.flatMap((statement, index) => {
    const gap = statement.gap && index > 0 ? [""] : [];
    return [...gap, ...comments(statement.before, indent), ...formatStatement(statement, indent)];
  });
  const gap = tailGap && lines.length > 0 ? [""] : [];
  return [...lines, ...gap, ...comments(tail, indent)];
}

function comments(texts: readonly string[], indent: string): string[] {
  return texts.map((text) => (text === "" ? "" : indent + text));
}

function formatStatement(statement: Statement, indent: string): string[] {
  const after = statement.after === undefined ? "" : ` ${statement.after}`;
  if (!("body" in statement)) return [`${indent}${simpleText(statement)};${after}`];
  const inner = formatBody(statement, indent + INDENT);
  const head = `${indent}${headText(statement)} {`;
  if (inner.length === 0 && statement.opening === undefined) return [`${head}}${after}`];
  const opening = statement.opening === undefined ? "" : ` ${statement.opening}`;
  return [`${head}${opening}`, ...inner, `${indent}}${after}`];
}

function headText(block: BlockStatement): string {
  switch (block.kind) {
    case "config":
      return `config ${slotText(block.slot.address)}`;
    case "every":
      return `every ${intervalText(block)}`;
    case "connected":
      return `when connected to ${slotText(block.slot.address)}`;
    case "when":
      return `when ${conditionText(block.condition)}`;
    case "on":
      return `on ${onText(block)}`;
  }
}

function intervalText({ count, unit }: EveryBlock): string {
  return `${count.text} ${unit}${count.value === 1 || unit.startsWith("tick") ? "" : "s"}`;
}

function conditionText({ onCount, stream, operator, reference }: Condition): string {
  const source = onCount ? "count" : "value";
  return `${source}(${streamText(stream.stream)}) ${OPERATOR_TEXTS[operator]} ${reference.text}`;
}

function onText({ first, join, second }: OnBlock): string {
  return second === undefined ? clauseText(first) : `${clauseText(first)} ${join} ${clauseText(second)}`;
}

function clauseText(clause: TriggerClause): string {
  if (clause.kind === "condition") return conditionText(clause);
  return clause.kind === "stream" ? streamText(clause.stream) : clause.name;
}

function simpleText(statement: SimpleStatement): string {
  switch (statement.kind) {
    case "meta": {
      const { name, value } = statement;
      return `meta ${name} = ${value.kind === "text" ? quoted(value.value) : value.text}`;
    }
    case "set":
      return `set ${statement.id.text} to ${valueText(statement.value)} as ${configTypeText(statement.type)}`;
    case "call": {
      const { rpc, slot, output } = statement;
      return `call ${rpc.text} on ${slotText(slot.address)}${output === undefined ? "" : ` => ${streamText(output.stream)}`}`;
    }
    case "copy": {
      const { mode, source, output } = statement;
      const from = source === undefined ? "" : ` ${source.kind === "number" ? source.text : streamText(source.stream)}`;
      return `copy${mode === "latest" ? "" : ` ${mode}`}${from} => ${streamText(output.stream)}`;
    }
    case "subtract": {
      const { constant, output, initial } = statement;
      const first = initial === undefined ? "" : `, default ${initial.text}`;
      return `subtract ${streamText(constant.stream)} => ${streamText(output.stream)}${first}`;
    }
    case "trigger":
      return `trigger streamer ${statement.streamer.text}`;
    case "streamer":
      return streamerLine(statement);
  }
}

function streamerLine({ manual, security, mode, selector, slot, along }: StreamerStatement): string {
  const words = [
    ...(manual ? ["manual"] : []),
    ...(security === undefined ? [] : [security]),
    ...(mode === undefined ? [] : [mode]),
    `streamer on ${streamText(selector.stream)}`,
    ...(slot === undefined ? [] : [`to ${slotText(slot.address)}`]),
    ...(along === undefined ? [] : [`with streamer ${along.text}`]),
  ];
  return words.join(" ");
}

function valueText(value: SetStatement["value"]): string {
  if (value.kind === "text") return quoted(value.value);
  if (value.kind === "number") return value.text;
  return `hex:${Buffer.from(value.value).toString("hex").toUpperCase()}`;
}
