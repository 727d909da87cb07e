/** `lintel users`: who has an account, and what he may do in an organisation. */
import { type Command, Option } from "commander";
import { ROLES } from "../../server/access/level.ts";
import { CommandError } from "./command-error.ts";
import { parseCount } from "./option-values.ts";
import { apiOf, type ServerOptions, withJson, withServer } from "./server-options.ts";
import { printRows } from "./text-table.ts";

interface ListOptions extends ServerOptions {
  organisation?: string;
}

const DAY_H = 24;

export function addUsersCommand(program: Command): void {
  const users = program.command("users").description("users of a server and members of its organisations");
  withJson(users.command("list"))
    .description("list the members of an organisation, or all users of the server")
    .option("--organisation <slug>", "its members; without it all users, which operators may see")
    .action(async ({ server, json, organisation }: ListOptions) => {
      const people = apiOf(server).people;
      if (organisation !== undefined) {
        printRows(await people.members(organisation), json, ["id", "email", "name", "role"], (row) => [
          ...[String(row.user), row.email, row.name, row.disabled ? `${row.role}, disabled` : row.role],
        ]);
        return;
      }
      printRows(await people.users(), json, ["id", "email", "name", "last login", "may"], (row) => [
        ...[String(row.id), row.email, row.name, row.login ?? "never"],
        [
          ...(row.disabled ? ["disabled"] : []),
          ...(row.operator ? ["operator"] : []),
          ...row.organisations.map(({ slug, role }) => `${role} of ${slug}`),
        ].join(", "),
      ]);
    });

  withJson(users.command("invite"))
    .description("make a link that makes a member; it works once, and goes to whom it is for by other ways")
    .argument("<organisation>", "its slug, as lintel organisations list shows it")
    .addOption(new Option("--role <role>", "what the member may do").choices([...ROLES]).default("viewer"))
    .option("--email <address>", "the only address that can take it")
    .option("--days <n>", "good for so long", parseCount(1, 30), 7)
    .action(async (organisation: string, { server, json, role, email, days }: ServerOptions & InviteOptions) => {
      const wish = { role, hours: days * DAY_H, ...(email !== undefined && { email }) };
      const invitation = await apiOf(server).people.invite(organisation, wish);
      console.log(json ? JSON.stringify(invitation) : invitation.link);
    });

  withJson(users.command("role"))
    .description("change what a member may do, at once")
    .argument("<organisation>", "its slug")
    .argument("<user>", "number or address, as the list shows it")
    .argument("<role>", ROLES.join(", "))
    .action(async (organisation: string, user: string, role: string, { server, json }: ServerOptions) => {
      const people = apiOf(server).people;
      const id = findUser(await people.members(organisation), user);
      const member = await people.setMember(organisation, id, role);
      console.log(json ? JSON.stringify(member) : `${member.email} is ${member.role} of ${organisation}`);
    });

  withServer(users.command("remove"))
    .description("take a member out of an organisation, at once; the user stays")
    .argument("<organisation>", "its slug")
    .argument("<user>", "number or address")
    .action(async (organisation: string, user: string, { server }: ServerOptions) => {
      const people = apiOf(server).people;
      await people.deleteMember(organisation, findUser(await people.members(organisation), user));
      console.log(`${user} is no member of ${organisation} any more`);
    });

  withJson(users.command("reset"))
    .description("make a link with which a user sets a new password; it works once, for a day")
    .argument("<user>", "number, or for operators also the address")
    .action(async (user: string, { server, json }: ServerOptions) => {
      const people = apiOf(server).people;
      const link = await people.resetPassword(/^\d+$/.test(user) ? Number(user) : findUser(await people.users(), user));
      console.log(json ? JSON.stringify(link) : link.link);
    });

  for (const [name, what, change] of [
    ["disable", "shut a user out, at once: his sessions end, his tokens are deleted", { disabled: true }],
    ["enable", "let a user who was disabled in again", { disabled: false }],
    ["promote", "make a user an operator of the server, who may do everything", { operator: true }],
    ["demote", "let a user be an operator no more", { operator: false }],
  ] as const) {
    withJson(users.command(name))
      .description(what)
      .argument("<user>", "number or address")
      .action(async (user: string, { server, json }: ServerOptions) => {
        const people = apiOf(server).people;
        const changed = await people.changeUser(findUser(await people.users(), user), change);
        console.log(json ? JSON.stringify(changed) : `${changed.email}: ${name}d`);
      });
  }

  withServer(users.command("delete"))
    .description("delete a user, his sessions and tokens; what he did stays in the audit log")
    .argument("<user>", "number or address")
    .action(async (user: string, { server }: ServerOptions) => {
      const people = apiOf(server).people;
      await people.deleteUser(findUser(await people.users(), user));
      console.log(`${user} is deleted`);
    });
}

interface InviteOptions {
  role: string;
  email?: string;
  days: number;
}

/** By number or by address. */
function findUser(rows: ReadonlyArray<{ id?: number; user?: number; email: string }>, name: string): number {
  const row = rows.find((one) => String(one.id ?? one.user) === name || one.email.toLowerCase() === name.toLowerCase());
  const id = row?.id ?? row?.user;
  if (id === undefined) throw new CommandError(`no user ${name}: see lintel users list`);
  return id;
}
