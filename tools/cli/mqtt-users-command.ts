/** `lintel mqtt-users`: applications at the broker, as Home Assistant, Node-RED or a dashboard. */
import { type Command, InvalidArgumentError } from "commander";
import type { MqttUser } from "../client/registration-client.ts";
import { withOrganisation } from "./device-create-commands.ts";
import { apiOf, type ServerOptions, withJson } from "./server-options.ts";
import { showTable } from "./text-table.ts";

type Grants = MqttUser["grants"];

interface AddOptions extends ServerOptions {
  organisation?: string;
  grant?: Grants;
}

export function addMqttUsersCommand(program: Command): void {
  const users = program.command("mqtt-users").description("applications that may connect to the broker");
  withJson(users.command("list"))
    .description("their names, and what they may hear and say")
    .action(async ({ server, json }: ServerOptions) => {
      const found = await apiOf(server).registrations.mqttUsers();
      if (json) console.log(JSON.stringify(found));
      else showTable(["NAME", "ORGANISATION", "GRANTS"], found.map(rowOf));
    });
  withOrganisation(withJson(users.command("add")))
    .description("give an application a name and a password, which is said once")
    .argument("<name>", "lowercase letters, digits and hyphens")
    .option(
      "--grant <access:filter>",
      "read, write or both, and a topic filter; as often as needed (default: reads its devices, all below app/SLUG/)",
      parseGrant,
    )
    .action(async (name: string, { server, json, organisation, grant }: AddOptions) => {
      tell(json, await apiOf(server).registrations.addMqttUser(name, grant, organisation));
    });
  withJson(users.command("password"))
    .description("another password for an application, in place of the one it has")
    .argument("<name>")
    .action(async (name: string, { server, json }: ServerOptions) => {
      tell(json, await apiOf(server).registrations.renewMqttPassword(name));
    });
  withJson(users.command("delete"))
    .description("show an application out")
    .argument("<name>")
    .action(async (name: string, { server, json }: ServerOptions) => {
      await apiOf(server).registrations.deleteMqttUser(name);
      console.log(json ? JSON.stringify({ name, deleted: true }) : `${name} is shown out`);
    });
}

function tell(json: boolean, user: MqttUser & { password: string }): void {
  if (json) console.log(JSON.stringify(user));
  else console.log(`user ${user.name}, password, shown this once: ${user.password}`);
}

function rowOf({ name, organisation, grants }: MqttUser): string[] {
  return [name, organisation, grants.map(({ filter, access }) => `${access}:${filter}`).join(" ")];
}

function parseGrant(text: string, before: Grants = []): Grants {
  const [, access = "", filter = ""] = /^(read|write|both):(.+)$/.exec(text) ?? [];
  if (filter === "") throw new InvalidArgumentError("As read:lintel/1/+/state, write:app/home/#, or both:app/home/#.");
  return [...before, { filter, access }];
}
