/** Streams as the routes find them, and what their queries say about time. */
import { TIME_MAX_S } from "../ingest/senml-pack.ts";
import { DERIVED_DEPTH_MAX } from "../limits.ts";
import type { DerivedDefinition, StreamName } from "../store/derived-definition.ts";
import type { Series } from "../store/series.ts";
import { BrokenDerived } from "../store/series-reader.ts";
import type { RequestAccess } from "./access-gate.ts";
import { findDevice } from "./device-routes.ts";
import type { SeriesPort, StorePort } from "./ports.ts";
import { Problem } from "./problem.ts";

/** The last instant that `Date` knows (ECMA-262 21.4.1.1), ms. */
export const TIME_END_MS = 8.64e15;

/** The stream, if whoever asks may see the device, and what it is derived from belongs to the same organisation. */
export function openSeries(
  store: StorePort,
  port: SeriesPort,
  access: RequestAccess,
  mac: string,
  stream: string,
): Series {
  const { organisationId } = findDevice(store, access, mac);
  const derived = port.derivedOne({ device: mac, stream });
  if (derived !== undefined) checkSources(store, port, organisationId, derived.definition);
  const series = unbroken(() => port.open({ device: mac, stream }));
  if (series !== undefined) return series;
  throw new Problem("streamUnknown", `device ${mac} has no stream ${stream}; see its streams and derived streams`);
}

export function composeSeries(
  store: StorePort,
  port: SeriesPort,
  organisation: number | null,
  definition: DerivedDefinition,
): Series {
  checkSources(store, port, organisation, definition);
  return unbroken(() => port.compose(definition));
}

/** A device may have moved since the definition was made; deeper than DERIVED_DEPTH_MAX the series itself is refused. */
function checkSources(
  store: StorePort,
  port: SeriesPort,
  organisation: number | null,
  definition: DerivedDefinition,
  depth = 0,
): void {
  for (const source of definition.kind === "alias" ? definition.sections : [definition.source]) {
    if (store.device(source.device)?.organisationId !== organisation) throw broken(source);
    const derived = depth < DERIVED_DEPTH_MAX ? port.derivedOne(source) : undefined;
    if (derived !== undefined) checkSources(store, port, organisation, derived.definition, depth + 1);
  }
}

function broken({ device, stream }: StreamName): Problem {
  const detail = `stream ${stream} of device ${device} is not there, or is itself derived from this one; change the definition`;
  return new Problem("derivedBroken", detail);
}

function unbroken<T>(act: () => T): T {
  try {
    return act();
  } catch (error) {
    if (!(error instanceof BrokenDerived)) throw error;
    throw broken(error.source);
  }
}

/** Of something that is written down: within the bounds that readings have (server/ingest/senml-pack.ts). */
export function parseInstant(name: string, text: string): number {
  const timeMs = Math.round(parseTime(name, text));
  if (timeMs >= 0 && timeMs <= TIME_MAX_S * 1000) return timeMs;
  throw new Problem("timeInvalid", `\`${name}\` is a time from 1970-01-01T00:00:00Z to 9999-12-31T23:59:59Z`);
}

/** A time without a zone is UTC, wherever the server stands. */
export function parseTime(name: string, text: string): number {
  const isWithoutZone = /T[\d:.]+$/.test(text);
  const timeMs = /^-?\d+$/.test(text) ? Number(text) : Date.parse(isWithoutZone ? `${text}Z` : text);
  if (Math.abs(timeMs) <= TIME_END_MS) return timeMs;
  throw new Problem("timeInvalid", `\`${name}\` takes ISO 8601, as 2026-01-31T12:00:00Z, or Unix milliseconds`);
}
