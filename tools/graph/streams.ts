/** Streams, selectors and tiles as 16 bits or an address, and as text. The text is IOTile's. */
import {
  GRAPH_ALL_IDS,
  GRAPH_COMPILER_ID,
  GRAPH_CONTROLLER,
  GRAPH_FIRST_SLOT,
  GRAPH_SELECT_MORE,
  GRAPH_SLOT_MAX,
  GRAPH_SYSTEM_BIT,
  GRAPH_TYPE_SHIFT,
  GraphStreamType,
} from "../../runtime/contract/graph-format.ts";

/** In the order of their codes. */
export const STREAM_TYPES = ["buffered", "unbuffered", "constant", "input", "counter", "output"] as const;
export const SELECTOR_SCOPES = ["system", "user", "combined"] as const;
export type SelectorScope = (typeof SELECTOR_SCOPES)[number] | "breaks";

const TYPE_MASK = 7 << GRAPH_TYPE_SHIFT;
/** Streams of this id mark a restart of the device: `all` without a scope takes them along. */
const BREAK_ID = 1024;

export function makeStream(type: GraphStreamType, id: number, system = false): number {
  return (type << GRAPH_TYPE_SHIFT) | (system ? GRAPH_SYSTEM_BIT : 0) | id;
}

export function typeOf(stream: number): GraphStreamType {
  return (stream & TYPE_MASK) >> GRAPH_TYPE_SHIFT;
}

export function idOf(stream: number): number {
  return stream & GRAPH_ALL_IDS;
}

export function isSystem(stream: number): boolean {
  return (stream & GRAPH_SYSTEM_BIT) !== 0;
}

/** Given out by the compiler: nobody outside of the graph sees it. */
export function isCompilerMade(stream: number): boolean {
  return !isSystem(stream) && idOf(stream) >= GRAPH_COMPILER_ID;
}

/** Kept as a queue of readings, first in, first out. */
export function isLog(stream: number): boolean {
  const type = typeOf(stream);
  return type === GraphStreamType.Buffered || type === GraphStreamType.Output;
}

/** A stream, as "system input 2"; of a selector also "all system outputs". */
export function streamText(stream: number): string {
  const name = STREAM_TYPES[typeOf(stream)] ?? `type-${typeOf(stream)}`;
  if (idOf(stream) !== GRAPH_ALL_IDS) return `${isSystem(stream) ? "system " : ""}${name} ${idOf(stream)}`;
  const more = (stream & GRAPH_SELECT_MORE) !== 0;
  const scope = more ? (isSystem(stream) ? "combined " : "") : isSystem(stream) ? "system " : "user ";
  return `all ${scope}${pluralOf(name)}`;
}

/** The stream that a text names; undefined when it names none. */
export function parseStream(text: string): number | undefined {
  const match = /^\s*(system\s+)?([a-z]+)\s+(0x[0-9a-f]{1,8}|\d{1,8})\s*$/i.exec(text);
  const type = STREAM_TYPES.findIndex((name) => name === match?.[2]);
  const id = Number(match?.[3]);
  if (match === null || type < 0 || id >= GRAPH_ALL_IDS) return undefined;
  return makeStream(type, id, match[1] !== undefined);
}

/** All streams of a type: of users and breaks without a scope. */
export function allStreams(type: GraphStreamType, scope: SelectorScope): number {
  const system = scope === "system" || scope === "combined" ? GRAPH_SYSTEM_BIT : 0;
  const more = scope === "breaks" || scope === "combined" ? GRAPH_SELECT_MORE : 0;
  return (type << GRAPH_TYPE_SHIFT) | system | more | GRAPH_ALL_IDS;
}

export function selects(selector: number, stream: number): boolean {
  if (typeOf(selector) !== typeOf(stream)) return false;
  if (idOf(selector) !== GRAPH_ALL_IDS) return selector === stream;
  if ((selector & GRAPH_SELECT_MORE) === 0) return isSystem(selector) === isSystem(stream);
  return isSystem(selector) || !isSystem(stream) || idOf(stream) === BREAK_ID;
}

export function pluralOf(type: string): string {
  return type.endsWith("buffered") ? type : `${type}s`;
}

/** A tile, as "controller" or "slot 1". */
export function slotText(address: number): string {
  return address === GRAPH_CONTROLLER ? "controller" : `slot ${address - GRAPH_FIRST_SLOT}`;
}

export function isSlotAddress(address: number): boolean {
  const slot = address - GRAPH_FIRST_SLOT;
  return address === GRAPH_CONTROLLER || (slot >= 1 && slot <= GRAPH_SLOT_MAX);
}
