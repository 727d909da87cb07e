/** `lintel alerts`: what has come of the rules, and who sees to it. */

import type { Command } from "commander";
import type { Alert } from "../client/alert-client.ts";
import { parseDevice } from "./device-name.ts";
import { parseCount } from "./option-values.ts";
import { apiOf, type ServerOptions, withJson } from "./server-options.ts";
import { showTable } from "./text-table.ts";

interface ListOptions extends ServerOptions {
  all?: boolean;
  device?: string;
}

export function addAlertsCommand(program: Command): void {
  const alerts = program.command("alerts").description("what somebody is to know of, and who sees to it");
  withJson(alerts.command("list"))
    .description("open alerts, the newest first")
    .option("--all", "also those that are over")
    .option("--device <mac>", "of one device", parseDevice)
    .action(async ({ server, json, all, device }: ListOptions) => {
      const filter = { ...(all !== true && { state: "open" }), ...(device !== undefined && { device }) };
      const found = await apiOf(server).alerts.alerts(filter);
      if (json) console.log(JSON.stringify(found));
      else if (found.length === 0) console.log("no alerts");
      else showTable(["ID", "RULE", "DEVICE", "STATE", "OPENED", "CLOSED", "SEEN BY"], found.map(rowOf));
    });
  withJson(alerts.command("acknowledge"))
    .description("say that somebody sees to it")
    .argument("<id>", "its number, as the list shows it", parseCount(1))
    .action(async (id: number, { server, json }: ServerOptions) => {
      const alert = await apiOf(server).alerts.acknowledge(id);
      console.log(json ? JSON.stringify(alert) : `alert ${id} is seen to by ${alert.acknowledgedBy}`);
    });
}

function rowOf({ id, name, device, state, opened, closed, acknowledgedBy }: Alert): string[] {
  return [String(id), name, device ?? "", state, opened, closed ?? "", acknowledgedBy ?? ""];
}
