/** `lintel status`: whether the server is well, and how it was started. */
import type { Command } from "commander";
import { apiOf, type ServerOptions, withJson } from "./server-options.ts";
import { showTable } from "./text-table.ts";

export function addStatusCommand(program: Command): void {
  withJson(program.command("status"))
    .description("whether the server stores readings, how long it keeps them, and which products it was told of")
    .action(async ({ server, json }: ServerOptions) => {
      const api = apiOf(server);
      const [facts, isHealthy] = [await api.facts(), await api.isHealthy()];
      if (json) {
        console.log(JSON.stringify({ server: server.href, healthy: isHealthy, ...facts }));
        return;
      }
      const { rawDays, rollupDays, maxBytes } = facts.retention;
      showTable(
        ["SERVER", server.href],
        [
          ["stores readings", isHealthy ? "yes" : "no: see its log"],
          ["keeps readings", tellDays(rawDays)],
          ["keeps minutes, hours, days", tellDays(rollupDays)],
          ["size of the database", maxBytes === null ? "no limit" : `${maxBytes / 1e6} MB at most`],
          ["knows the settings of", facts.products.join(", ") || "no product"],
        ],
      );
    });
}

function tellDays(days: number | null): string {
  return days === null ? "for ever" : `${Number(days.toFixed(2))} days`;
}
