/** `lintel events`: what happened at a device besides what it measures, with files. */

import { basename, extname } from "node:path";
import type { Command } from "commander";
import { EVENT_FILE_MAX_BYTES } from "../../server/limits.ts";
import { readFile } from "../build/read-file.ts";
import { ApiError } from "../client/api-client.ts";
import type { DeviceEvent, RecordClient } from "../client/record-client.ts";
import { CommandError } from "./command-error.ts";
import { demandFree, writeWhole } from "./command-files.ts";
import { DEVICE } from "./device-name.ts";
import { parseCount } from "./option-values.ts";
import { apiOf, type ServerOptions, withJson } from "./server-options.ts";
import { printRows, showTable } from "./text-table.ts";
import { TIME_HELP, timeOption } from "./time-words.ts";

/** Others are sent as they are, for whoever fetches them to know. */
const MEDIA_TYPES: Record<string, string> = {
  ".csv": "text/csv",
  ".gif": "image/gif",
  ".jpeg": "image/jpeg",
  ".jpg": "image/jpeg",
  ".json": "application/json",
  ".log": "text/plain",
  ".md": "text/markdown",
  ".mp4": "video/mp4",
  ".pdf": "application/pdf",
  ".png": "image/png",
  ".txt": "text/plain",
  ".webp": "image/webp",
};
const BYTES_TYPE = "application/octet-stream";
/** Of a list, when it is not said. */
const LIST_ROWS = 100;

interface ListOptions extends ServerOptions {
  from?: string;
  to?: string;
  kind?: string;
  stream?: string;
  limit: number;
}

interface AddOptions extends ServerOptions {
  data?: string;
  time?: string;
  stream?: string;
  file: string[];
}

const EVENT = ["<id>", "number of the event, as the list shows it"] as const;

export function addEventsCommand(program: Command): void {
  const events = program
    .command("events")
    .description("what happened at devices besides what they measure, with files");
  withJson(events.command("list"))
    .description("events of a device by time, the oldest first")
    .argument(...DEVICE)
    .option("--from <time>", `not before; ${TIME_HELP}`, timeOption())
    .option("--to <time>", "before this time", timeOption())
    .option("--kind <word>", "of this kind")
    .option("--stream <id>", "about this stream")
    .option("--limit <n>", "so many at most", parseCount(1), LIST_ROWS)
    .action(async (mac: string, { server, json, limit, from, to, kind, stream }: ListOptions) => {
      const rows: DeviceEvent[] = [];
      const pages = apiOf(server).records.events(mac, {
        from,
        to,
        kind,
        stream,
        limit: Math.min(limit, LIST_ROWS),
      });
      for await (const page of pages) {
        rows.push(...page);
        if (rows.length >= limit) break;
      }
      printRows(rows.slice(0, limit), json, ["ID", "TIME", "KIND", "STREAM", "BY", "FILES", "DATA"], rowOf);
    });
  withJson(events.command("show"))
    .description("one event, with its data and files")
    .argument(...DEVICE)
    .argument(...EVENT, parseCount(1))
    .action(async (mac: string, id: number, { server, json }: ServerOptions) => {
      const event = await apiOf(server).records.event(mac, id);
      if (json) console.log(JSON.stringify(event));
      else show(event);
    });
  withJson(events.command("add"))
    .description("write an event down, with files if there are any")
    .argument(...DEVICE)
    .argument("<kind>", "a word for it, as cleaned: lowercase letters, digits, hyphens")
    .option("--data <text>", "text, or JSON")
    .option("--time <time>", `when it happened; ${TIME_HELP} (default: now)`, timeOption())
    .option("--stream <id>", "which stream it is about")
    .option(
      "--file <path>",
      "attach this; as often as needed",
      (path: string, before: string[]) => [...before, path],
      [],
    )
    .action(async (mac: string, kind: string, { server, json, data, time, stream, file: files }: AddOptions) => {
      // Before anything is sent: an event without its files would have to be found and removed.
      const contents = files.map(readAttachment);
      const { records } = apiOf(server);
      const { id } = await records.addEvent(mac, { kind, time, stream, data: parseData(data) });
      await attachAll(records, mac, id, contents).catch((error: unknown) => {
        if (!(error instanceof ApiError)) throw error;
        const rest = `lintel events attach ${mac} ${id} adds what is missing`;
        throw new CommandError(`event ${id} is written down, but not all of its files are: ${error.message}; ${rest}`);
      });
      const event = await records.event(mac, id);
      const count = contents.length === 0 ? "" : `, with ${contents.length} files`;
      console.log(json ? JSON.stringify(event) : `event ${id} is written down${count}`);
    });
  withJson(events.command("remove"))
    .description("delete an event, with its files; with --file one file of it")
    .argument(...DEVICE)
    .argument(...EVENT, parseCount(1))
    .option("--file <name>", "delete this file alone")
    .action(async (mac: string, id: number, { server, json, file }: ServerOptions & { file?: string }) => {
      const { records } = apiOf(server);
      if (file === undefined) await records.deleteEvent(mac, id);
      else await records.detach(mac, id, file);
      const what = file === undefined ? `event ${id}` : `file ${file} of event ${id}`;
      console.log(json ? JSON.stringify({ device: mac, id, file, deleted: true }) : `${what} is deleted`);
    });
  addFileCommands(events);
}

