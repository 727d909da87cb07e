/** What the model server knows, as a value, and what it may expect of a device after what that has told it before. */
import { Slot } from "../../runtime/contract/flash-map.ts";
import { UpdateFailure, UpdateState } from "../../runtime/contract/update-messages.ts";

export interface StoredReading {
  epoch: number;
  sequence: number;
  stream: number;
  value: number;
  timeMs: number;
  /** The time is no further from the truth than this; null = the device does not know. */
  timeErrorS: number | null;
  /** CLOCK_* of server/ingest/senml-pack.ts. */
  clock: number;
}

export interface Report {
  image: string;
  state: UpdateState;
  failure: number;
}

/** What a hello tells of the program that runs. */
export interface Running {
  image: string;
  slot: number;
  configVersion: number | undefined;
  graphVersion: number | undefined;
  isTrial: boolean;
}

/** Everything that the server knows, none of it shared with another state. */
export interface ServerState {
  watermarks: Map<number, number>;
  readings: StoredReading[];
  gaps: { epoch: number; from: number; to: number }[];
  /** The greatest sequence that the device can have seen acknowledged, by epoch. */
  acknowledged: Map<number, number>;
  hellos: number;
  running: Running | undefined;
  reports: Report[];
  desired: string | undefined;
  /** Desired as soon as `desired` is confirmed. */
  next: string | undefined;
  config: { version: number; values: Map<number, unknown> } | undefined;
  configResults: number[];
  graph: { version: number; bytes: Uint8Array } | undefined;
  graphResults: number[];
  command: { id: number; method: string } | undefined;
  commandResults: { id: number; code: number }[];
  /** Confirmed by the device, and so not to be taken back: an image, a configuration and a graph. */
  confirmedImage: string | undefined;
  confirmedConfig: number;
  confirmedGraph: number;
}

export function freshState(): ServerState {
  return {
    watermarks: new Map(),
    readings: [],
    gaps: [],
    acknowledged: new Map(),
    hellos: 0,
    running: undefined,
    reports: [],
    desired: undefined,
    next: undefined,
    config: undefined,
    configResults: [],
    graph: undefined,
    graphResults: [],
    command: undefined,
    commandResults: [],
    confirmedImage: undefined,
    confirmedConfig: 0,
    confirmedGraph: 0,
  };
}

export function copyState(state: ServerState): ServerState {
  return {
    ...state,
    watermarks: new Map(state.watermarks),
    readings: state.readings.slice(),
    gaps: state.gaps.slice(),
    acknowledged: new Map(state.acknowledged),
    reports: state.reports.slice(),
    configResults: state.configResults.slice(),
    graphResults: state.graphResults.slice(),
    commandResults: state.commandResults.slice(),
  };
}

/** What the server has in its shelves; the same in every world of a scenario. */
export interface Shelf {
  /** By id, as hexadecimal digits. */
  images: ReadonlyMap<string, Uint8Array>;
  /** By base and target, `<id>:<id>`; compressed images are those from NO_BASE. */
  patches: ReadonlyMap<string, Uint8Array>;
  /** Of images it knows the sizes. */
  hasPatchesOnly?: boolean;
}

export type WrongKind =
  /** The recovery program was needed. */
  | "recovery"
  /** An image, a configuration or a graph that was confirmed is not in use any more. */
  | "set back"
  /** A program was started that is not whole, not signed, or too old. */
  | "unfit program"
  /** An image was confirmed, or rolled back, that never ran. */
  | "untrue report"
  /** Sequence numbers that the device says will not come. */
  | "gap"
  /** The server cannot read what the device says. */
  | "refused message"
  /** A command has run twice. */
  | "command again"
  /** A sensor graph is in use that nobody sent. */
  | "torn graph"
  /** A reading's time is further from the truth than it says. */
  | "wrong time";

/** A promise that the device has broken. */
export interface Wrong {
  kind: WrongKind;
  what: string;
}

/** Refused or rolled back: not offered again. What was damaged in flash was good before. */
export function isGivenUp({ reports }: ServerState, image: string): boolean {
  return reports.some(
    (report) =>
      report.image === image &&
      (report.state === UpdateState.RolledBack || report.state === UpdateState.Failed) &&
      report.failure !== UpdateFailure.Damaged,
  );
}

/** Judges a hello by what the device has told before. */
export function wrongHello(state: ServerState, running: Running): Wrong | undefined {
  const { image, slot, configVersion = 0, graphVersion = 0, isTrial } = running;
  const { confirmedImage, confirmedConfig, confirmedGraph } = state;
  if (slot === Slot.Boot) return { kind: "recovery", what: "the recovery program says hello" };
  if (confirmedImage !== undefined && image !== confirmedImage && image !== state.desired) {
    return { kind: "set back", what: `image ${image} runs, ${confirmedImage} was confirmed` };
  }
  if (isTrial && image === confirmedImage) {
    return { kind: "set back", what: `image ${image} is on trial, and was confirmed before` };
  }
  if (configVersion < confirmedConfig) {
    return { kind: "set back", what: `configuration ${configVersion} is in use, ${confirmedConfig} was confirmed` };
  }
  if (graphVersion < confirmedGraph) {
    return { kind: "set back", what: `graph ${graphVersion} is in use, ${confirmedGraph} was confirmed` };
  }
  return undefined;
}

export function wrongReport({ image, state }: Report, started: ReadonlySet<string>): Wrong | undefined {
  if ((state !== UpdateState.Confirmed && state !== UpdateState.RolledBack) || started.has(image)) return undefined;
  return { kind: "untrue report", what: `image ${image} ${UpdateState[state]}, which never ran` };
}
