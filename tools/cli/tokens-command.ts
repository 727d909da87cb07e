/** `lintel tokens`: what programs show a server to be let in. */
import { type Command, Option } from "commander";
import { parseCount } from "./option-values.ts";
import { apiOf, type ServerOptions, withJson, withServer } from "./server-options.ts";
import { printRows } from "./text-table.ts";

const LEVELS = ["read", "operate", "administer", "own"];

interface AddOptions extends ServerOptions {
  level: string;
  organisation?: string;
  machine: boolean;
  forServer: boolean;
  days?: number;
}

export function addTokensCommand(program: Command): void {
  const tokens = program
    .command("tokens")
    .description("tokens for programs: one's own, or of an organisation's machines");
  withJson(tokens.command("list"))
    .description("list one's own tokens, or those of an organisation's machines")
    .option("--organisation <slug>", "of its machines")
    .action(async ({ server, json, organisation }: ServerOptions & { organisation?: string }) => {
      const heads = ["id", "name", "level", "organisation", "last used", "expires"];
      printRows(await apiOf(server).people.tokens(organisation), json, heads, (row) => [
        ...[String(row.id), row.name, row.server ? `${row.level}, server` : row.level],
        ...[row.organisation ?? "all", row.used ?? "never", row.expires ?? "never"],
      ]);
    });
  withJson(tokens.command("add"))
    .description("make a token; it is shown once")
    .argument("<name>", "what it is for")
    .addOption(new Option("--level <level>", "what it opens at most").choices(LEVELS).default("read"))
    .option("--organisation <slug>", "the only organisation that it opens")
    .option("--machine", "of the organisation's own: it stays when whoever made it goes", false)
    .option("--for-server", "also what only operators of the server may do, as its figures", false)
    .option("--days <n>", "good for so long; for ever if not given", parseCount(1, 3650))
    .action(async (name: string, options: AddOptions) => {
      const { server, json, level, organisation, machine, forServer, days } = options;
      const wish = { name, level, organisation, machine, expiresDays: days, ...(forServer && { server: true }) };
      const token = await apiOf(server).people.addToken(wish);
      console.log(json ? JSON.stringify(token) : token.token);
    });
  withServer(tokens.command("delete"))
    .description("delete a token; it opens nothing from then on")
    .argument("<id>", "its number, as the list shows it", parseCount(1))
    .option("--organisation <slug>", "of its machines")
    .action(async (id: number, { server, organisation }: ServerOptions & { organisation?: string }) => {
      await apiOf(server).people.deleteToken(id, organisation);
      console.log(`token ${id} is deleted`);
    });
}
