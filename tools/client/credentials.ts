/**
 * What the tools show a server to be let in: the token in LINTEL_TOKEN; else what `lintel login` has kept for this server; else,
 * for a server on this machine, the token in its data folder, which whoever may read that folder may use.
 */
import { chmodSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import { OPERATOR_TOKEN_FILE } from "../../server/access/begin-folder.ts";

/** Where `lintel serve` keeps its data when it is not told. */
export const DEFAULT_DATA_FOLDER = "lintel-data";
const LOOPBACK = new Set(["127.0.0.1", "[::1]", "localhost"]);

/** undefined: there is none; the server may not ask for one. */
export function findToken(server: URL, env: NodeJS.ProcessEnv = process.env): string | undefined {
  return nonEmpty(env.LINTEL_TOKEN) ?? readCredentials(env)[server.origin] ?? tokenOfFolder(server, env);
}

/** XDG Base Directory Specification 0.8. */
export function credentialsFile(env: NodeJS.ProcessEnv = process.env): string {
  return join(nonEmpty(env.XDG_CONFIG_HOME) ?? join(homedir(), ".config"), "lintel", "credentials.json");
}

/** Tokens by the origin of their server. */
export function readCredentials(env: NodeJS.ProcessEnv = process.env): Record<string, string> {
  try {
    return JSON.parse(readFileSync(credentialsFile(env), "utf8")) as Record<string, string>;
  } catch {
    return {};
  }
}

/** Keeps the token for this server, for its owner's eyes alone; undefined: keeps none any more. */
export function keepToken(server: URL, token: string | undefined, env: NodeJS.ProcessEnv = process.env): void {
  const file = credentialsFile(env);
  const { [server.origin]: _before, ...others } = readCredentials(env);
  const kept = token === undefined ? others : { ...others, [server.origin]: token };
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  // Another login at the same time, or the end of this one, leaves a file that is whole.
  const draft = `${file}.${process.pid}`;
  writeFileSync(draft, `${JSON.stringify(kept, null, 2)}\n`, { mode: 0o600 });
  chmodSync(draft, 0o600);
  renameSync(draft, file);
}

function tokenOfFolder(server: URL, env: NodeJS.ProcessEnv): string | undefined {
  if (!LOOPBACK.has(server.hostname)) return undefined;
  try {
    const folder = nonEmpty(env.LINTEL_DATA) ?? DEFAULT_DATA_FOLDER;
    return nonEmpty(readFileSync(join(folder, OPERATOR_TOKEN_FILE), "utf8").trim());
  } catch {
    return undefined;
  }
}

function nonEmpty(text: string | undefined): string | undefined {
  return text === "" ? undefined : text;
}
