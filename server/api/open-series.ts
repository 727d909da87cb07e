/** Streams as the routes find them, and what their queries say about time. */
import { TIME_MAX_S } from "../ingest/senml-pack.ts";
import { DERIVED_PARTS_MAX } from "../limits.ts";
import type { DerivedDefinition } from "../store/derived-definition.ts";
import type { Series } from "../store/series.ts";
import { BrokenDerived, type MayFollow } from "../store/series-reader.ts";
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
  const mayFollow = within(store, organisationId);
  const series = unbroken(() => port.open({ device: mac, stream }, mayFollow), "derivedBroken");
  if (series !== undefined) return series;
  throw new Problem("streamUnknown", `device ${mac} has no stream ${stream}; see its streams and derived streams`);
}

export function composeSeries(
  store: StorePort,
  port: SeriesPort,
  organisation: number | null,
  definition: DerivedDefinition,
): Series {
  return unbroken(() => port.compose(definition, within(store, organisation)), "derivedRefused");
}

/** A device may have moved since the definition was made. */
function within(store: StorePort, organisation: number | null): MayFollow {
  return ({ device }) => store.device(device)?.organisationId === organisation;
}

const TOO_MANY = `more than ${DERIVED_PARTS_MAX} streams would be read for it, each as often as it is named; name fewer, or such as are derived from fewer`;

function unbroken<T>(act: () => T, ofTooMany: "derivedBroken" | "derivedRefused"): T {
  try {
    return act();
  } catch (error) {
    if (!(error instanceof BrokenDerived)) throw error;
    const { device, stream } = error.source;
    if (error.why === "tooMany") throw new Problem(ofTooMany, TOO_MANY);
    const detail = `stream ${stream} of device ${device} is not there, or is itself derived from this one; change the definition`;
    throw new Problem("derivedBroken", detail);
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
