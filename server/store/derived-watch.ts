/**
 * Derived streams that alert rules ask for, the writer's side. Nothing of a derived stream is stored, so its latest value is computed when
 * one that it is derived from gets another: as the API computes it, in the transaction that stores the reading. Which streams these
 * are is looked up once and kept until rules, definitions or the places of boards are others.
 */
import type Database from "better-sqlite3";
import { DERIVED_DEPTH_MAX, DERIVED_FOLLOWED_MAX } from "../limits.ts";
import { BOARD_LINE } from "./board-line.ts";
import type { DerivedDefinition } from "./derived-definition.ts";
import type { Instant } from "./series.ts";
import { BrokenDerived, SeriesReader } from "./series-reader.ts";

export interface DerivedStream {
  /** Of the board that stands in the place now. */
  deviceId: number;
  mac: string;
  stream: number;
}

/** Of one derived stream, by device and stream. */
interface Followed {
  sources: Set<string>;
  /** As definitions name them: each is looked up once. */
  followed: Set<string>;
}

interface Place {
  id: number;
  organisation: number | null;
}

export class DerivedWatch {
  readonly #db: Database.Database;
  readonly #sql: ReturnType<typeof prepare>;
  #reader: SeriesReader | undefined;
  /** Numbers of streams by organisation. */
  readonly #wanted = new Map<number, Set<number>>();
  /** Undefined: to be looked up. By device and stream. */
  #fed: Map<string, DerivedStream[]> | undefined;
  #feeding = new Set<number>();
  #hasBroken = false;

  constructor(db: Database.Database) {
    this.#db = db;
    this.#sql = prepare(db);
  }

  /** The rules ask for streams of these numbers, each of its own organisation. */
  want(rules: Iterable<{ organisation: number; stream: number }>): void {
    this.#wanted.clear();
    for (const { organisation, stream } of rules)
      this.#wanted.set(organisation, (this.#wanted.get(organisation) ?? new Set()).add(stream));
    this.forget();
  }

  /** Definitions, or what stands where, are others. */
  forget(): void {
    this.#fed = undefined;
  }

