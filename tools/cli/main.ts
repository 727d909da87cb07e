#!/usr/bin/env node
/** The command line, `lintel`. Each command is a file; what goes wrong is one line on standard error and exit code 1. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Command, CommanderError } from "commander";
import { PACKAGE_ROOT } from "../build/package-root.ts";
import { addDemoCommand } from "../demo/demo-command.ts";
import { addAggregatesCommand } from "./aggregates-command.ts";
import { addAlertRulesCommand } from "./alert-rules-command.ts";
import { addAlertsCommand } from "./alerts-command.ts";
import { addAuditCommand } from "./audit-command.ts";
import { addBackupCommands } from "./backup-command.ts";
import { addBoardsCommand } from "./boards-command.ts";
import { addBuildCommand } from "./build-command.ts";
import { addChannelsCommand } from "./channels-command.ts";
import { addChipCommands } from "./chip-commands.ts";
import { addCommandCommand } from "./command-command.ts";
import { CommandError } from "./command-error.ts";
import { addCompletionCommand } from "./completion-command.ts";
import { addConfigCommand } from "./config-command.ts";
import { addDerivedCommand } from "./derived-command.ts";
import { addDevicesCommand } from "./devices-command.ts";
import { addDisasmCommand } from "./disasm-command.ts";
import { addEventsCommand } from "./events-command.ts";
import { addFlashCommand } from "./flash-command.ts";
import { addFleetsCommand } from "./fleets-command.ts";
import { addGraphCommand } from "./graph-command.ts";
import { addHealthCommand } from "./health-command.ts";
import { addImageCommand } from "./image-command.ts";
import { addInvitationsCommand } from "./invitations-command.ts";
import { addKeysCommand } from "./keys-command.ts";
import { addKitCommand } from "./kit-command.ts";
import { addLogCommand } from "./log-command.ts";
import { addLoginCommands } from "./login-command.ts";
import { addMonitorCommand } from "./monitor-command.ts";
import { addMqttUsersCommand } from "./mqtt-users-command.ts";
import { addNotesCommand } from "./notes-command.ts";
import { addOrganisationsCommand, addProjectsCommand } from "./organisations-command.ts";
import { addReadingsCommand } from "./readings-command.ts";
import { addReleaseCommand } from "./release-command.ts";
import { addReportsCommand } from "./reports-command.ts";
import { addRolloutCommand } from "./rollout-command.ts";
import { addServeCommand } from "./serve-command.ts";
import { addSimCommand } from "./sim-command.ts";
import { addStatusCommand } from "./status-command.ts";
import { addStreamsCommand } from "./streams-command.ts";
import { addTailCommand } from "./tail-command.ts";
import { addTemplatesCommand } from "./templates-command.ts";
import { addTokensCommand } from "./tokens-command.ts";
import { addUpdateCommand } from "./update-command.ts";
import { isUserError } from "./user-errors.ts";
import { addUsersCommand } from "./users-command.ts";

async function main(): Promise<void> {
  const { version } = JSON.parse(readFileSync(join(PACKAGE_ROOT, "package.json"), "utf8")) as { version: string };
  const program = new Command("lintel")
    .description("TypeScript for ESP8266 fleets, from the pin to the chart")
    .version(version)
    .showSuggestionAfterError()
    // So that --version behind a command is that command's own.
    .enablePositionalOptions()
    .exitOverride()
    .configureOutput({ outputError: (text, write) => write(text.replace(/^error: /, "lintel: ")) });
  const commands = [
    addServeCommand,
    addStatusCommand,
    addBackupCommands,
    addDevicesCommand,
    addTemplatesCommand,
    addFleetsCommand,
    addMqttUsersCommand,
    addHealthCommand,
    addAlertsCommand,
    addAlertRulesCommand,
    addChannelsCommand,
    addReportsCommand,
    addBuildCommand,
    addBoardsCommand,
    addKeysCommand,
    addFlashCommand,
    addKitCommand,
    addMonitorCommand,
    addGraphCommand,
    addChipCommands,
    addImageCommand,
    addUpdateCommand,
    addReleaseCommand,
    addRolloutCommand,
    addConfigCommand,
    addCommandCommand,
    addLogCommand,
    addSimCommand,
    addTailCommand,
    addStreamsCommand,
    addReadingsCommand,
    addAggregatesCommand,
    addDerivedCommand,
    addDemoCommand,
    addDisasmCommand,
    addLoginCommands,
    addNotesCommand,
    addEventsCommand,
    addUsersCommand,
    addInvitationsCommand,
    addTokensCommand,
    addAuditCommand,
    addOrganisationsCommand,
    addProjectsCommand,
    addCompletionCommand,
  ];
  for (const add of commands) add(program);
  await program.parseAsync();
}

/** Whoever read our output is gone, as `lintel ... | head` is: end in order, once. */
function endWithReader(error: NodeJS.ErrnoException): void {
  if (error.code !== "EPIPE") throw error;
  process.stdout.off("error", endWithReader).on("error", () => {});
  process.kill(process.pid, "SIGTERM");
}

function tell(error: unknown): void {
  if (error instanceof CommanderError) {
    process.exitCode = error.exitCode;
    // Help and the version end the command as well.
    if (error.exitCode !== 0) report({ error: error.message.replace(/^error: /, "") });
  } else if (isUserError(error)) {
    console.error(`lintel: ${error.message}`);
    process.exitCode = 1;
    report((error instanceof CommandError && error.report) || { error: error.message });
  } else {
    console.error(`lintel: internal error, please report it: ${error instanceof Error ? error.stack : error}`);
    process.exitCode = 70;
    report({ error: `internal error, please report it: ${error instanceof Error ? error.message : error}` });
  }
}

/** Whoever reads JSON finds a line of it at the end, also where nothing came of the command. */
function report(facts: object): void {
  if (process.argv.includes("--json")) console.log(JSON.stringify(facts));
}

process.stdout.on("error", endWithReader);
// What is thrown where nobody waits for it, as by a board in real time whose flash cannot be kept.
process.on("uncaughtException", (error) => {
  tell(error);
  process.exit();
});
try {
  await main();
} catch (error) {
  tell(error);
}
