/**
 * Which server the tools ask when they are not told: the one that somebody logged in to last, else the one on this machine. And what
 * they show it to be let in: the token in LINTEL_TOKEN; else what `lintel login` has kept for this server; else, for a server on this
 * machine, the token in its data folder, which whoever may read that folder may use.
 */
import { chmodSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import { OPERATOR_TOKEN_FILE } from "../../server/access/begin-folder.ts";

/** Where `lintel serve` keeps its data when it is not told. */
export const DEFAULT_DATA_FOLDER = "lintel-data";
/** Beside the tokens, which are by origin; no origin is called so. */
const LAST_SERVER = "server";
const LOOPBACK = new Set(["127.0.0.1", "[::1]", "localhost"]);

/** undefined: there is none; the server may not ask for one. */
export function findToken(server: URL, env: NodeJS.ProcessEnv = process.env): string | undefined {
  return nonEmpty(env.LINTEL_TOKEN) ?? readCredentials(env)[server.origin] ?? tokenOfFolder(server, env);
}

/** XDG Base Directory Specification 0.8. */
export function credentialsFile(env: NodeJS.ProcessEnv = process.env): string {
  return join(nonEmpty(env.XDG_CONFIG_HOME) ?? join(homedir(), ".config"), "lintel", "credentials.json");
}

/** The origin that `lintel login` was last called for; undefined: for none, or it has been logged out of since. */
export function lastServer(env: NodeJS.ProcessEnv = process.env): URL | undefined {
  const origin = readFacts(env)[LAST_SERVER];
  return origin !== undefined && URL.canParse(origin) ? new URL(origin) : undefined;
}

/** Tokens by the origin of their server. */
export function readCredentials(env: NodeJS.ProcessEnv = process.env): Record<string, string> {
  const { [LAST_SERVER]: _last, ...tokens } = readFacts(env);
  return tokens;
}

/** Keeps the token for this server, which is the last one then, for its owner's eyes alone. */
export function keepToken(server: URL, token: string, env: NodeJS.ProcessEnv = process.env): void {
  write({ ...readFacts(env), [server.origin]: token, [LAST_SERVER]: server.origin }, env);
}

export function dropToken(server: URL, env: NodeJS.ProcessEnv = process.env): void {
  const { [server.origin]: _token, ...others } = readFacts(env);
  if (others[LAST_SERVER] === server.origin) delete others[LAST_SERVER];
  write(others, env);
}

function readFacts(env: NodeJS.ProcessEnv): Record<string, string> {
  try {
    const read: unknown = JSON.parse(readFileSync(credentialsFile(env), "utf8"));
    const entries = typeof read === "object" && read !== null ? Object.entries(read) : [];
    return Object.fromEntries(entries.filter((entry): entry is [string, string] => typeof entry[1] === "string"));
  } catch {
    // None yet, or one that is no JSON: whoever logs in writes it anew.
    return {};
  }
}

function write(facts: Record<string, string>, env: NodeJS.ProcessEnv): void {
  const file = credentialsFile(env);
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  // Another login at the same time, or the end of this one, leaves a file that is whole.
  const draft = `${file}.${process.pid}`;
  writeFileSync(draft, `${JSON.stringify(facts, null, 2)}\n`, { mode: 0o600 });
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
