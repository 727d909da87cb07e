/** What the commands have in common that ask a server once and say what it answers. */
import type { Command } from "commander";
import { ApiClient } from "../client/api-client.ts";
import { findToken } from "../client/credentials.ts";
import { withServer } from "./order-options.ts";

export interface ServerOptions {
  server: URL;
  json: boolean;
}

export function withJson(command: Command): Command {
  return withServer(command).option("--json", "one line of JSON", false);
}

export function apiOf(server: URL): ApiClient {
  return new ApiClient(server, findToken(server));
}
