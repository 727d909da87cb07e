#!/usr/bin/env node
/** The command line, `lintel`. Commands are in program.ts; what goes wrong is one line on standard error and exit code 1. */
import { CommanderError } from "commander";
import { CommandError } from "./command-error.ts";
import { makeProgram } from "./program.ts";
import { isUserError } from "./user-errors.ts";

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
  await makeProgram().parseAsync();
} catch (error) {
  tell(error);
}
