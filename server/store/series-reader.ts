/**
 * Streams by name, stored or derived, ready to be asked. What a device has sent is never hidden by what is derived. A stream is
 * that of its place: boards that were replaced, and those in their place, are asked together (board-line.ts).
 */
import type Database from "better-sqlite3";
import { DERIVED_DEPTH_MAX, DERIVED_PARTS_MAX } from "../limits.ts";
import { BOARD_LINE } from "./board-line.ts";
import { BucketSource } from "./bucket-source.ts";
import type { DerivedDefinition, StreamName } from "./derived-definition.ts";
import { AliasSeries, DifferenceSeries, LinearSeries } from "./derived-series.ts";
import { JoinedSeries } from "./joined-series.ts";
import { type ReadingRange, type ReadingRow, ReadingSource } from "./reading-source.ts";
import { type Series, type StoredFigures, StoredSeries } from "./series.ts";
import type { Damage } from "./unpacked-segments.ts";

export interface DerivedRow {
  stream: number;
  definition: DerivedDefinition;
  createdMs: number;
}

/** A derived stream refers to what is not there, or to itself; or to more than is read for one answer. */
export class BrokenDerived extends Error {
  readonly source: StreamName;
  readonly why: "missing" | "tooMany";

  constructor(source: StreamName, why: "missing" | "tooMany") {
    super(`${source.device}/${source.stream}`);
    this.source = source;
    this.why = why;
  }
}

/** May a stream be derived from this one? Asked once of each. */
export type MayFollow = (source: StreamName) => boolean;

const isAny: MayFollow = () => true;

interface Opened {
  series: Series;
  /** Definitions on the way down to what devices have sent. */
  height: number;
  /** Streams that it is read from, each as often as it is named. */
  parts: number;
}

/** One question opens each stream once, however often definitions name it. */
interface Question {
  mayFollow: MayFollow;
  /** By device and stream; null: it is being opened. */
  opened: Map<string, Opened | null>;
}

type Asked = { deviceId: number; stream: number };
type Stored = { stream: number; definition: string; createdMs: number };

export class SeriesReader {
  readonly #sql: ReturnType<typeof prepare>;
  readonly #readings: ReadingSource;
  readonly #buckets: BucketSource;

  constructor(db: Database.Database) {
    this.#sql = prepare(db);
    this.#readings = new ReadingSource(db);
    this.#buckets = new BucketSource(db, this.#readings.segments);
  }

  /** Told once of each segment that is met damaged. */
  set onDamage(onDamage: (damage: Damage) => void) {
    this.#readings.segments.onDamage = onDamage;
  }

  page(range: ReadingRange): ReadingRow[] {
    return this.#readings.page(range);
  }

  /** Undefined: there is no such stream. Throws BrokenDerived. */
  open(name: StreamName, mayFollow: MayFollow = isAny): Series | undefined {
    return this.#open(name, { mayFollow, opened: new Map() }, DERIVED_DEPTH_MAX)?.series;
  }

  derived(mac: string): DerivedRow[] {
    const deviceId = this.#sql.device.get(mac);
    return deviceId === undefined ? [] : this.#sql.derivedOf.all({ deviceId }).map(parse);
  }

  derivedOne({ device, stream }: StreamName): DerivedRow | undefined {
    const deviceId = this.#sql.device.get(device);
    if (deviceId === undefined) return undefined;
    const row = this.#sql.derived.get({ deviceId, stream: Number.parseInt(stream, 16) });
    return row && parse(row);
  }

  /** As it would be, before it is stored; throws BrokenDerived. */
  compose(definition: DerivedDefinition, mayFollow: MayFollow = isAny): Series {
    return this.#compose(definition, { mayFollow, opened: new Map() }, DERIVED_DEPTH_MAX).series;
  }

