/** `lintel templates`: what a kind of device has, by labels, in versions. */

import { type Command, InvalidArgumentError } from "commander";
import type { Attribute, Template, TemplateWish } from "../client/fleet-client.ts";
import { CommandError } from "./command-error.ts";
import { readBytes } from "./command-files.ts";
import { withOrganisation } from "./device-create-commands.ts";
import { DEVICE } from "./device-name.ts";
import { apiOf, type ServerOptions, withJson } from "./server-options.ts";
import { showTable } from "./text-table.ts";

interface WishOptions extends ServerOptions {
  organisation?: string;
  name?: string;
  description?: string;
  attributes?: string;
}

interface Choice {
  template: number;
  version: number | null;
}

const FILE_HELP = 'JSON, a list: [{"label": "door-count", "kind": "dynamic", "type": "integer", "stream": "5001"}]';

export function addTemplatesCommand(program: Command): void {
  const templates = program.command("templates").description("what kinds of devices have: labelled attributes");
  withJson(templates.command("list"))
    .description("templates, and how many devices have each")
    .action(async ({ server, json }: ServerOptions) => {
      const found = await apiOf(server).fleets.templates();
      if (json) console.log(JSON.stringify(found));
      else showTable(["ID", "NAME", "ORGANISATION", "VERSION", "DEVICES", "DESCRIPTION"], found.map(rowOf));
    });
  withJson(templates.command("show"))
    .description("the attributes of a template")
    .argument("<id>", "number", parseId)
    .action(async (id: number, { server, json }: ServerOptions) => {
      tell(json, await apiOf(server).fleets.template(id));
    });
  withOrganisation(withJson(templates.command("create")))
    .description("make a template")
    .argument("<name>")
    .option("--description <text>")
    .option("--attributes <file>", FILE_HELP)
    .action(async (name: string, { server, json, organisation, ...options }: WishOptions) => {
      const wish = { name, ...wishOf(options), attributes: readAttributes(options.attributes) ?? [] };
      tell(json, await apiOf(server).fleets.addTemplate(wish, organisation));
    });
  withJson(templates.command("change"))
    .description("rename a template, or give it other attributes: a new version, which its devices follow")
    .argument("<id>", "number", parseId)
    .option("--name <text>")
    .option("--description <text>")
    .option("--attributes <file>", FILE_HELP)
    .action(async (id: number, { server, json, ...options }: WishOptions) => {
      const wish = wishOf(options);
      if (Object.keys(wish).length === 0)
        throw new CommandError("say what to change: --name, --description, --attributes");
      tell(json, await apiOf(server).fleets.changeTemplate(id, wish));
    });
  withJson(templates.command("delete"))
    .description("delete a template that no device has")
    .argument("<id>", "number", parseId)
    .action(async (id: number, { server, json }: ServerOptions) => {
      await apiOf(server).fleets.deleteTemplate(id);
      console.log(json ? JSON.stringify({ id, deleted: true }) : `template ${id} is deleted`);
    });
  withJson(templates.command("give"))
    .description("give a device these templates, and take away all others; none: all")
    .argument(...DEVICE)
    .argument("[templates...]", "as 3, or 3@2 to pin it to version 2", parseChoice, [])
    .action(async (mac: string, choices: Choice[], { server, json }: ServerOptions) => {
      const answer = await apiOf(server).fleets.giveTemplates(mac, choices);
      console.log(json ? JSON.stringify(answer) : `${mac} has ${choices.length} templates`);
    });
}

function rowOf({ id, name, organisation, version, devices, description }: Template): string[] {
  return [String(id), name, organisation, String(version), String(devices), description];
}

function tell(json: boolean, template: Template): void {
  if (json) {
    console.log(JSON.stringify(template));
    return;
  }
  console.log(`template ${template.id}, ${template.name}, version ${template.version}: ${template.description}`);
  const rows = (template.attributes ?? []).map(attributeRow);
  if (rows.length > 0) showTable(["LABEL", "KIND", "TYPE", "UNIT", "OF"], rows);
}

function attributeRow({ label, kind, type, unit, value, stream, command, setting }: Attribute): string[] {
  const target = stream ?? command ?? setting ?? (value == null ? "" : JSON.stringify(value));
  return [label, kind, type, unit ?? "", target];
}

function wishOf({ name, description, attributes }: Partial<WishOptions>): TemplateWish {
  return {
    ...(name !== undefined && { name }),
    ...(description !== undefined && { description }),
    ...(attributes !== undefined && { attributes: readAttributes(attributes) }),
  };
}

function readAttributes(path: string | undefined): unknown {
  if (path === undefined) return undefined;
  try {
    return JSON.parse(Buffer.from(readBytes(path)).toString());
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw new CommandError(`${path} is no JSON: ${error.message}`);
  }
}

function parseId(text: string): number {
  if (!/^[1-9]\d{0,9}$/.test(text)) throw new InvalidArgumentError("It is a number; see lintel templates list.");
  return Number(text);
}

function parseChoice(text: string, before: Choice[]): Choice[] {
  const [, id, version] = /^([1-9]\d{0,9})(?:@([1-9]\d{0,9}))?$/.exec(text) ?? [];
  if (id === undefined) throw new InvalidArgumentError("As 3, or 3@2 for its version 2.");
  return [...before, { template: Number(id), version: version === undefined ? null : Number(version) }];
}
