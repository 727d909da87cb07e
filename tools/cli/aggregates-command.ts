/** `lintel aggregates`: readings of a stream, summed up by the hour, the day or what one likes. */

import { type Command, Option } from "commander";
import type { Aggregates, Bucket } from "../client/series-client.ts";
import { DEVICE } from "./device-name.ts";
import { parseCount } from "./option-values.ts";
import { apiOf, type ServerOptions, withJson } from "./server-options.ts";
import { showTable } from "./text-table.ts";
import { TIME_HELP, timeOption } from "./time-words.ts";

const FILLS = ["none", "null", "zero", "previous", "linear"];
const POINTS_MAX = 5000;
/** Digits behind the point, and of a number below one in all: sums and means are nothing that was measured. */
const DIGITS = 3;
const SMALL_DIGITS = 4;

interface AggregatesOptions extends ServerOptions {
  by?: string;
  from?: string;
  to?: string;
  points?: number;
  fill?: string;
  tz?: string;
}

export function addAggregatesCommand(program: Command): void {
  withJson(program.command("aggregates"))
    .description("readings of a stream, summed up over stretches of time")
    .argument(...DEVICE)
    .argument("<stream>", "id, four hex digits, also of a derived stream")
    .option("--by <stretch>", "minute, hour, day, or as 15m, 6h, 7d; raw: as they are (default: as --points allows)")
    .option("--from <time>", `not before; ${TIME_HELP} (default: the first reading)`, timeOption())
    .option("--to <time>", "before this time (default: after the last reading)", timeOption())
    .option("--points <n>", "without --by: as many stretches at most", parseCount(1, POINTS_MAX))
    .addOption(new Option("--fill <how>", "what stands in empty stretches; none: they are left out").choices(FILLS))
    .option("--tz <zone>", "whose days, as Europe/Rome (default: UTC)")
    .action(async (mac: string, stream: string, options: AggregatesOptions) => {
      const { server, json, by, points, ...question } = options;
      const found = await apiOf(server).series.aggregates(mac, stream, {
        ...{ resolution: by, points: points === undefined ? undefined : String(points) },
        ...{ from: question.from, to: question.to, fill: question.fill, tz: question.tz },
      });
      if (json) console.log(JSON.stringify(found));
      else show(found);
    });
}

function show({ resolution, tz, unit, approximate, rawFrom, buckets }: Aggregates): void {
  const notes = [
    `by ${resolution}`,
    tz,
    ...(unit === null ? [] : [`in ${unit}`]),
    ...(rawFrom === undefined ? [] : [`readings before ${rawFrom} have been deleted`]),
    ...(approximate ? ["approximate at the edges of what is left"] : []),
  ];
  console.log(notes.join(", "));
  showTable(["TIME", "COUNT", "SUM", "MEAN", "MIN", "MAX", "FIRST", "LAST"], buckets.map(rowOf));
}

function rowOf({ time, count, sum, mean, min, max, first, last }: Bucket): string[] {
  return [time, String(count), ...[sum, mean, min, max, first, last].map(shortOf)];
}

function shortOf(value: number | null): string {
  if (value === null) return "";
  return String(Number(Math.abs(value) < 1 ? value.toPrecision(SMALL_DIGITS) : value.toFixed(DIGITS)));
}