interface FetchOptions extends ServerOptions {
  output?: string;
  force: boolean;
}

function addFileCommands(events: Command): void {
  withJson(events.command("attach"))
    .description("attach files to an event; one of the same name is replaced")
    .argument(...DEVICE)
    .argument(...EVENT, parseCount(1))
    .argument("<file...>", "paths")
    .action(async (mac: string, id: number, files: string[], { server, json }: ServerOptions) => {
      const contents = files.map(readAttachment);
      const { records } = apiOf(server);
      const attached = await attachAll(records, mac, id, contents);
      if (json) console.log(JSON.stringify(attached));
      else
        for (const { name, mediaType, sizeBytes } of attached) console.log(`${name}: ${sizeBytes} bytes, ${mediaType}`);
    });
  withJson(events.command("fetch"))
    .description("save a file of an event")
    .argument(...DEVICE)
    .argument(...EVENT, parseCount(1))
    .argument("<name>", "of the file, as lintel events show has it")
    .option("-o, --output <file>", "where it goes (default: its name, here)")
    .option("--force", "in place of a file that is there", false)
    .action(async (mac: string, id: number, name: string, options: FetchOptions) => {
      const { server, json, force } = options;
      const { records } = apiOf(server);
      // What others called it is no path of this machine.
      const file = options.output ?? basename(name);
      demandFree(file, force);
      await writeWhole(file, await records.file(mac, id, name));
      console.log(json ? JSON.stringify({ file }) : `${file} is saved`);
    });
}

type Attachment = ReturnType<typeof readAttachment>;

async function attachAll(records: RecordClient, mac: string, id: number, files: readonly Attachment[]) {
  const attached = [];
  for (const file of files) attached.push(await records.attach(mac, id, file));
  return attached;
}

function readAttachment(path: string) {
  const bytes = readFile(path, EVENT_FILE_MAX_BYTES, "an event takes no larger ones");
  return { name: basename(path), type: MEDIA_TYPES[extname(path).toLowerCase()] ?? BYTES_TYPE, bytes };
}

function parseData(text: string | undefined): unknown {
  if (text === undefined) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

function rowOf({ id, time, kind, stream, by, files, data }: DeviceEvent): string[] {
  return [String(id), time, kind, stream ?? "", by, files.map(({ name }) => name).join(" "), textOf(data)];
}

function show(event: DeviceEvent): void {
  console.log(`event ${event.id}, ${event.kind}, ${event.time}, by ${event.by}`);
  if (event.stream !== null) console.log(`about stream ${event.stream}`);
  if (event.data !== null) console.log(textOf(event.data));
  const rows = event.files.map(({ name, mediaType, sizeBytes, sha256 }) => [
    name,
    mediaType,
    String(sizeBytes),
    sha256,
  ]);
  if (rows.length > 0) showTable(["FILE", "TYPE", "BYTES", "SHA-256"], rows);
}

function textOf(data: unknown): string {
  return data === null ? "" : typeof data === "string" ? data : JSON.stringify(data);
}