  /** A device has come, which a definition may have waited for. */
  takeNew(): void {
    if (this.#hasBroken) this.forget();
  }

  /** May anything that a rule asks for be derived from streams of this number? */
  isFedBy(stream: number): boolean {
    if (this.#wanted.size === 0) return false;
    if (this.#fed === undefined) this.#lookUp();
    return this.#feeding.has(stream);
  }

  /** What is derived from this stream, in one step or in several. */
  fedBy(deviceId: number, stream: number): readonly DerivedStream[] {
    if (!this.isFedBy(stream)) return [];
    return this.#fed?.get(keyOf(deviceId, stream)) ?? [];
  }

  /** The stream as rules see it: of the board that stands where this one stands, or stood. */
  subjectOf(deviceId: number, stream: number): DerivedStream | undefined {
    const standing = this.#sql.standing.get({ deviceId });
    return standing && { ...standing, stream };
  }

  /** Null: there is none, or what it is derived from is not there any more. */
  latest({ mac, stream }: DerivedStream): Instant | null {
    this.#reader ??= new SeriesReader(this.#db);
    try {
      // Whose the sources are was looked at when they were looked up.
      return this.#reader.open({ device: mac, stream: stream.toString(16) })?.last() ?? null;
    } catch (error) {
      if (isBroken(error)) return null;
      throw error;
    }
  }

  #lookUp(): void {
    const fed = new Map<string, DerivedStream[]>();
    this.#feeding = new Set();
    this.#hasBroken = false;
    for (const [organisation, streams] of this.#wanted) this.#lookUpOf(organisation, streams, fed);
    this.#fed = fed;
  }

  #lookUpOf(organisation: number, streams: Iterable<number>, fed: Map<string, DerivedStream[]>): void {
    const wanted = JSON.stringify([...streams]);
    for (const { deviceId, stream, definition } of this.#sql.derived.all(organisation, wanted)) {
      const sources = new Set<string>();
      const followed = new Set<string>();
      const subject = this.subjectOf(deviceId, stream);
      if (subject === undefined || !this.#follow(definition, organisation, { sources, followed }, DERIVED_DEPTH_MAX)) {
        this.#hasBroken = true;
        continue;
      }
      for (const key of sources) {
        const others = fed.get(key) ?? [];
        if (!others.some((one) => one.deviceId === subject.deviceId && one.stream === stream))
          fed.set(key, [...others, subject]);
      }
    }
  }

  /** False: something that it is derived from is not there, or belongs to somebody else by now. */
  #follow(json: string, organisation: number | null, into: Followed, depth: number): boolean {
    const sources = sourcesOf(json);
    if (sources === null || depth === 0) return false;
    return sources.every(({ device, stream: name }) => {
      const place: Place | undefined = this.#sql.place.get(device);
      if (place === undefined || place.organisation !== organisation) return false;
      const stream = Number.parseInt(name, 16);
      // Where definitions go in a circle, or too deep, the series itself is refused.
      const key = keyOf(place.id, stream);
      if (into.followed.has(key)) return true;
      if (into.followed.size >= DERIVED_FOLLOWED_MAX) return false;
      into.followed.add(key);
      this.#feeding.add(stream);
      const line = this.#sql.line.all({ deviceId: place.id });
      for (const id of line) into.sources.add(keyOf(id, stream));
      // What a device sends itself comes before what is derived, but may come one day only: both are followed.
      const derived = this.#sql.derivedOf.all({ deviceId: place.id, stream });
      return derived.every((one) => this.#follow(one, organisation, into, depth - 1));
    });
  }
}

function keyOf(deviceId: number, stream: number): string {
  return `${deviceId}/${stream}`;
}

function sourcesOf(json: string): Array<{ device: string; stream: string }> | null {
  try {
    const definition = JSON.parse(json) as DerivedDefinition;
    return definition.kind === "alias" ? definition.sections : [definition.source];
  } catch (error) {
    if (isBroken(error)) return null;
    throw error;
  }
}

/** A definition that was damaged is told where it is read. */
function isBroken(error: unknown): boolean {
  return error instanceof BrokenDerived || error instanceof SyntaxError;
}

function prepare(db: Database.Database) {
  return {
    // By boards of the organisation: what others have is not so much as looked at.
    derived: db.prepare<[number, string], { deviceId: number; stream: number; definition: string }>(
      `SELECT v.device_id AS deviceId, v.stream, v.definition
       FROM projects p CROSS JOIN devices d ON d.project_id = p.id CROSS JOIN derived_streams v ON v.device_id = d.id
       WHERE p.organisation_id = ? AND +v.stream IN (SELECT value FROM json_each(?))`,
    ),
    derivedOf: db
      .prepare<[{ deviceId: number; stream: number }], string>(
        `WITH RECURSIVE ${BOARD_LINE} SELECT v.definition FROM line JOIN derived_streams v ON v.device_id = line.id
         WHERE v.stream = @stream`,
      )
      .pluck(),
    place: db.prepare<[string], Place>(
      `SELECT d.id, p.organisation_id AS organisation FROM devices d LEFT JOIN projects p ON p.id = d.project_id
       WHERE d.mac = ?`,
    ),
    line: db.prepare<[{ deviceId: number }], number>(`WITH RECURSIVE ${BOARD_LINE} SELECT id FROM line`).pluck(),
    standing: db.prepare<[{ deviceId: number }], Omit<DerivedStream, "stream">>(
      `WITH RECURSIVE ${BOARD_LINE} SELECT d.id AS deviceId, d.mac FROM line JOIN devices d ON d.id = line.id
       WHERE d.replaced_by IS NULL OR d.replaced_by NOT IN (SELECT id FROM line) LIMIT 1`,
    ),
  };
}
