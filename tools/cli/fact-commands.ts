/** `property` and `locate` of `lintel devices` and `lintel projects`: what people say of either. */

import { type Command, InvalidArgumentError } from "commander";
import { CommandError } from "./command-error.ts";
import { DEVICE, parseDevice } from "./device-name.ts";
import { apiOf, type ServerOptions, withJson } from "./server-options.ts";

interface PlaceOptions extends ServerOptions {
  at?: { latitude: number; longitude: number };
  name?: string;
  inherit?: boolean;
  forget?: boolean;
}

const WORDS = {
  devices: { thing: DEVICE, inherit: "--inherit", left: "where its project is" },
  projects: { thing: ["<project>", "number or slug, as p--0000-0001"], inherit: "--forget", left: "nowhere" },
} as const;

/** `parent` is the command of these things, which the API has below this name. */
export function addFactCommands(parent: Command, things: keyof typeof WORDS): void {
  const { thing, inherit, left } = WORDS[things];
  const of = things === "devices" ? "a board" : "a project, which its boards inherit";
  withJson(parent.command("property"))
    .description(`show the properties of ${of}, or set some`)
    .argument(thing[0], thing[1], things === "devices" ? parseDevice : String)
    .argument("[name=value...]", "as floor=2; without a value it is taken away")
    .action(async (name: string, pairs: string[], { server, json }: ServerOptions) => {
      const { fleets } = apiOf(server);
      const path = `${things}/${encodeURIComponent(name)}`;
      const values = pairs.map(splitPair).map(([key, value]) => [key, value === "" ? null : value] as const);
      if (pairs.length > 0) await fleets.setProperties(path, Object.fromEntries(values));
      const found = await fleets.properties(path);
      if (json) return console.log(JSON.stringify(found));
      for (const [key, value] of Object.entries(found.properties)) console.log(`${key} = ${value}`);
      for (const [key, value] of Object.entries(found.inherited ?? {}))
        console.log(`${key} = ${value}  (of its project)`);
    });
  withJson(parent.command("locate"))
    .description(`say where ${of} is`)
    .argument(thing[0], thing[1], things === "devices" ? parseDevice : String)
    .option("--at <latitude,longitude>", "degrees, as 45.07,7.69", parsePoint)
    .option("--name <text>", "of the place, for people")
    .option(inherit, `leave it ${left}`)
    .action(async (name: string, { server, json, at, name: place, ...leave }: PlaceOptions) => {
      const isLeft = leave.inherit === true || leave.forget === true;
      if ((at === undefined) !== isLeft) throw new CommandError(`say either --at or ${inherit}`);
      const { fleets } = apiOf(server);
      const path = `${things}/${encodeURIComponent(name)}`;
      if (at === undefined) await fleets.forgetPlace(path);
      else await fleets.locate(path, { ...at, name: place ?? null });
      const where = at === undefined ? left : `at ${at.latitude}, ${at.longitude}`;
      const key = things === "devices" ? "mac" : "project";
      console.log(json ? JSON.stringify({ [key]: name, location: at ?? null }) : `${name} is ${where}`);
    });
}

export function splitPair(pair: string): [string, string] {
  const at = pair.indexOf("=");
  if (at <= 0) throw new CommandError(`it is given as NAME=VALUE, not "${pair}"`);
  return [pair.slice(0, at), pair.slice(at + 1)];
}

function parsePoint(value: string): { latitude: number; longitude: number } {
  const [latitude, longitude, ...rest] = value
    .split(",")
    .map((part) => (part.trim() === "" ? Number.NaN : Number(part)));
  if (latitude === undefined || longitude === undefined || rest.length > 0 || !Number.isFinite(latitude + longitude))
    throw new InvalidArgumentError("Degrees with a comma between, as 45.07,7.69.");
  return { latitude, longitude };
}
