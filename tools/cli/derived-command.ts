/** `lintel derived`: streams of a device that are computed from others whenever they are asked for. */

import { type Command, InvalidArgumentError } from "commander";
import type { DerivedStream, Section, Source } from "../client/series-client.ts";
import { CommandError } from "./command-error.ts";
import { DEVICE, parseDevice } from "./device-name.ts";
import { parseNumber } from "./option-values.ts";
import { apiOf, type ServerOptions, withJson } from "./server-options.ts";
import { printRows } from "./text-table.ts";
import { timeOption } from "./time-words.ts";

interface AddOptions extends ServerOptions {
  linear?: Source;
  factor?: number;
  offset?: number;
  difference?: Source;
  section: Section[];
  unit?: string;
}

/** Of the device itself: filled in when it is known. */
const SAME_DEVICE = "";
const SOURCE_HELP = "four hex digits, or DEVICE/STREAM of another device of the organisation";

export function addDerivedCommand(program: Command): void {
  const derived = program
    .command("derived")
    .description("streams that are computed from others: units, differences, joins");
  withJson(derived.command("list"))
    .description("derived streams of a device")
    .argument(...DEVICE)
    .action(async (mac: string, { server, json }: ServerOptions) => {
      const found = await apiOf(server).series.derived(mac);
      printRows(found, json, ["STREAM", "KIND", "UNIT", "FROM"], (one) => [
        ...[one.stream, one.kind, one.unit ?? "", describe(one)],
      ]);
    });
  withJson(derived.command("add"))
    .description("make one, or another in its place: --linear, --difference or --section; it is read like any other")
    .argument(...DEVICE)
    .argument("<stream>", "id that it gets, four hex digits; none that the device sends itself")
    .option("--linear <source>", `factor × source + offset; ${SOURCE_HELP}`, parseSource)
    .option("--factor <number>", "with --linear", parseNumber)
    .option("--offset <number>", "with --linear (default: 0)", parseNumber)
    .option("--difference <source>", "what a counter has gone up by since its reading before", parseSource)
    .option(
      "--section <source@from..to>",
      "one stream after the other: 5001@..2026-11-01, then 024c4e540002/5001@2026-11-01..; as often as needed",
      (text: string, before: Section[]) => [...before, parseSection(text)],
      [],
    )
    .option("--unit <text>", "for people, as °C")
    .action(async (mac: string, stream: string, options: AddOptions) => {
      const made = await apiOf(options.server).series.setDerived(mac, stream, definitionOf(mac, options));
      if (options.json) console.log(JSON.stringify(made));
      else console.log(`${mac}/${stream} is ${made.kind} of ${describe(made)}; see lintel readings ${mac} ${stream}`);
    });
  withJson(derived.command("remove"))
    .description("delete a derived stream; what it was computed from stays")
    .argument(...DEVICE)
    .argument("<stream>", "its id")
    .action(async (mac: string, stream: string, { server, json }: ServerOptions) => {
      await apiOf(server).series.deleteDerived(mac, stream);
      console.log(json ? JSON.stringify({ device: mac, stream, deleted: true }) : `${mac}/${stream} is deleted`);
    });
}

function definitionOf(mac: string, { linear, factor, offset, difference, section, unit }: AddOptions): object {
  const here = <T extends Source>(source: T): T => ({ ...source, device: source.device || mac });
  if (linear !== undefined && factor === undefined) throw new CommandError("--linear needs --factor");
  if (linear === undefined && (factor !== undefined || offset !== undefined))
    throw new CommandError("--factor and --offset belong to --linear");
  const definitions = [
    ...(linear === undefined ? [] : [{ kind: "linear", source: here(linear), factor, offset }]),
    ...(difference === undefined ? [] : [{ kind: "difference", source: here(difference) }]),
    ...(section.length === 0 ? [] : [{ kind: "alias", sections: section.map(here) }]),
  ];
  const [only, ...others] = definitions;
  if (only === undefined || others.length > 0)
    throw new CommandError("say what it is computed from: one of --linear, --difference and --section");
  return { ...only, unit };
}

function parseSource(text: string): Source {
  const [, device, stream] = /^(?:([^/]*)\/)?([0-9a-f]{4})$/.exec(text) ?? [];
  if (stream === undefined) throw new InvalidArgumentError("A stream is expected, as 5001 or 024c4e540001/5001.");
  return { device: device === undefined ? SAME_DEVICE : parseDevice(device), stream };
}

function parseSection(text: string): Section {
  const [source = "", range = "..", ...more] = text.split("@");
  const [from, to, ...rest] = range.split("..");
  if (from === undefined || to === undefined || more.length + rest.length > 0)
    throw new InvalidArgumentError("As 5001@2026-01-01..2026-11-01; what is left out before or after .. is open.");
  const read = timeOption();
  return { ...parseSource(source), ...(from !== "" && { from: read(from) }), ...(to !== "" && { to: read(to) }) };
}

function describe({ source, factor, offset = 0, sections = [] }: DerivedStream): string {
  const nameOf = (one: Source) => `${one.device}/${one.stream}`;
  if (source === undefined) return sections.map((one) => `${nameOf(one)}@${one.from ?? ""}..${one.to ?? ""}`).join(" ");
  if (factor === undefined) return nameOf(source);
  return `${factor} × ${nameOf(source)}${offset === 0 ? "" : ` ${offset < 0 ? "-" : "+"} ${Math.abs(offset)}`}`;
}
