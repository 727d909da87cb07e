/** `lintel notes`: what people note about devices, their streams and projects. */
import type { Command } from "commander";
import type { Note } from "../client/record-client.ts";
import { CommandError } from "./command-error.ts";
import { parseThing, THING, type Thing } from "./noted-thing.ts";
import { parseCount } from "./option-values.ts";
import { apiOf, type ServerOptions, withJson } from "./server-options.ts";
import { printRows } from "./text-table.ts";

interface NoteOptions extends ServerOptions {
  stream?: string;
}

const NOTE = ["<id>", "its number, as the list shows it"] as const;

export function addNotesCommand(program: Command): void {
  const notes = program.command("notes").description("what people note about devices, their streams and projects");
  withJson(notes.command("list"))
    .description("notes about a device and its streams, or about a project, the oldest first")
    .argument(...THING, parseThing)
    .option("--stream <id>", "about this stream of the device alone")
    .action(async (thing: Thing, { server, json, stream }: NoteOptions) => {
      demandDevice(thing, stream);
      const found = await apiOf(server).records.notes(thing.path, { stream });
      printRows(found, json, ["ID", "ABOUT", "BY", "TIME", "TEXT"], rowOf);
    });
  withJson(notes.command("add"))
    .description("note something")
    .argument(...THING, parseThing)
    .argument("<text>", "in quotes")
    .option("--stream <id>", "about this stream of the device")
    .action(async (thing: Thing, text: string, { server, json, stream }: NoteOptions) => {
      demandDevice(thing, stream);
      const note = await apiOf(server).records.addNote(thing.path, { text, stream });
      console.log(json ? JSON.stringify(note) : `note ${note.id} is made`);
    });
  withJson(notes.command("change"))
    .description("write a note of one's own anew")
    .argument(...NOTE, parseCount(1))
    .argument("<text>", "in quotes")
    .action(async (id: number, text: string, { server, json }: ServerOptions) => {
      const note = await apiOf(server).records.changeNote(id, text);
      console.log(json ? JSON.stringify(note) : `note ${id} is changed`);
    });
  withJson(notes.command("remove"))
    .description("delete a note, whoever wrote it")
    .argument(...NOTE, parseCount(1))
    .action(async (id: number, { server, json }: ServerOptions) => {
      await apiOf(server).records.deleteNote(id);
      console.log(json ? JSON.stringify({ id, deleted: true }) : `note ${id} is deleted`);
    });
}

function demandDevice({ isDevice }: Thing, stream: string | undefined): void {
  if (stream !== undefined && !isDevice) throw new CommandError("--stream belongs to a device; a project has none");
}

function rowOf({ id, device, stream, project, text, by, created, changed }: Note): string[] {
  const about = [device ?? project ?? "", ...(stream === null ? [] : [stream])].join("/");
  return [String(id), about, by, changed ?? created, text];
}
