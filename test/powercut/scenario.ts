/** What a scenario is: what the board and its server are in the middle of when power goes away. */
import type { FlashSnapshot } from "../../runtime/board/flash.ts";
import { FLASH_QUEUE_OFFSET, FLASH_REGION_BYTES, FLASH_SECTOR_BYTES } from "../../runtime/contract/flash-map.ts";
import type { StuckCells } from "./flash-cells.ts";
import type { Programs } from "./programs.ts";
import type { ServerState, Shelf, WrongKind } from "./server-state.ts";
import type { Life, Surroundings, World } from "./world.ts";

export type Goal = (life: Life, programs: Programs) => boolean;

export interface Scenario {
  name: string;
  /** What the server is asked for, before the board is powered. */
  begin: (server: ServerState, programs: Programs) => void;
  /** Reached: what was begun is finished. The readings committed until then are waited for by whoever runs it. */
  isReached: Goal;
  surroundings?: (world: World) => Surroundings;
  /** The shelf of this scenario's server. */
  shelf?: (programs: Programs) => Shelf;
  /** Sectors of the queue, where a small one is wanted. */
  queueSectors?: number | undefined;
  /** Begins with a board that was never powered; else with one that has spoken with its server before. */
  isFresh?: boolean;
  /** Begins in the middle of another scenario, which may itself begin otherwise. */
  from?: { name: string; begin?: Scenario["begin"]; until: Goal };
  /** What becomes of the flash before the scenario begins. */
  prepare?: (flash: FlashSnapshot) => FlashSnapshot;
  /** Cells that are worn out from the scenario's beginning on. Then power goes away between operations only: one fault at a time. */
  stuck?: StuckCells;
  /** Between a cut and the return of power. */
  outageMs?: number;
  /** How often power that comes and goes does so. Absent: once; more would use up the attempts of a trial. */
  flickers?: number;
  /** The queue may have to drop readings. */
  mayDrop?: boolean;
  /** What else would be a violation, and is none here. */
  allows?: readonly WrongKind[];
  /** The server's process is killed too, at each of its steps in turn. */
  killsServer?: boolean;
  limitMs?: number;
}

const OUTAGE_MS = 1500;
/** Failed and given up three times, five minutes each, with waits. */
export const LIMIT_MS = 45 * 60_000;
/** Readings of a first start. */
export const SOME_READINGS = 12;

export function limitMsOf(scenario: Scenario): number {
  return scenario.limitMs ?? LIMIT_MS;
}

export function outageMsOf(scenario: Scenario): number {
  return scenario.outageMs ?? OUTAGE_MS;
}

export function flickersOf(scenario: Scenario): number {
  return scenario.flickers ?? 1;
}

export function isCutWhole({ stuck }: Scenario): boolean {
  return stuck !== undefined;
}

export function regionBytesOf({ queueSectors }: Scenario): number {
  return queueSectors === undefined ? FLASH_REGION_BYTES : FLASH_QUEUE_OFFSET + queueSectors * FLASH_SECTOR_BYTES;
}

export const hasReadings: Goal = ({ taken }) => taken.length >= SOME_READINGS;
