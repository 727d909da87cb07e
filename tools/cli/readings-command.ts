/**
 * `lintel readings`: what a device has measured, for people as a table, for programs as the server exports it. What is large goes
 * through in pieces, however much it is.
 */

import { once } from "node:events";
import { extname } from "node:path";
import { type Command, Option } from "commander";
import type { Range, SeriesClient } from "../client/series-client.ts";
import { CommandError } from "./command-error.ts";
import { demandFree, writeWhole } from "./command-files.ts";
import { DEVICE } from "./device-name.ts";
import { parseCount } from "./option-values.ts";
import { type Chunks, csvOf, jsonOf, tableOf } from "./reading-texts.ts";
import { apiOf, type ServerOptions, withJson } from "./server-options.ts";
import { TIME_HELP, timeOption } from "./time-words.ts";

const FORMATS = ["table", "csv", "json", "senml", "parquet"] as const;
/** That the ending of a file names. */
const FILE_FORMATS = ["csv", "json", "senml", "parquet"] as const;
type Format = (typeof FORMATS)[number];
/** A table of more is nothing to look at. */
const TABLE_ROWS = 1000;
/** Between two lines of progress. */
const PROGRESS_MS = 2000;
const MIB = 1024 * 1024;

interface ReadingsOptions extends ServerOptions, Range {
  format?: Format;
  output?: string;
  force: boolean;
}

export function addReadingsCommand(program: Command): void {
  withJson(program.command("readings"))
    .description("readings of a device by time, the oldest first, on the screen or into a file")
    .argument(...DEVICE)
    .argument("[stream]", "id, four hex digits; all that the device sends if not given")
    .option("--from <time>", `not before; ${TIME_HELP}`, timeOption())
    .option("--to <time>", "before this time", timeOption())
    .option("--limit <n>", `so many of each stream; of a table ${TABLE_ROWS} if not given, else all`, parseCount(1))
    .addOption(
      new Option("--format <format>", "what it is written as; of a file by its ending if not given, else csv").choices([
        ...FORMATS,
      ]),
    )
    .option("-o, --output <file>", "where it goes; progress is told on standard error")
    .option("--force", "in place of a file that is there", false)
    .action(showReadings);
}

async function showReadings(mac: string, stream: string | undefined, options: ReadingsOptions): Promise<void> {
  const { server, json, output, force, from, to, limit } = options;
  const format = options.format ?? usualFormat(output, json);
  if (from !== undefined && to !== undefined && Date.parse(from) > Date.parse(to))
    throw new CommandError(`--from ${from} is after --to ${to}: give the earlier time first`);
  if (stream === undefined && (format === "senml" || format === "parquet"))
    throw new CommandError(`${format} has one stream: name it, as lintel streams shows them`);
  if (format === "parquet" && output === undefined && process.stdout.isTTY)
    throw new CommandError("parquet is no text: say with --output where it goes");
  if (output !== undefined) demandFree(output, force);
  const { series } = apiOf(server);
  const chunks = await write(series, { mac, stream, format, range: { from, to, limit } });
  if (output === undefined) return print(chunks);
  const size = { bytes: 0 };
  await writeWhole(output, telling(chunks, size));
  const facts = { file: output, format, sizeBytes: size.bytes };
  console.log(json ? JSON.stringify(facts) : `${output}: ${size.bytes} bytes of ${format}`);
}

function usualFormat(output: string | undefined, json: boolean): Format {
  if (output === undefined) return json ? "json" : "table";
  const ending = extname(output).slice(1);
  const format = ending === "" ? "csv" : FILE_FORMATS.find((one) => one === ending.toLowerCase());
  if (format !== undefined) return format;
  throw new CommandError(
    `.${ending} is no format: end the file in .${FILE_FORMATS.join(", .")}, or say which it is with --format`,
  );
}

interface Wanted {
  mac: string;
  stream: string | undefined;
  format: Format;
  range: Range;
}

async function write(series: SeriesClient, { mac, stream, format, range }: Wanted): Promise<Chunks> {
  if (stream !== undefined && format !== "table" && format !== "json")
    return series.exported(mac, stream, range, format);
  const streams = stream === undefined ? (await series.streams(mac)).map((one) => one.stream) : [stream];
  const wanted = { mac, streams, hasNames: stream === undefined };
  if (format === "csv") return csvOf(series, wanted, range);
  if (format === "json") return jsonOf(series, wanted, range);
  return tableOf(series, wanted, { ...range, limit: range.limit ?? TABLE_ROWS }, (line) => console.error(line));
}

async function print(chunks: Chunks): Promise<void> {
  for await (const chunk of chunks) {
    if (!process.stdout.write(chunk)) await once(process.stdout, "drain");
  }
}

/** The same, with a line now and then of how much it is. */
async function* telling(chunks: Chunks, size: { bytes: number }): AsyncGenerator<Uint8Array | string> {
  let toldMs = performance.now();
  for await (const chunk of chunks) {
    size.bytes += Buffer.byteLength(chunk);
    yield chunk;
    if (performance.now() - toldMs < PROGRESS_MS) continue;
    toldMs = performance.now();
    console.error(`${(size.bytes / MIB).toFixed(1)} MiB so far`);
  }
}
