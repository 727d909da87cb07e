/** `lintel fleets`: devices by name, and whatever device is like that now. */
import type { Command } from "commander";
import type { Fleet } from "../client/fleet-client.ts";
import { withOrganisation } from "./device-create-commands.ts";
import { apiOf, type ServerOptions, withJson } from "./server-options.ts";
import { showTable } from "./text-table.ts";

interface CreateOptions extends ServerOptions {
  organisation?: string;
  description?: string;
  product?: string;
  project?: string;
  template?: string;
  tag?: string[];
}

const FLEET = ["<fleet>", "number or slug, as g--0000-0000-0001"] as const;

export function addFleetsCommand(program: Command): void {
  const fleets = program.command("fleets").description("devices that are dealt with together");
  withJson(fleets.command("list"))
    .description("fleets, and what devices have to be to be in them")
    .action(async ({ server, json }: ServerOptions) => {
      const found = await apiOf(server).fleets.fleets();
      if (json) console.log(JSON.stringify(found));
      else showTable(["ID", "SLUG", "NAME", "ORGANISATION", "MEMBERS", "CRITERION"], found.map(rowOf));
    });
  withOrganisation(withJson(fleets.command("create")))
    .description("make a fleet; without --product, --project, --template and --tag it has its members alone")
    .argument("<name>")
    .option("--description <text>")
    .option("--product <name>", "devices that run this product")
    .option("--project <ref>", "of this project: number, slug or name")
    .option("--template <id>", "that have this template")
    .option("--tag <word...>", "that have all these tags")
    .action(async (name: string, { server, json, organisation, description, ...options }: CreateOptions) => {
      const { product, project, template, tag } = options;
      const criterion = {
        ...(product !== undefined && { product }),
        ...(project !== undefined && { project }),
        ...(template !== undefined && { template: Number(template) }),
        ...(tag !== undefined && { tags: tag }),
      };
      const wish = { name, description, criterion: Object.keys(criterion).length === 0 ? null : criterion };
      tell(json, await apiOf(server).fleets.addFleet(wish, organisation));
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

function rowOf({ id, slug, name, organisation, members, criterion }: Fleet): string[] {
  return [String(id), slug, name, organisation, String(members), criterion === null ? "" : JSON.stringify(criterion)];
}

function tell(json: boolean, fleet: Fleet): void {
  console.log(json ? JSON.stringify(fleet) : `fleet ${fleet.slug}, ${fleet.name}: ${fleet.members} members`);
}
