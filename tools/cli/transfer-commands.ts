/** `lintel organisations export` and `import`: an organisation from one server to another, as one file. */
import { join } from "node:path";
import type { Command } from "commander";
import { DATABASE_FILE } from "../../server/store/open-database.ts";
import { exportOrganisation } from "../../server/store/transfer/export-organisation.ts";
import { importOrganisation } from "../../server/store/transfer/import-organisation.ts";
import { DEFAULT_DATA_FOLDER } from "../client/credentials.ts";
import { CommandError } from "./command-error.ts";
import { demandFree, makeFolderOf } from "./command-files.ts";

/** Between two lines of progress. */
const PROGRESS_MS = 2000;

interface ExportOptions {
  data: string;
  out: string;
  force: boolean;
  json: boolean;
}

interface ImportOptions {
  data: string;
  slug?: string;
  name?: string;
  json: boolean;
}

export function addTransferCommands(organisations: Command): void {
  withData(organisations.command("export"))
    .description("all that an organisation has, readings and images with it, into one file; its server may be running")
    .argument("<slug>")
    .requiredOption("-o, --out <file>", "where it goes; it holds secrets of devices")
    .option("--force", "in place of a file that is there", false)
    .action((slug: string, { data, out, force, json }: ExportOptions) => {
      demandFree(out, force);
      makeFolderOf(out);
      const databasePath = join(data, DATABASE_FILE);
      const done = exportOrganisation({ databasePath, slug, out, nowMs: Date.now(), onTable: teller() });
      say(json, `${out}: ${done.devices} devices, ${done.readings} readings; keep it as you keep the server`);
      if (json) console.log(JSON.stringify({ file: out, ...done }));
    });
  withData(organisations.command("import"))
    .description("an organisation that was exported, into a data folder in which no server runs; whole or not at all")
    .argument("<file>", "what lintel organisations export has made")
    .option("--slug <slug>", "under this one")
    .option("--name <name>", "for people")
    .action((file: string, { data, slug, name, json }: ImportOptions) => {
      if (slug !== undefined && !/^[a-z0-9][a-z0-9-]{0,62}$/.test(slug))
        throw new CommandError(`"${slug}" is no slug: lowercase letters, digits, hyphens`);
      const names = { slug: slug ?? null, name: name ?? null };
      const done = importOrganisation({ file, dataDir: data, ...names, onTable: teller() });
      say(json, `organisation ${done.slug}: ${done.devices} devices, ${done.readings} readings`);
      say(json, "its boards and MQTT users go on with what they have; tokens are made anew");
      if (done.newUsers.length > 0) {
        say(json, `without a password: ${done.newUsers.join(", ")}; give each a link with lintel users`);
      }
      if (json) console.log(JSON.stringify(done));
    });
}

function withData(command: Command): Command {
  return command
    .option("--data <folder>", "the data folder of the server", DEFAULT_DATA_FOLDER)
    .option("--json", "end with one line of JSON; everything else goes to standard error", false);
}

/** Large tables take their time: now and then it is told which one it is. */
function teller(): (table: string, done: number, all: number) => void {
  let toldMs = performance.now();
  return (table, done, all) => {
    if (performance.now() - toldMs < PROGRESS_MS) return;
    toldMs = performance.now();
    console.error(`${Math.floor((done / all) * 100)} %: ${table}`);
  };
}

function say(json: boolean, line: string): void {
  if (json) console.error(line);
  else console.log(line);
}
