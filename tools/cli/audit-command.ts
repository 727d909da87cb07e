/** `lintel audit`: who changed what, or tried to. */
import type { Command } from "commander";
import type { AuditEntry } from "../client/record-client.ts";
import { parseCount } from "./option-values.ts";
import { apiOf, type ServerOptions, withJson } from "./server-options.ts";
import { printRows } from "./text-table.ts";
import { TIME_HELP, timeOption } from "./time-words.ts";

const LIST_ROWS = 100;
const PAGE_ROWS_MAX = 1000;
/** From here on an answer says that nothing was changed. */
const REFUSED_STATUS = 400;

interface AuditOptions extends ServerOptions {
  organisation?: string;
  from?: string;
  to?: string;
  user?: number;
  token?: number;
  action?: string;
  subject?: string;
  refused?: boolean;
  limit: number;
}

export function addAuditCommand(program: Command): void {
  withJson(program.command("audit"))
    .description("who changed what, or tried to, the newest first; of the whole server for operators")
    .option("--organisation <slug>", "in this organisation")
    .option("--from <time>", `not before; ${TIME_HELP}`, timeOption())
    .option("--to <time>", "before this time", timeOption())
    .option("--user <id>", "what this user did in sessions; his number in lintel users list", parseCount(1))
    .option("--token <id>", "what was done with this token", parseCount(1))
    .option("--action <text>", "something of method and route, as DELETE or /config")
    .option("--subject <text>", "something of what it was about, as a MAC address")
    .option("--refused", "only what was refused")
    .option("--limit <n>", "so many entries at most", parseCount(1), LIST_ROWS)
    .action(async ({ server, json, organisation, limit, refused, ...filter }: AuditOptions) => {
      const { from, to, user, token, action, subject } = filter;
      const rows: AuditEntry[] = [];
      const status = refused === true ? REFUSED_STATUS : undefined;
      const asked = { from, to, user, token, action, subject, status, limit: Math.min(limit, PAGE_ROWS_MAX) };
      for await (const page of apiOf(server).records.audit(organisation, asked)) {
        rows.push(...page);
        if (rows.length >= limit) break;
      }
      const heads = ["TIME", "WHO", "ORGANISATION", "ACTION", "SUBJECT", "ANSWER", "FROM"];
      printRows(rows.slice(0, limit), json, heads, (entry) => [
        ...[entry.time, whoOf(entry), entry.organisation ?? "", entry.action, entry.subject],
        ...[String(entry.status), entry.address ?? ""],
      ]);
    });
}

function whoOf({ actor: { kind, id, name } }: AuditEntry): string {
  return id === null ? name || kind : `${name} (${kind} ${id})`;
}
