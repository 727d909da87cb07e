/** A table as CSV (RFC 4180) with a header line. Lines count from 1, the header; a field in quotes may hold anything. */
import { Problem } from "./problem.ts";

export interface CsvRow {
  line: number;
  fields: Record<string, string>;
}

/** `names`: what columns there can be. */
export function readCsv(text: string, names: readonly string[]): CsvRow[] {
  const [header, ...rows] = split(text);
  if (header === undefined) throw invalid(`it is empty; its first line names its columns, as ${names.join(",")}`);
  const columns = header.fields.map((name) => name.trim().toLowerCase());
  const odd = columns.find((name, at) => !names.includes(name) || columns.indexOf(name) !== at);
  if (odd !== undefined) throw invalid(`column "${odd}" is none of ${names.join(", ")}, or is there twice`);
  return rows.map(({ line, fields }) => {
    if (fields.length > columns.length) {
      throw invalid(`line ${line} has ${fields.length} fields, and there are ${columns.length} columns`);
    }
    const entries = fields.map((field, at) => [columns[at] ?? "", field.trim()] as const);
    return { line, fields: Object.fromEntries(entries.filter(([, field]) => field !== "")) };
  });
}

function split(text: string): Array<{ line: number; fields: string[] }> {
  const rows: Array<{ line: number; fields: string[] }> = [];
  let fields: string[] = [];
  let field = "";
  let isQuoted = false;
  let line = 1;
  let began = 1;
  const endField = () => {
    fields.push(field);
    field = "";
  };
  const endRow = () => {
    endField();
    if (fields.some((one) => one.trim() !== "")) rows.push({ line: began, fields });
    fields = [];
    began = line + 1;
  };
  const body = text.replace(/^\ufeff/, "");
  for (let i = 0; i < body.length; i++) {
    const char = body[i];
    if (isQuoted) {
      if (char === '"' && body[i + 1] === '"') field += body[++i];
      else if (char === '"') isQuoted = false;
      else field += char;
    } else if (char === '"' && field === "") isQuoted = true;
    else if (char === ",") endField();
    else if (char === "\n") endRow();
    else if (char !== "\r") field += char;
    if (char === "\n") line++;
  }
  if (isQuoted) throw invalid(`the quote of line ${began} is never closed`);
  endRow();
  return rows;
}

function invalid(detail: string): Problem {
  return new Problem("csvInvalid", detail);
}
