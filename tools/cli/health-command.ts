/** `lintel health`: which devices are not as they should be, and why. */
import { type Command, Option } from "commander";
import type { HealthReason } from "../client/alert-client.ts";
import { addHealthPolicyCommands } from "./health-policy-commands.ts";
import { apiOf, type ServerOptions, withJson } from "./server-options.ts";
import { showTable } from "./text-table.ts";

interface HealthOptions extends ServerOptions {
  project?: string;
  state?: string;
}

const BAD = ["failed", "warning"];
const UNITS: Record<string, string> = {
  silence: "min",
  restarts: "in a day",
  memory: "bytes left",
  signal: "dBm",
  queue: "readings wait",
  clock: "min without a clock",
};

export function addHealthCommand(program: Command): void {
  const health = program.command("health");
  addHealthPolicyCommands(health);
  withJson(health)
    .description("which devices are not as they should be, and why")
    .option("--project <id>", "of this project, by number or slug")
    .addOption(new Option("--state <which>", "only these").choices(BAD))
    .action(async ({ server, json, project, state }: HealthOptions) => {
      const api = apiOf(server);
      const rows = [];
      for (const health of state === undefined ? BAD : [state]) {
        const found = await api.devices({ health, ...(project !== undefined && { project }) });
        for (const device of found) {
          const { since, reasons } = await api.alerts.health(device.mac);
          rows.push({ mac: device.mac, name: device.name, state: health, since, reasons });
        }
      }
      if (json) console.log(JSON.stringify(rows));
      else if (rows.length === 0) console.log("all devices are as they should be");
      else
        showTable(
          ["DEVICE", "NAME", "STATE", "SINCE", "WHY"],
          rows.map((row) => [row.mac, row.name ?? "", row.state, row.since ?? "", row.reasons.map(tell).join(", ")]),
        );
    });
}

function tell({ reason, level, value }: HealthReason): string {
  return `${reason} (${level}: ${value} ${UNITS[reason] ?? ""})`;
}
