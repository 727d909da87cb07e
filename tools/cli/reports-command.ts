/** `lintel reports`: what IOTile devices have made, uploaded as a gateway would. */
import type { Command } from "commander";
import { readFile } from "../build/read-file.ts";
import { apiOf, type ServerOptions, withJson } from "./server-options.ts";

/** The server's maximum is less. */
const FILE_MAX_BYTES = 1024 * 1024;

export function addReportsCommand(program: Command): void {
  const reports = program.command("reports").description("binary reports of IOTile devices");
  withJson(reports.command("send"))
    .description("store reports; sent again they are known again")
    .argument("<files...>", "each a report as the device made it, in the order in which they were made")
    .action(async (files: string[], { server, json }: ServerOptions) => {
      const api = apiOf(server);
      for (const file of files) {
        const taken = await api.sendReport(readFile(file, FILE_MAX_BYTES, "that is no report"));
        const { device, stored, duplicates, rejected, acknowledged } = taken;
        const upTo = acknowledged === null ? "" : `, acknowledged up to ${acknowledged}`;
        if (json) console.log(JSON.stringify({ file, ...taken }));
        else
          console.log(
            `${file}: ${device}, ${stored} stored, ${duplicates} known before, ${rejected} of no time${upTo}`,
          );
      }
    });
}
