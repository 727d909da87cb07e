/** `lintel channels`: through what people and programs are told of alerts. */
import { type Command, Option } from "commander";
import type { Channel } from "../client/alert-client.ts";
import { CommandError } from "./command-error.ts";
import { withOrganisation } from "./device-create-commands.ts";
import { parseCount } from "./option-values.ts";
import { apiOf, type ServerOptions, withJson } from "./server-options.ts";
import { showTable } from "./text-table.ts";

interface AddOptions extends ServerOptions {
  organisation?: string;
  kind: string;
  to: string[];
  url?: string;
}

export function addChannelsCommand(program: Command): void {
  const channels = program.command("channels").description("through what people and programs are told of alerts");
  withJson(channels.command("list"))
    .description("mail, webhooks and MQTT")
    .action(async ({ server, json }: ServerOptions) => {
      const found = await apiOf(server).alerts.channels();
      if (json) console.log(JSON.stringify(found));
      else showTable(["ID", "NAME", "KIND", "WHERE", ""], found.map(rowOf));
    });
  withOrganisation(withJson(channels.command("add")))
    .description("make a channel; the secret of a webhook is said once")
    .argument("<name>", "as people call it")
    .addOption(new Option("--kind <kind>", "what it is").choices(["mail", "webhook", "mqtt"]).makeOptionMandatory())
    .option(
      "--to <address>",
      "of mail: who gets it; as often as needed",
      (text, before: string[]) => [...before, text],
      [],
    )
    .option("--url <url>", "of a webhook: where it is sent")
    .action(async (name: string, { server, json, organisation, kind, to, url }: AddOptions) => {
      const channel = { name, kind, ...(to.length > 0 && { to }), ...(url !== undefined && { url }) };
      const made = await apiOf(server).alerts.addChannel(channel, organisation);
      if (json) {
        console.log(JSON.stringify(made));
        return;
      }
      console.log(`channel ${made.id} is made; try it with: lintel channels test ${made.id}`);
      if (made.topic !== null) console.log(`topic: ${made.topic}`);
      if (made.secret !== null) console.log(`secret to check its signature with, shown this once: ${made.secret}`);
    });
  withJson(channels.command("test"))
    .description("send something through a channel now, and say what came of it")
    .argument("<id>", "its number, as the list shows it", parseCount(1))
    .action(async (id: number, { server, json }: ServerOptions) => {
      const { delivered, error } = await apiOf(server).alerts.testChannel(id);
      if (!delivered) throw new CommandError(`channel ${id}: ${error}`, { delivered, error });
      console.log(json ? JSON.stringify({ delivered, error }) : `channel ${id} works`);
    });
  withJson(channels.command("enable"))
    .description("let a channel tell again, also one that the server has disabled")
    .argument("<id>", "its number, as the list shows it", parseCount(1))
    .action(async (id: number, { server, json }: ServerOptions) => {
      const channel = await apiOf(server).alerts.changeChannel(id, { enabled: true });
      console.log(json ? JSON.stringify(channel) : `channel ${id} is enabled`);
    });
  withJson(channels.command("delete"))
    .description("delete a channel, and what waits to go through it")
    .argument("<id>", "its number, as the list shows it", parseCount(1))
    .action(async (id: number, { server, json }: ServerOptions) => {
      await apiOf(server).alerts.deleteChannel(id);
      console.log(json ? JSON.stringify({ id, deleted: true }) : `channel ${id} is deleted`);
    });
}

function rowOf({ id, name, kind, to, url, topic, enabled, disabledWhy }: Channel): string[] {
  const why = disabledWhy === null ? "disabled" : `disabled: ${disabledWhy}`;
  return [String(id), name, kind, to?.join(" ") ?? url ?? topic ?? "", enabled ? "" : why];
}
