/** `lintel devices create` and `import`: boards that the server is to know before they come. */
import type { Command } from "commander";
import type { NewDevice } from "../client/registration-client.ts";
import { CommandError } from "./command-error.ts";
import { readBytes } from "./command-files.ts";
import { apiOf, type ServerOptions, withJson } from "./server-options.ts";

interface CreateOptions extends ServerOptions {
  name?: string;
  project?: string;
  secret?: string;
  organisation?: string;
}

export function addDeviceCreateCommands(devices: Command): void {
  withPlace(withJson(devices.command("create")))
    .description("take in a board before it comes; says the claim code that lets it in, once")
    .argument("<mac>", "as 5ccf7f123456 or 5C:CF:7F:12:34:56")
    .option("--name <text>", "for people")
    .option("--secret <text>", "what the board was given already, in place of a claim code")
    .action(async (mac: string, { server, json, name, project, secret, organisation }: CreateOptions) => {
      const wanted: NewDevice = { mac };
      if (name !== undefined) wanted.name = name;
      if (project !== undefined) wanted.project = project;
      if (secret !== undefined) wanted.secret = secret;
      const created = await apiOf(server).registrations.create(wanted, organisation);
      if (json) {
        console.log(JSON.stringify(created));
        return;
      }
      console.log(`${created.mac} is ${created.created ? "taken in" : "known already, and has this new credential"}`);
      if (created.claimCode !== null) {
        console.log(`claim code, shown this once: ${created.claimCode}`);
        console.log("put it on the board with: lintel flash --secret CODE");
      }
    });
  withOrganisation(withJson(devices.command("import")))
    .description("take in many boards: a table (CSV) with the columns mac, name, project, secret")
    .argument("<file>", "the table; its first line names its columns")
    .action(async (file: string, { server, json, organisation }: CreateOptions) => {
      const report = await apiOf(server).registrations.importCsv(Buffer.from(readBytes(file)), organisation);
      if (json) console.log(JSON.stringify(report));
      else {
        for (const { line, mac, done, claimCode, detail } of report.lines) {
          if (detail !== null) console.error(`line ${line}: ${detail}`);
          else console.log(`${mac},${claimCode ?? ""},${done}`);
        }
        const { created, updated, unchanged } = report;
        console.error(`${created} created, ${updated} updated, ${unchanged} unchanged`);
      }
      if (report.failed === 0) return;
      const summary = `${report.failed} of ${report.lines.length} lines were not taken; mend them and import the table again`;
      throw new CommandError(summary, { ...report, error: summary });
    });
}

export function withPlace(command: Command): Command {
  return withOrganisation(command).option(
    "--project <ref>",
    "number, slug or name (default: where the board is, or the first one)",
  );
}

export function withOrganisation(command: Command): Command {
  return command.option("--organisation <slug>", "where; needed if you may in several");
}
