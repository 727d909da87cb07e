/** What is in the server's database after a simulation, against what the sensors gave. */
import { CLOCK_ESTIMATED } from "../../server/ingest/senml-pack.ts";
import { Reader, type ReadingRow } from "../../server/store/reader.ts";
import { compare } from "../powercut/truth.ts";
import type { SoakBoard } from "./simulate.ts";

/** As in test/programs/probe. */
const PROBE_STREAM = 0x5101;
const PAGE_ROWS = 1000;

export interface SoakFigures {
  committed: number;
  stored: number;
  /** Committed and not stored, whatever their age. */
  lost: number;
  /** Stored twice, out of order, or never taken. */
  duplicated: number;
  /** Readings whose time is further from the truth than their stated error. */
  wrongTimes: number;
  /** Readings that came with no bound of their error. */
  unboundedTimes: number;
  /** Readings of starts that never learnt the time. */
  estimatedTimes: number;
  worstErrorS: number;
  worstStatedErrorS: number;
}

export function verify(databasePath: string, boards: readonly SoakBoard[]): SoakFigures {
  const reader = new Reader(databasePath);
  const figures: SoakFigures = {
    committed: 0,
    stored: 0,
    lost: 0,
    duplicated: 0,
    wrongTimes: 0,
    unboundedTimes: 0,
    estimatedTimes: 0,
    worstErrorS: 0,
    worstStatedErrorS: 0,
  };
  try {
    for (const board of boards) verifyBoard(reader, board, figures);
  } finally {
    reader.close();
  }
  return figures;
}

function verifyBoard(reader: Reader, { mac, taken }: SoakBoard, figures: SoakFigures): void {
  const rows = readingsOf(reader, mac).sort((a, b) => a.epochId - b.epochId || a.sequence - b.sequence);
  const { lost, strangers, places } = compare(
    taken,
    rows.map(({ value }) => value),
  );
  const newest = places.at(-1) ?? -1;
  figures.committed += taken.filter(({ isCommitted }) => isCommitted).length;
  figures.stored += rows.length;
  figures.lost += lost + taken.slice(newest + 1).filter(({ isCommitted }) => isCommitted).length;
  figures.duplicated += strangers;
  if (strangers > 0) return;
  for (const [index, row] of rows.entries()) {
    const errorS = Math.abs(row.timeMs - (taken[places[index] as number]?.unixMs ?? 0)) / 1000;
    if (row.clock === CLOCK_ESTIMATED) figures.estimatedTimes++;
    if (row.errorS === null) {
      figures.unboundedTimes++;
      continue;
    }
    if (errorS > row.errorS) figures.wrongTimes++;
    figures.worstErrorS = Math.max(figures.worstErrorS, errorS);
    figures.worstStatedErrorS = Math.max(figures.worstStatedErrorS, row.errorS);
  }
}

function readingsOf(reader: Reader, mac: string): ReadingRow[] {
  const device = reader.device(mac);
  const stream = device === undefined ? undefined : reader.stream(device.id, PROBE_STREAM);
  if (stream === undefined) return [];
  const rows: ReadingRow[] = [];
  for (;;) {
    const page = reader.readings({
      streamId: stream.id,
      fromMs: 0,
      toMs: Number.MAX_SAFE_INTEGER,
      after: rows.at(-1) ?? null,
      limit: PAGE_ROWS,
    });
    rows.push(...page);
    if (page.length < PAGE_ROWS) return rows;
  }
}
