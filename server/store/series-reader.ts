/** Streams by name, stored or derived, ready to be asked. What a device has sent is never hidden by what is derived. */
import type Database from "better-sqlite3";
import { DERIVED_DEPTH_MAX } from "../limits.ts";
import { BucketSource } from "./bucket-source.ts";
import type { DerivedDefinition, StreamName } from "./derived-definition.ts";
import { AliasSeries, DifferenceSeries, LinearSeries } from "./derived-series.ts";
import { type ReadingRange, type ReadingRow, ReadingSource } from "./reading-source.ts";
import { type Series, type StoredFigures, StoredSeries } from "./series.ts";
import type { Damage } from "./unpacked-segments.ts";

export interface DerivedRow {
  stream: number;
  definition: DerivedDefinition;
  createdMs: number;
}

/** A derived stream refers to what is not there, or to itself. */
export class BrokenDerived extends Error {
  readonly source: StreamName;

  constructor(source: StreamName) {
    super(`${source.device}/${source.stream}`);
    this.source = source;
  }
}

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
  open(name: StreamName): Series | undefined {
    return this.#open(name, DERIVED_DEPTH_MAX);
  }

  derived(mac: string): DerivedRow[] {
    return this.#sql.derivedOf.all(mac).map(parse);
  }

  derivedOne({ device, stream }: StreamName): DerivedRow | undefined {
    const row = this.#sql.derived.get(device, Number.parseInt(stream, 16));
    return row && parse(row);
  }

  /** As it would be, before it is stored; throws BrokenDerived. */
  compose(definition: DerivedDefinition, depth = DERIVED_DEPTH_MAX): Series {
    const source = (name: StreamName): Series => {
      const series = depth > 0 ? this.#open(name, depth - 1) : undefined;
      if (series === undefined) throw new BrokenDerived(name);
      return series;
    };
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

  #open(name: StreamName, depth: number): Series | undefined {
    const figures = this.#sql.stored.get(name.device, Number.parseInt(name.stream, 16));
    if (figures !== undefined) return new StoredSeries(figures, this.#readings, this.#buckets);
    const row = this.derivedOne(name);
    return row && this.compose(row.definition, depth);
  }
}

function parse({ stream, definition, createdMs }: Stored): DerivedRow {
  return { stream, definition: JSON.parse(definition) as DerivedDefinition, createdMs };
}

function prepare(db: Database.Database) {
  const derived = `SELECT v.stream, v.definition, v.created_ms AS createdMs
     FROM derived_streams v JOIN devices d ON d.id = v.device_id WHERE d.mac = ?`;
  return {
    stored: db.prepare<[string, number], StoredFigures>(
      `SELECT s.id, s.reading_count AS count, s.first_time_ms AS firstTimeMs, s.last_time_ms AS lastTimeMs,
         s.last_value AS lastValue, coalesce(r.raw_from_day, 0) AS rawFromDay,
         coalesce(r.rollups_from_day, 0) AS rollupsFromDay
       FROM devices d JOIN streams s ON s.device_id = d.id LEFT JOIN retained r ON r.stream_id = s.id
       WHERE d.mac = ? AND s.stream = ?`,
    ),
    derivedOf: db.prepare<[string], Stored>(`${derived} ORDER BY v.stream`),
    derived: db.prepare<[string, number], Stored>(`${derived} AND v.stream = ?`),
  };
}
