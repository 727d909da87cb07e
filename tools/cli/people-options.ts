/** What the commands about people have in common. */
import type { Command } from "commander";
import { ApiClient } from "../client/api-client.ts";
import { findToken } from "../client/credentials.ts";
import type { PeopleClient } from "../client/people-client.ts";
import { withServer } from "./order-options.ts";

export interface PeopleOptions {
  server: URL;
  json: boolean;
}

export function withJson(command: Command): Command {
  return withServer(command).option("--json", "one line of JSON", false);
}

export function peopleAt(server: URL): PeopleClient {
  return new ApiClient(server, findToken(server)).people;
}
