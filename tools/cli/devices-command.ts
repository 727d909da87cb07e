/** `lintel devices`: which boards the server knows, and which it has refused. */

import type { Command } from "commander";
import type { RegisteredDevice } from "../client/api-client.ts";
import { addDeviceChangeCommands } from "./device-change-commands.ts";
import { addDeviceCreateCommands } from "./device-create-commands.ts";
import { addDeviceModelCommands } from "./device-model-commands.ts";
import { DEVICE } from "./device-name.ts";
import { apiOf, type ServerOptions, withJson } from "./server-options.ts";
import { showTable } from "./text-table.ts";

interface ListOptions extends ServerOptions {
  project?: string;
  standing?: string;
  product?: string;
  tag?: string;
  template?: string;
  fleet?: string;
  online?: boolean;
}

export function addDevicesCommand(program: Command): void {
  const devices = program.command("devices").description("which boards the server knows, takes in and refuses");
  withJson(devices.command("list"))
    .description("boards that the server knows")
    .option("--project <id>", "of this project, by number or slug")
    .option("--standing <which>", "waiting, active, revoked or replaced")
    .option("--product <name>", "that run this product")
    .option("--tag <word>", "that have this tag")
    .option("--template <id>", "that have this template")
    .option("--fleet <id>", "that are in this fleet now, by number or slug")
    .option("--online", "that are connected")
    .action(async ({ server, json, online, ...rest }: ListOptions) => {
      const { project, standing, product, tag, template, fleet } = rest;
      const isOnline = online === undefined ? undefined : String(online);
      const filter = { project, standing, product, tag, template, fleet, online: isOnline };
      const given = Object.entries(filter).filter((pair): pair is [string, string] => pair[1] !== undefined);
      const found = await apiOf(server).devices(Object.fromEntries(given));
      if (json) console.log(JSON.stringify(found));
      else showTable(["MAC", "NAME", "PROJECT", "PRODUCT", "STANDING", "SECRET", ""], found.map(rowOf));
    });
  withJson(devices.command("show"))
    .description("one board")
    .argument(...DEVICE)
    .action(async (mac: string, { server, json }: ServerOptions) => {
      const device = await apiOf(server).device(mac);
      if (json) console.log(JSON.stringify(device));
      else for (const [name, value] of Object.entries(device)) console.log(`${name}: ${text(value)}`);
    });
  withJson(devices.command("strangers"))
    .description("boards that were refused since the server was started")
    .action(async ({ server, json }: ServerOptions) => {
      const strangers = await apiOf(server).registrations.strangers();
      if (json) {
        console.log(JSON.stringify(strangers));
        return;
      }
      const rows = strangers.map(({ mac, credential, address, last, times }) => [
        ...[mac, credential, address ?? "", String(times), last],
      ]);
      showTable(["MAC", "CREDENTIAL", "FROM", "TIMES", "LAST"], rows);
      if (rows.length > 0) console.log("take one in with: lintel devices approve MAC");
    });
  addDeviceCreateCommands(devices);
  addDeviceChangeCommands(devices);
  addDeviceModelCommands(devices);
}

function rowOf({ mac, name, project, product, standing, secret, online }: RegisteredDevice): string[] {
  return [mac, name ?? "", project ?? "", product ?? "", standing, secret, online ? "online" : ""];
}

function text(value: unknown): string {
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}
