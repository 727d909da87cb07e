/** `lintel streams`: what a device sends and what is computed from it, each with its last value. */

import type { Command } from "commander";
import { ApiError } from "../client/api-client.ts";
import type { DerivedStream, SeriesClient } from "../client/series-client.ts";
import { DEVICE } from "./device-name.ts";
import { apiOf, type ServerOptions, withJson } from "./server-options.ts";
import { printRows } from "./text-table.ts";

interface StreamRow {
  stream: string;
  /** Null: the device sends it itself. */
  derived: string | null;
  count: number | null;
  lastTime: string | null;
  lastValue: number | null;
  unit: string | null;
  /** Why there is no value. */
  fault: string | null;
}

/** A derived stream that has no value now. */
const NO_VALUE = ["streamEmpty", "derivedBroken"];

export function addStreamsCommand(program: Command): void {
  withJson(program.command("streams"))
    .description("streams of a device, also derived ones, with their last value")
    .argument(...DEVICE)
    .action(async (mac: string, { server, json }: ServerOptions) => {
      const { series } = apiOf(server);
      const measured = (await series.streams(mac)).map(({ stream, count, lastTime, lastValue }) => {
        return { stream, derived: null, count, lastTime, lastValue, unit: null, fault: null };
      });
      const rows: StreamRow[] = [...measured];
      for (const one of await series.derived(mac)) rows.push(await look(series, mac, one));
      printRows(rows, json, ["STREAM", "READINGS", "LAST", "VALUE", "UNIT", "DERIVED"], (row) => [
        ...[row.stream, row.count === null ? "" : String(row.count), row.lastTime ?? ""],
        ...[row.fault ?? String(row.lastValue), row.unit ?? "", row.derived ?? ""],
      ]);
    });
}

async function look(series: SeriesClient, mac: string, { stream, kind, unit }: DerivedStream): Promise<StreamRow> {
  const row = { stream, derived: kind, count: null, unit };
  try {
    const { time, value } = await series.last(mac, stream);
    return { ...row, lastTime: time, lastValue: value, fault: null };
  } catch (error) {
    if (!(error instanceof ApiError) || !NO_VALUE.includes(error.code ?? "")) throw error;
    return { ...row, lastTime: null, lastValue: null, fault: error.code === "streamEmpty" ? "none yet" : "broken" };
  }
}
