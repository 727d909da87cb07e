/** `lintel devices approve`, `revoke`, `rotate`, `name`, `move`, `replace`, `delete`. */

import type { Command } from "commander";
import { ApiError, type RegisteredDevice } from "../client/api-client.ts";
import { CommandError } from "./command-error.ts";
import { withOrganisation, withPlace } from "./device-create-commands.ts";
import { DEVICE, parseDevice } from "./device-name.ts";
import { apiOf, type ServerOptions, withJson } from "./server-options.ts";

interface PlaceOptions extends ServerOptions {
  project?: string;
  organisation?: string;
  credential?: string;
}

export function addDeviceChangeCommands(devices: Command): void {
  withPlace(withJson(devices.command("approve")))
    .description("take in a board that waits, one that was revoked, or a stranger")
    .argument(...DEVICE)
    .option("--credential <mark>", "of a stranger, where several have come under this address")
    .action(async (mac: string, options: PlaceOptions) => {
      const known = await findKnown(options, mac);
      if (known?.standing === "active" && options.project !== undefined)
        throw new CommandError(
          `${mac} is taken in already, ${placeOf(known)}: lintel devices move ${mac} ${JSON.stringify(options.project)} brings it elsewhere`,
        );
      const isStranger = known === undefined || options.credential !== undefined;
      const answer = isStranger ? await admit(options, mac) : await order(options, mac, "approve");
      tell(options, answer, `${mac} is taken in; it comes back by itself within a minute`);
    });
  withJson(devices.command("revoke"))
    .alias("reject")
    .description("refuse a board from now on; what it has sent stays")
    .argument(...DEVICE)
    .action(async (mac: string, options: ServerOptions) => {
      tell(options, await order(options, mac, "revoke"), `${mac} is refused`);
    });
  withJson(devices.command("rotate"))
    .description("give a board another secret; the one before is good until it works with the new one")
    .argument(...DEVICE)
    .action(async (mac: string, options: ServerOptions) => {
      tell(options, await order(options, mac, "rotate"), `${mac} is given another secret`);
    });
  withJson(devices.command("name"))
    .description("name a board for people; an empty name takes it away")
    .argument(...DEVICE)
    .argument("<name>", 'as "Front door"')
    .action(async (mac: string, name: string, options: ServerOptions) => {
      const answer = await apiOf(options.server).registrations.change(mac, { name: name === "" ? null : name });
      tell(options, answer, `${mac} is called ${name || "nothing"}`);
    });
  withOrganisation(withJson(devices.command("move")))
    .description("move a board to another project, with its history")
    .argument(...DEVICE)
    .argument("<project>", "number, slug or name")
    .action(async (mac: string, project: string, options: PlaceOptions) => {
      const answer = await apiOf(options.server).registrations.change(mac, { project }, options.organisation);
      tell(options, answer, `${mac} belongs to ${project}`);
    });
  withJson(devices.command("replace"))
    .description("put another board in the place of one: its name, project, settings and sensor graph")
    .argument("<device>", "the board that goes", parseDevice)
    .argument("<by>", "the board that comes", parseDevice)
    .option("--yes", "also if the board that comes is in use elsewhere: it leaves its place", false)
    .action(async (mac: string, by: string, options: ServerOptions & { yes: boolean }) => {
      const answer = await apiOf(options.server).registrations.replace(mac, by, options.yes);
      tell(options, answer, `${by} stands in the place of ${mac}`);
      if (answer.claimCode !== null && !options.json) console.log(`claim code, shown this once: ${answer.claimCode}`);
      for (const conflict of answer.conflicts ?? [])
        console.error(`lintel: ${by} has kept its own settings, since ${mac}'s do not fit it: ${conflict}`);
    });
  withJson(devices.command("delete"))
    .description("forget a board that has never sent a reading")
    .argument(...DEVICE)
    .action(async (mac: string, options: ServerOptions) => {
      await apiOf(options.server).registrations.delete(mac);
      tell(options, { mac, deleted: true }, `${mac} is forgotten`);
    });
}

function tell({ json }: ServerOptions, answer: object, text: string): void {
  console.log(json ? JSON.stringify(answer) : text);
}

function order({ server }: ServerOptions, mac: string, what: "approve" | "revoke" | "rotate"): Promise<object> {
  return apiOf(server).registrations.order(mac, what);
}

function admit({ server, project, credential, organisation }: PlaceOptions, mac: string): Promise<object> {
  const choice = { ...(project === undefined ? {} : { project }), ...(credential === undefined ? {} : { credential }) };
  return apiOf(server).registrations.admit(mac, choice, organisation);
}

function placeOf({ project }: RegisteredDevice): string {
  return project === null ? "into no project yet" : `into project ${project}`;
}

async function findKnown({ server }: ServerOptions, mac: string): Promise<RegisteredDevice | undefined> {
  try {
    return await apiOf(server).registered(mac);
  } catch (error) {
    if (error instanceof ApiError && error.code === "deviceUnknown") return undefined;
    throw error;
  }
}
