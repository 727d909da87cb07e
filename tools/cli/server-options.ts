/** What the commands have in common that ask a server: which one, as whom, and in what form they say what it answers. */
import { type Command, Option } from "commander";
import { ApiClient } from "../client/api-client.ts";
import { findToken, lastServer } from "../client/credentials.ts";
import { parseUrl } from "./option-values.ts";
import { DEFAULT_HOST, DEFAULT_HTTP_PORT } from "./serve-command.ts";

/** Names the server that commands ask, where --server does not. */
export const SERVER_VARIABLE = "LINTEL_SERVER";
const LOCAL_SERVER = new URL(`http://${DEFAULT_HOST}:${DEFAULT_HTTP_PORT}`);

export interface ServerOptions {
  server: URL;
  json: boolean;
}

/** The one that somebody logged in to last, else the one on this machine. */
export function usualServer(): URL {
  return lastServer() ?? LOCAL_SERVER;
}

export function withServer(command: Command): Command {
  return command.addOption(
    new Option("--server <url>", "API of a running server; the one logged in to last, else the one on this machine")
      .argParser(parseUrl)
      .env(SERVER_VARIABLE)
      .default(usualServer(), usualServer().origin),
  );
}

export function withJson(command: Command): Command {
  return withServer(command).option("--json", "one line of JSON", false);
}

export function apiOf(server: URL): ApiClient {
  return new ApiClient(server, findToken(server));
}
