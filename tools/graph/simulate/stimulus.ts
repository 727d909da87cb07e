/**
 * What a simulation is told in one line each: stimuli ("1 minute: input 5 = 1"), answers of calls
 * ("slot 1:0x8000 = 5"), times ("2 hours"). The forms are those of IOTile's simulator, and a bare number is seconds.
 */
import {
  GRAPH_CONTROLLER,
  GRAPH_FIRST_SLOT,
  GRAPH_SLOT_MAX,
  GraphStreamType,
} from "../../../runtime/contract/graph-format.ts";
import { allStreams, parseStream, SELECTOR_SCOPES, STREAM_TYPES, typeOf } from "../streams.ts";

export interface Stimulus {
  /** Second that it begins; 0 = before the first. */
  atS: number;
  stream: number;
  value: number;
}

export interface Mock {
  address: number;
  rpc: number;
  /** undefined: the call has no answer. */
  value: number | undefined;
}

/** A line that says nothing that we know; the message says what is expected. */
export class GraphLineError extends Error {}

const UNIT_S: Record<string, number> = {
  second: 1,
  minute: 60,
  hour: 3600,
  day: 86400,
  week: 7 * 86400,
  month: 30 * 86400,
  year: 365 * 86400,
};
const RPC_MAX = 0xffff;

/** Seconds: "90", "2 hours". */
export function parseTimeS(text: string): number {
  const match = /^\s*(0x[0-9a-f]+|\d+)\s*([a-z]+?)?s?\s*$/i.exec(text);
  const unitS = match?.[2] === undefined ? 1 : UNIT_S[match[2]];
  const timeS = Number(match?.[1]) * (unitS ?? Number.NaN);
  // The engine counts seconds in 32 bits.
  if (!Number.isFinite(timeS) || timeS > 0xffffffff) {
    throw new GraphLineError(
      `not a time: "${text}"; expected seconds, or as "2 hours" (${Object.keys(UNIT_S).join(", ")})`,
    );
  }
  return timeS;
}

export function parseStimulus(text: string): Stimulus {
  const match = /^\s*((?:0x[0-9a-f]+|\d+)(?:\s*[a-z]+?)??)?\s*:?\s*((?:system\s+)?input\s+\S+?)\s*=\s*(\S+)\s*$/i.exec(
    text,
  );
  const stream = parseStream(match?.[2] ?? "");
  const value = parseValue(match?.[3] ?? "");
  if (match === null || stream === undefined || value === undefined || typeOf(stream) !== GraphStreamType.Input) {
    throw new GraphLineError(
      `not a stimulus: "${text}"; expected as "1 minute: system input 1025 = 8" or "60 input 5 = 1"`,
    );
  }
  return { atS: match[1] === undefined ? 0 : parseTimeS(match[1]), stream, value };
}

export function parseMock(text: string): Mock {
  const match = /^\s*(controller|slot\s+(\d+))\s*:\s*(0x[0-9a-f]+|\d+)\s*=\s*(\S+)\s*$/i.exec(text);
  const slot = Number(match?.[2] ?? 1);
  const rpc = Number(match?.[3]);
  const isSilent = match?.[4]?.toLowerCase() === "fail";
  const value = isSilent ? undefined : parseValue(match?.[4] ?? "");
  const isKnown = isSilent || value !== undefined;
  if (match === null || slot < 1 || slot > GRAPH_SLOT_MAX || !(rpc <= RPC_MAX) || !isKnown) {
    throw new GraphLineError(
      `not the answer of a call: "${text}"; expected as "slot 1:0x8000 = 5", "controller:0x2004 = 0", or "= fail" for none`,
    );
  }
  return { address: match[2] === undefined ? GRAPH_CONTROLLER : GRAPH_FIRST_SLOT + slot, rpc, value };
}

/** One stream, "output 5", or a selector as a streamer's: "all outputs", "all system inputs". */
export function parseWatch(text: string): number {
  const match = /^\s*all(?:\s+([a-z]+))??\s+([a-z]+?)s?\s*$/i.exec(text);
  const type = STREAM_TYPES.findIndex((name) => name === match?.[2]);
  const scope = SELECTOR_SCOPES.find((name) => name === match?.[1]);
  const isWide = match !== null && type >= 0 && (match[1] === undefined || scope !== undefined);
  const selector = isWide ? allStreams(type, scope ?? "breaks") : parseStream(text);
  if (selector !== undefined) return selector;
  throw new GraphLineError(`not a stream: "${text}"; expected as "output 5", "system input 2" or "all outputs"`);
}

/** A value of 32 bits; from 2^31 on it is the negative one with the same bits. */
function parseValue(text: string): number | undefined {
  if (!/^(0x[0-9a-f]{1,8}|[+-]?\d{1,10})$/i.test(text)) return undefined;
  const value = Number(text);
  return value >= -(2 ** 31) && value < 2 ** 32 ? value | 0 : undefined;
}
