/** `lintel fleets`: devices by name, and whatever device is like that now. */
import type { Command } from "commander";
import type { Fleet } from "../client/fleet-client.ts";
import { CommandError } from "./command-error.ts";
import { withOrganisation } from "./device-create-commands.ts";
import { parseCount } from "./option-values.ts";
import { apiOf, type ServerOptions, withJson } from "./server-options.ts";
import { showTable } from "./text-table.ts";

interface Criterion {
  product?: string;
  project?: string;
  template?: number;
  tag?: string[];
}

interface CreateOptions extends ServerOptions, Criterion {
  organisation?: string;
  description?: string;
}

interface ChangeOptions extends ServerOptions, Criterion {
  name?: string;
  description?: string;
  membersOnly?: boolean;
}

const FLEET = ["<fleet>", "number or slug, as g--0000-0000-0001"] as const;

export function addFleetsCommand(program: Command): void {
  const fleets = program.command("fleets").description("devices that are dealt with together");
  withJson(fleets.command("list"))
    .description("fleets, and what devices have to be to be in them")
    .action(async ({ server, json }: ServerOptions) => {
      const found = await apiOf(server).fleets.fleets();
      if (json) console.log(JSON.stringify(found));
      else showTable(["ID", "SLUG", "NAME", "ORGANISATION", "DEVICES", "MEMBERS", "CRITERION"], found.map(rowOf));
    });
  withCriterion(withOrganisation(withJson(fleets.command("create"))))
    .description("make a fleet; without --product, --project, --template and --tag it has its members alone")
    .argument("<name>")
    .action(async (name: string, { server, json, organisation, description, ...options }: CreateOptions) => {
      const wish = { name, description, criterion: criterionOf(options) ?? null };
      tell(json, await apiOf(server).fleets.addFleet(wish, organisation));
    });
  withCriterion(withJson(fleets.command("change")))
    .description(
      "rename a fleet, or say anew what devices have to be to be in it, in place of all that was said before",
    )
    .argument(...FLEET)
    .option("--name <text>")
    .option("--members-only", "nothing: it has its members alone")
    .action(async (fleet: string, { server, json, name, description, membersOnly, ...options }: ChangeOptions) => {
      const criterion = criterionOf(options);
      if (membersOnly === true && criterion !== undefined)
        throw new CommandError("--members-only leaves no --product, --project, --template and --tag");
      const change = {
        ...(name !== undefined && { name }),
        ...(description !== undefined && { description }),
        ...((criterion !== undefined || membersOnly === true) && { criterion: criterion ?? null }),
      };
      if (Object.keys(change).length === 0)
        throw new CommandError("say what is to change: --name, --description, what devices are, or --members-only");
      tell(json, await apiOf(server).fleets.changeFleet(fleet, change));
    });
  withJson(fleets.command("devices"))
    .description("devices that are in a fleet now")
    .argument(...FLEET)
    .action(async (fleet: string, { server, json }: ServerOptions) => {
      const found = await apiOf(server).fleets.devicesOf(fleet);
      if (json) console.log(JSON.stringify(found));
      else
        showTable(
          ["MAC", "NAME", "PRODUCT", "TAGS"],
          found.map(({ mac, name, product, tags }) => [mac, name ?? "", product ?? "", tags.join(" ")]),
        );
    });
  for (const [word, part] of [
    ["add", "add"],
    ["remove", "remove"],
  ] as const) {
    withJson(fleets.command(word))
      .description(
        word === "add" ? "take devices into a fleet" : "take devices out; what fits the criterion stays in it",
      )
      .argument(...FLEET)
      .argument("<devices...>", "MAC addresses or slugs")
      .action(async (fleet: string, macs: string[], { server, json }: ServerOptions) => {
        tell(json, await apiOf(server).fleets.changeMembers(fleet, { [part]: macs }));
      });
  }
  withJson(fleets.command("delete"))
    .description("delete a fleet; its devices stay")
    .argument(...FLEET)
    .action(async (fleet: string, { server, json }: ServerOptions) => {
      await apiOf(server).fleets.deleteFleet(fleet);
      console.log(json ? JSON.stringify({ fleet, deleted: true }) : `fleet ${fleet} is deleted`);
    });
}

function withCriterion(command: Command): Command {
  return command
    .option("--description <text>")
    .option("--product <name>", "devices that run this product")
    .option("--project <ref>", "of this project: number, slug or name")
    .option("--template <id>", "that have this template", parseCount(1))
    .option("--tag <word...>", "that have all these tags");
}

/** undefined: nothing is said of it. */
function criterionOf({ product, project, template, tag }: Criterion): object | undefined {
  const criterion = {
    ...(product !== undefined && { product }),
    ...(project !== undefined && { project }),
    ...(template !== undefined && { template }),
    ...(tag !== undefined && { tags: tag }),
  };
  return Object.keys(criterion).length === 0 ? undefined : criterion;
}

function rowOf({ id, slug, name, organisation, devices, members, criterion }: Fleet): string[] {
  const isLike = criterion === null ? "" : JSON.stringify(criterion);
  return [String(id), slug, name, organisation, String(devices), String(members), isLike];
}

function tell(json: boolean, fleet: Fleet): void {
  console.log(
    json
      ? JSON.stringify(fleet)
      : `fleet ${fleet.slug}, ${fleet.name}: ${fleet.devices} devices, ${fleet.members} of them by name`,
  );
}
