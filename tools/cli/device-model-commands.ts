/** `lintel devices tag`, `attributes`, `actuate`; `property` and `locate` are those of projects too. */

import type { Command } from "commander";
import type { PresentAttribute } from "../client/fleet-client.ts";
import { DEVICE } from "./device-name.ts";
import { addFactCommands, splitPair } from "./fact-commands.ts";
import { apiOf, type ServerOptions, withJson } from "./server-options.ts";
import { showTable } from "./text-table.ts";

export function addDeviceModelCommands(devices: Command): void {
  withJson(devices.command("tag"))
    .description("put tags on a board, or take them off")
    .argument(...DEVICE)
    .argument("<tags...>", "short words; one that begins with a colon, as :old, is taken off")
    .action(async (mac: string, words: string[], { server, json }: ServerOptions) => {
      const remove = words.filter((word) => word.startsWith(":")).map((word) => word.slice(1));
      const add = words.filter((word) => !word.startsWith(":"));
      const { tags } = await apiOf(server).fleets.changeTags(mac, { add, remove });
      console.log(json ? JSON.stringify({ mac, tags }) : `${mac}: ${tags.join(" ") || "no tags"}`);
    });
  addFactCommands(devices, "devices");
  withJson(devices.command("attributes"))
    .description("the attributes of a board, with their present values")
    .argument(...DEVICE)
    .action(async (mac: string, { server, json }: ServerOptions) => {
      tell(json, await apiOf(server).fleets.attributes(mac));
    });
  withJson(devices.command("actuate"))
    .description("drive actuators of a board: all that are named, or none")
    .argument(...DEVICE)
    .argument("<label=value...>", "as brightness=70 lit=true")
    .action(async (mac: string, pairs: string[], { server, json }: ServerOptions) => {
      const values = pairs.map(splitPair).map(([label, value]) => [label, parseValue(value)] as const);
      tell(json, await apiOf(server).fleets.actuate(mac, Object.fromEntries(values)));
    });
}

function tell(json: boolean, attributes: PresentAttribute[]): void {
  if (json) {
    console.log(JSON.stringify(attributes));
    return;
  }
  const rows = attributes.map(({ label, kind, value, desired, unit, time, template }) => [
    ...[label, kind, text(value), text(desired), unit ?? "", time ?? "", template.name],
  ]);
  showTable(["LABEL", "KIND", "VALUE", "DESIRED", "UNIT", "SINCE", "TEMPLATE"], rows);
}

function text(value: unknown): string {
  return value == null ? "" : typeof value === "string" ? value : JSON.stringify(value);
}

/** A number, true or false where it is one; the server says what the attribute takes. */
function parseValue(value: string): unknown {
  if (value === "true" || value === "false") return value === "true";
  return /^-?\d+(\.\d+)?$/.test(value) ? Number(value) : value;
}
