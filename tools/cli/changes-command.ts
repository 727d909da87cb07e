/** `lintel changes`: what has happened in an organisation, and what happens. */

import { setTimeout as sleep } from "node:timers/promises";
import { type Command, Option } from "commander";
import { CHANGE_KINDS } from "../../server/events/change-kinds.ts";
import { ApiError } from "../client/api-client.ts";
import type { Change, RecordClient } from "../client/record-client.ts";
import { parseDevice } from "./device-name.ts";
import { escapeControls } from "./escape-controls.ts";
import { parseCount } from "./option-values.ts";
import { apiOf, type ServerOptions, withJson } from "./server-options.ts";
import { StopRequest } from "./stop-request.ts";

const LAST_ROWS = 20;
/** Rows of one page; the server's maximum. */
const PAGE_ROWS = 1000;
const LOOK_MS = 2000;

interface ChangesOptions extends ServerOptions {
  organisation?: string;
  kind?: string;
  device?: string;
  last: number;
  follow: boolean;
}

type Filter = Record<string, string | number | undefined>;

export function addChangesCommand(program: Command): void {
  withJson(program.command("changes"))
    .description("what has happened in an organisation, the oldest first; --json: one object a line")
    .option("--organisation <slug>", "where; needed if you may in several")
    .addOption(new Option("--kind <kind>", "only these, as device.health").choices([...CHANGE_KINDS]))
    .option("--device <mac>", "about this device", parseDevice)
    .option("--last <n>", "so many of what has happened", parseCount(0), LAST_ROWS)
    .option("--follow", "go on with what happens, until Ctrl-C", false)
    .action(async ({ server, json, organisation, kind, device, last, follow }: ChangesOptions) => {
      const { records } = apiOf(server);
      const filter = { organisation, kind, device, limit: PAGE_ROWS };
      const stop = new StopRequest();
      const show = (items: readonly Change[]) => {
        for (const change of items) console.log(json ? JSON.stringify(change) : lineOf(change));
      };
      const { items, cursor } = await readLast(records, filter, last);
      show(items);
      if (follow) await goOn(records, filter, cursor, { show, stop: stop.signal, origin: server.origin });
    });
}

/** The API begins with the oldest: all pages are read for the last ones, of as many changes as a server keeps. */
async function readLast(records: RecordClient, filter: Filter, last: number) {
  let items: Change[] = [];
  let cursor: string | undefined;
  for (;;) {
    const page = await records.changes(filter, cursor);
    items = last === 0 ? [] : [...items, ...page.items].slice(-last);
    cursor = page.next;
    if (page.items.length < PAGE_ROWS) return { items, cursor };
  }
}

interface View {
  show: (items: readonly Change[]) => void;
  stop: AbortSignal;
  origin: string;
}

async function goOn(records: RecordClient, filter: Filter, from: string, { show, stop, origin }: View): Promise<void> {
  let cursor = from;
  let isLost = false;
  while (!stop.aborted) {
    try {
      const page = await records.changes(filter, cursor);
      show(page.items);
      cursor = page.next;
      isLost = false;
      if (page.items.length === PAGE_ROWS) continue;
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      // What is not kept any more is missed, and said; whatever else the server answers ends the view.
      if (error.code === "changesGone") {
        console.error(`lintel: ${error.message}`);
        cursor = (await readLast(records, filter, 0)).cursor;
      } else if (error.code !== undefined) throw error;
      else if (!isLost) console.error(`lintel: lost ${origin}, trying again`);
      isLost = true;
    }
    await sleep(LOOK_MS, undefined, { signal: stop }).catch(() => {});
  }
}

function lineOf({ time, kind, device, detail }: Change): string {
  return escapeControls(`${time}  ${kind.padEnd(22)}  ${(device ?? "").padEnd(12)}  ${JSON.stringify(detail)}`);
}
