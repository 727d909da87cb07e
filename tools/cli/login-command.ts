/** `lintel login`, `logout` and `whoami`: which account the commands for a server use. */
import { createInterface } from "node:readline/promises";
import type { Command } from "commander";
import { ApiClient, ApiError } from "../client/api-client.ts";
import { credentialsFile, dropToken, keepToken, readCredentials } from "../client/credentials.ts";
import { type Account, logIn, lookAtInvitation } from "../client/login-client.ts";
import type { Me } from "../client/people-client.ts";
import { CommandError } from "./command-error.ts";
import { parseUrl } from "./option-values.ts";
import { readSecret } from "./read-secret.ts";
import { apiOf, type ServerOptions, withJson } from "./server-options.ts";

interface LoginOptions extends ServerOptions {
  token: boolean;
  email?: string;
  name?: string;
  passwordStdin: boolean;
}

export function addLoginCommands(program: Command): void {
  withJson(program.command("login"))
    .description("log in to a server: with a password, with the link of an invitation, or with a token")
    .argument("[server]", "its address, or the whole link of an invitation; that of --server if not given", parseUrl)
    .option("--token", "keep a token, asked for or read from standard input", false)
    .option("--email <address>", "of the account; asked for if not given")
    .option("--name <name>", "of an account that an invitation makes; asked for if not given")
    .option("--password-stdin", "read the password from standard input, one line", false)
    .action(async (given: URL | undefined, options: LoginOptions) => {
      const server = given ?? options.server;
      const secret = /^#(li_[\w-]+)$/.exec(server.hash)?.[1];
      const { me, token } = options.token
        ? await withToken(server)
        : secret === undefined
          ? await logIn(server, await readAccount(options))
          : await takeInvitation(server, secret, options);
      keepToken(server, token);
      if (options.json) console.log(JSON.stringify({ server: server.origin, ...shown(me) }));
      else console.log(`logged in to ${server.origin} as ${describe(me)}`);
    });

  withJson(program.command("logout"))
    .description("delete the token that lintel login has kept for a server")
    .action(async ({ server, json }: ServerOptions) => {
      const token = readCredentials()[server.origin];
      if (token === undefined)
        throw new CommandError(`nothing is kept for ${server.origin} in ${credentialsFile()}; lintel login keeps it`);
      // Kept no more, whatever the server says: it may be gone, or the token.
      dropToken(server);
      await endToken(server, token);
      console.log(json ? JSON.stringify({ server: server.origin }) : `logged out of ${server.origin}`);
    });

  withJson(program.command("whoami"))
    .description("show as whom the commands ask a server, and what they may do there")
    .action(async ({ server, json }: ServerOptions) => {
      const me = await apiOf(server).people.me();
      if (json) return console.log(JSON.stringify({ server: server.origin, ...shown(me) }));
      console.log(`${describe(me)} at ${server.origin}`);
      for (const { slug, name, role } of me.organisations) console.log(`  ${slug}  ${role} of ${name}`);
    });
}

async function endToken(server: URL, token: string): Promise<void> {
  try {
    await new ApiClient(server, token).people.logOut();
  } catch (error) {
    // One that opens nothing is what was wanted.
    if (!(error instanceof ApiError)) throw error;
    if (error.code === "notLoggedIn") return;
    throw new CommandError(`the token is kept here no more, but is still good at ${server.origin}: ${error.message}`);
  }
}

async function withToken(server: URL): Promise<{ me: Me; token: string }> {
  const token = (process.stdin.isTTY ? await readSecret("token: ") : await readLine()).trim();
  return { me: await new ApiClient(server, token).people.me(), token };
}

async function takeInvitation(server: URL, secret: string, options: LoginOptions) {
  const { purpose, email, organisation, role } = await lookAtInvitation(server, secret);
  if (purpose === "password") {
    console.error(`a new password for ${email}`);
    return logIn(server, { password: await readPassword(options, true) }, secret);
  }
  console.error(`an invitation to be ${role} of ${organisation}`);
  const address = email ?? options.email ?? (await readAnswer("your email address: "));
  const name = options.name ?? (await readAnswer("your name (empty for an account that is there): "));
  const account = { email: address, ...(name !== "" && { name }) };
  return logIn(server, { ...account, password: await readPassword(options, name !== "") }, secret);
}

async function readAccount(options: LoginOptions): Promise<Account> {
  const email = options.email ?? (await readAnswer("email address: "));
  return { email, password: await readPassword(options, false) };
}

async function readPassword({ passwordStdin }: LoginOptions, isNew: boolean): Promise<string> {
  if (passwordStdin) return readLine();
  demandTerminal("--password-stdin");
  const password = await readSecret(isNew ? "new password: " : "password: ");
  if (isNew && (await readSecret("once more: ")) !== password) throw new CommandError("the two are not the same");
  return password;
}

async function readAnswer(question: string): Promise<string> {
  demandTerminal("--email and --name");
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return (await lines.question(question)).trim();
  } finally {
    lines.close();
  }
}

function demandTerminal(options: string): void {
  if (!process.stdin.isTTY) throw new CommandError(`there is no terminal to ask at: use ${options}`);
}

async function readLine(): Promise<string> {
  for await (const line of createInterface({ input: process.stdin })) return line;
  throw new CommandError("standard input was empty");
}

function shown({ csrf: _csrf, ...me }: Me) {
  return me;
}

function describe({ name, email, operator }: Me): string {
  return `${name}${email === null ? "" : ` <${email}>`}${operator ? ", operator of the server" : ""}`;
}