  #compose(definition: DerivedDefinition, question: Question, depth: number): Opened {
    let height = 0;
    let parts = 0;
    const source = (name: StreamName): Series => {
      const opened = depth > 0 ? this.#source(name, question, depth - 1) : undefined;
      // What was opened higher up may be too deep for here.
      if (opened === undefined || opened.height >= depth) throw new BrokenDerived(name, "missing");
      height = Math.max(height, opened.height);
      parts += opened.parts;
      if (parts > DERIVED_PARTS_MAX) throw new BrokenDerived(name, "tooMany");
      return opened.series;
    };
    const series = seriesOf(definition, source);
    return { series, height: height + 1, parts };
  }

  #source(name: StreamName, question: Question, depth: number): Opened | undefined {
    const before = question.opened.get(keyOf(name));
    if (before !== undefined) return before ?? undefined;
    return question.mayFollow(name) ? this.#open(name, question, depth) : undefined;
  }

  #open(name: StreamName, question: Question, depth: number): Opened | undefined {
    question.opened.set(keyOf(name), null);
    const deviceId = this.#sql.device.get(name.device);
    if (deviceId === undefined) return undefined;
    const opened = this.#stored(deviceId, name) ?? this.#derivedFrom(name, question, depth);
    if (opened !== undefined) question.opened.set(keyOf(name), opened);
    return opened;
  }

  #stored(deviceId: number, { stream }: StreamName): Opened | undefined {
    const found = this.#sql.stored
      .all({ deviceId, stream: Number.parseInt(stream, 16) })
      .map((figures) => new StoredSeries(figures, this.#readings, this.#buckets));
    const [first] = found;
    if (first === undefined) return undefined;
    return { series: found.length === 1 ? first : new JoinedSeries(found), height: 0, parts: found.length };
  }

  #derivedFrom(name: StreamName, question: Question, depth: number): Opened | undefined {
    const row = this.derivedOne(name);
    return row && this.#compose(row.definition, question, depth);
  }
}

function seriesOf(definition: DerivedDefinition, source: (name: StreamName) => Series): Series {
  switch (definition.kind) {
    case "linear":
      return new LinearSeries(source(definition.source), definition.factor, definition.offset);
    case "difference":
      return new DifferenceSeries(source(definition.source));
    case "alias":
      return new AliasSeries(
        definition.sections.map((section) => ({
          series: source(section),
          fromMs: section.fromMs ?? 0,
          toMs: section.toMs ?? Number.MAX_SAFE_INTEGER,
        })),
      );
  }
}

function keyOf({ device, stream }: StreamName): string {
  return `${device}/${Number.parseInt(stream, 16)}`;
}

function parse({ stream, definition, createdMs }: Stored): DerivedRow {
  return { stream, definition: JSON.parse(definition) as DerivedDefinition, createdMs };
}

function prepare(db: Database.Database) {
  // Of several boards in one place the asked one's own comes first, then the newest; max() of SQLite takes its row along.
  const derived = `WITH RECURSIVE ${BOARD_LINE} SELECT v.stream, v.definition, v.created_ms AS createdMs,
       max(line.is_asked * 1e15 + v.created_ms) AS rank
     FROM line JOIN derived_streams v ON v.device_id = line.id`;
  return {
    device: db.prepare<[string], number>("SELECT id FROM devices WHERE mac = ?").pluck(),
    stored: db.prepare<[Asked], StoredFigures>(
      `WITH RECURSIVE ${BOARD_LINE} SELECT s.id, s.reading_count AS count, s.first_time_ms AS firstTimeMs, s.last_time_ms AS lastTimeMs,
         s.last_value AS lastValue, coalesce(r.raw_from_day, 0) AS rawFromDay,
         coalesce(r.rollups_from_day, 0) AS rollupsFromDay
       FROM line JOIN streams s ON s.device_id = line.id LEFT JOIN retained r ON r.stream_id = s.id
       WHERE s.stream = @stream`,
    ),
    derivedOf: db.prepare<[Omit<Asked, "stream">], Stored>(`${derived} GROUP BY v.stream ORDER BY v.stream`),
    derived: db.prepare<[Asked], Stored>(`${derived} WHERE v.stream = @stream GROUP BY v.stream`),
  };
}
