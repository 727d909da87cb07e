/** `lintel invitations`: links that make members and that nobody has taken yet. `lintel users invite` makes them. */
import type { Command } from "commander";
import { parseCount } from "./option-values.ts";
import { apiOf, type ServerOptions, withJson } from "./server-options.ts";
import { printRows } from "./text-table.ts";

const ORGANISATION = ["<organisation>", "its slug, as lintel organisations list shows it"] as const;

export function addInvitationsCommand(program: Command): void {
  const invitations = program
    .command("invitations")
    .description("links that make members, as lintel users invite makes them, and that nobody has taken yet");
  withJson(invitations.command("list"))
    .description("invitations of an organisation that can still be taken; their links are not shown again")
    .argument(...ORGANISATION)
    .action(async (organisation: string, { server, json }: ServerOptions) => {
      const found = await apiOf(server).people.invitations(organisation);
      printRows(found, json, ["ID", "ROLE", "FOR", "MADE", "EXPIRES"], ({ id, role, email, created, expires }) => [
        ...[String(id), role ?? "", email ?? "anybody", created, expires],
      ]);
    });
  withJson(invitations.command("remove"))
    .description("take an invitation back; its link opens nothing from then on")
    .argument(...ORGANISATION)
    .argument("<id>", "its number, as the list shows it", parseCount(1))
    .action(async (organisation: string, id: number, { server, json }: ServerOptions) => {
      await apiOf(server).people.deleteInvitation(organisation, id);
      console.log(json ? JSON.stringify({ id, deleted: true }) : `invitation ${id} is taken back`);
    });
}
