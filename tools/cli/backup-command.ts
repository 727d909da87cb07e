/** `lintel backup`, `lintel restore`: all that a server keeps, as one file. */
import { setTimeout as sleep } from "node:timers/promises";
import type { Command } from "commander";
import { restoreDatabase } from "../../server/store/restore.ts";
import { DEFAULT_DATA_FOLDER } from "../client/credentials.ts";
import { CommandError } from "./command-error.ts";
import { demandFree, writeWhole } from "./command-files.ts";
import { apiOf, withServer } from "./server-options.ts";

const POLL_MS = 500;
const OWNER_ONLY = 0o600;
const MIB = 1024 * 1024;

export function addBackupCommands(program: Command): void {
  withServer(
    program
      .command("backup")
      .description("copy all that a running server keeps into one file; devices go on being heard"),
  )
    .requiredOption("-o, --out <file>", "where the copy goes; it holds secrets")
    .option("--force", "in place of a file that is there", false)
    .option("--json", "end with one line of JSON; everything else goes to standard error", false)
    .action(backUp);
  program
    .command("restore")
    .description("put a backup into a data folder in which no server runs")
    .argument("<file>", "what lintel backup has made")
    .option("--data <folder>", "the data folder", DEFAULT_DATA_FOLDER)
    .option("--replace", "the database that is there is put aside", false)
    .option("--json", "end with one line of JSON; everything else goes to standard error", false)
    .action(restore);
}

interface BackupOptions {
  server: URL;
  out: string;
  force: boolean;
  json: boolean;
}

async function backUp({ server, out, force, json }: BackupOptions): Promise<void> {
  demandFree(out, force);
  const say = json ? console.error : console.log;
  const api = apiOf(server);
  let status = await api.startBackup();
  for (let told = -1; status.state === "running"; status = await api.backup()) {
    const tens = Math.floor(status.percent / 10) * 10;
    if (tens > told) say(`the server copies: ${tens} %`);
    told = Math.max(told, tens);
    await sleep(POLL_MS);
  }
  if (status.state === "failed") {
    throw new CommandError(
      `the server could not make the copy (${status.error}): it needs as much room again on its disk`,
    );
  }
  await writeWhole(out, await api.backupContent(), OWNER_ONLY);
  await api.deleteBackup();
  const sizeBytes = status.sizeBytes ?? 0;
  say(`${out}: ${(sizeBytes / MIB).toFixed(1)} MiB; it holds secrets, keep it as you keep the server`);
  if (json) console.log(JSON.stringify({ file: out, sizeBytes }));
}

interface RestoreOptions {
  data: string;
  replace: boolean;
  json: boolean;
}

function restore(file: string, { data, replace, json }: RestoreOptions): void {
  const say = json ? console.error : console.log;
  const { lastSeenMs, ...rest } = restoreDatabase(file, data, replace, Date.now());
  const lastSeen = lastSeenMs === null ? null : new Date(lastSeenMs).toISOString();
  say(`${data}: ${rest.devices} devices and ${rest.readings} readings, the last device heard ${lastSeen ?? "never"}`);
  if (rest.putAside !== null) say(`the database before is ${rest.putAside}: remove it when all is well`);
  say("readings that devices had acknowledged after the backup are not in it, and are told as gaps");
  if (json) console.log(JSON.stringify({ ...rest, lastSeen }));
}
