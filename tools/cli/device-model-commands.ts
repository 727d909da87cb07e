/** `lintel devices tag`, `property`, `locate`, `attributes`, `actuate`. */
import { type Command, InvalidArgumentError } from "commander";
import type { PresentAttribute } from "../client/fleet-client.ts";
import { CommandError } from "./command-error.ts";
import { apiOf, type ServerOptions, withJson } from "./server-options.ts";
import { showTable } from "./text-table.ts";

const DEVICE = ["<device>", "MAC address or slug"] as const;

interface PlaceOptions extends ServerOptions {
  at?: { latitude: number; longitude: number };
  name?: string;
  inherit?: boolean;
}

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
  withJson(devices.command("property"))
    .description("show the properties of a board, or set some")
    .argument(...DEVICE)
    .argument("[name=value...]", "as floor=2; without a value it is taken away")
    .action(async (mac: string, pairs: string[], { server, json }: ServerOptions) => {
      const { fleets } = apiOf(server);
      const values = pairs.map(splitPair).map(([name, value]) => [name, value === "" ? null : value] as const);
      if (pairs.length > 0) await fleets.setProperties(mac, Object.fromEntries(values));
      const found = await fleets.properties(mac);
      if (json) {
        console.log(JSON.stringify(found));
        return;
      }
      for (const [name, value] of Object.entries(found.properties)) console.log(`${name} = ${value}`);
      for (const [name, value] of Object.entries(found.inherited)) console.log(`${name} = ${value}  (of its project)`);
    });
  withJson(devices.command("locate"))
    .description("say where a board is")
    .argument(...DEVICE)
    .option("--at <latitude,longitude>", "degrees, as 45.07,7.69", parsePoint)
    .option("--name <text>", "of the place, for people")
    .option("--inherit", "leave it where its project is")
    .action(async (mac: string, { server, json, at, name = undefined, inherit }: PlaceOptions) => {
      if ((at === undefined) === (inherit !== true)) throw new CommandError("say either --at or --inherit");
      const { fleets } = apiOf(server);
      if (at === undefined) await fleets.forgetPlace(mac);
      else await fleets.locate(mac, { ...at, name: name ?? null });
      const where = at === undefined ? "where its project is" : `at ${at.latitude}, ${at.longitude}`;
      console.log(json ? JSON.stringify({ mac, location: at ?? null }) : `${mac} is ${where}`);
    });
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

function splitPair(pair: string): [string, string] {
  const at = pair.indexOf("=");
  if (at <= 0) throw new CommandError(`it is given as NAME=VALUE, not "${pair}"`);
  return [pair.slice(0, at), pair.slice(at + 1)];
}

/** A number, true or false where it is one; the server says what the attribute takes. */
function parseValue(value: string): unknown {
  if (value === "true" || value === "false") return value === "true";
  return /^-?\d+(\.\d+)?$/.test(value) ? Number(value) : value;
}

function parsePoint(value: string): { latitude: number; longitude: number } {
  const [latitude, longitude, ...rest] = value
    .split(",")
    .map((part) => (part.trim() === "" ? Number.NaN : Number(part)));
  if (latitude === undefined || longitude === undefined || rest.length > 0 || !Number.isFinite(latitude + longitude))
    throw new InvalidArgumentError("Degrees with a comma between, as 45.07,7.69.");
  return { latitude, longitude };
}
