/** All commands of `lintel`, grouped by what people do. Whatever lists commands (help, completion, tests) asks this. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Command } from "commander";
import { PACKAGE_ROOT } from "../build/package-root.ts";
import { addDemoCommand } from "../demo/demo-command.ts";
import { addAggregatesCommand } from "./aggregates-command.ts";
import { addAlertRulesCommand } from "./alert-rules-command.ts";
import { addAlertsCommand } from "./alerts-command.ts";
import { addAuditCommand } from "./audit-command.ts";
import { addBackupCommands } from "./backup-command.ts";
import { addBoardsCommand } from "./boards-command.ts";
import { addBuildCommand } from "./build-command.ts";
import { addChangesCommand } from "./changes-command.ts";
import { addChannelsCommand } from "./channels-command.ts";
import { addChipCommands } from "./chip-commands.ts";
import { addCommandCommand } from "./command-command.ts";
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
import { addUsersCommand } from "./users-command.ts";

type Add = (program: Command) => void;

const GROUPS: ReadonlyArray<readonly [title: string, commands: readonly Add[]]> = [
  ["Server", [addServeCommand, addStatusCommand, addBackupCommands, addLoginCommands]],
  [
    "People",
    [
      addUsersCommand,
      addInvitationsCommand,
      addTokensCommand,
      addOrganisationsCommand,
      addProjectsCommand,
      addAuditCommand,
    ],
  ],
  [
    "Boards",
    [addDevicesCommand, addTemplatesCommand, addFleetsCommand, addNotesCommand, addEventsCommand, addMqttUsersCommand],
  ],
  [
    "What boards measure",
    [addTailCommand, addStreamsCommand, addReadingsCommand, addAggregatesCommand, addDerivedCommand, addReportsCommand],
  ],
  [
    "What boards are told",
    [
      addConfigCommand,
      addCommandCommand,
      addLogCommand,
      addGraphCommand,
      addUpdateCommand,
      addReleaseCommand,
      addRolloutCommand,
    ],
  ],
  [
    "How boards fare",
    [addHealthCommand, addAlertsCommand, addAlertRulesCommand, addChannelsCommand, addChangesCommand],
  ],
  ["Programs", [addBuildCommand, addBoardsCommand, addKeysCommand, addImageCommand, addDisasmCommand]],
  ["Boards on a cable", [addFlashCommand, addKitCommand, addMonitorCommand, addChipCommands]],
  ["Without boards", [addSimCommand, addDemoCommand]],
  ["More", [addCompletionCommand]],
];

export function makeProgram(): Command {
  const { version } = JSON.parse(readFileSync(join(PACKAGE_ROOT, "package.json"), "utf8")) as { version: string };
  const program = new Command("lintel")
    .description("TypeScript for ESP8266 fleets, from the pin to the chart")
    .version(version)
    .showSuggestionAfterError()
    // So that --version behind a command is that command's own.
    .enablePositionalOptions()
    .exitOverride()
    .configureOutput({ outputError: (text, write) => write(text.replace(/^error: /, "lintel: ")) });
  for (const [title, commands] of GROUPS) {
    program.commandsGroup(`${title}:`);
    for (const add of commands) add(program);
  }
  // Commander's own.
  const help = new Command("help").argument("[command]").description("what a command takes").helpGroup("More:");
  return program.addHelpCommand(help);
}
