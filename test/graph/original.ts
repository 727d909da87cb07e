/** The graphs of test/graph/original, and what IOTile's own system gave for them (README.md there). */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { PACKAGE_ROOT } from "../../tools/build/package-root.ts";
import { compileGraph, encodeGraph, streamText } from "../../tools/graph/index.ts";
import { recordGraph } from "../../tools/graph/simulate/record-graph.ts";
import { parseMock, parseStimulus } from "../../tools/graph/simulate/stimulus.ts";
import { isCompilerMade } from "../../tools/graph/streams.ts";

export const ORIGINAL_FOLDER = join(PACKAGE_ROOT, "test/graph/original");
export const DIFFERENCES_FOLDER = join(ORIGINAL_FOLDER, "differences");
export const FORMS = ["optimized", "plain"] as const;
export type Form = (typeof FORMS)[number];

/** What a graph did: times, streams and values; times, addresses, functions and answers. */
export interface Outcome {
  readings: [number, string, number][];
  rpcs: [number, number, number, number | null][];
}

export interface OriginalGraph extends Record<Form, Outcome> {
  name: string;
  source: string;
  seconds: number;
  stimuli: string[];
  mocks: string[];
  /** Why ours gives something else. */
  difference?: string;
}

export function readOriginals(folder: string): OriginalGraph[] {
  const names = readdirSync(folder).flatMap((file) => (file.endsWith(".sgf") ? [file.replace(/\.sgf$/, "")] : []));
  return names.map((name) => ({
    ...(JSON.parse(readFileSync(join(folder, `${name}.json`), "utf8")) as OriginalGraph),
    name,
    source: readFileSync(join(folder, `${name}.sgf`), "utf8"),
  }));
}

export function compileOriginal({ source, name }: OriginalGraph, form: Form): Uint8Array {
  return encodeGraph(compileGraph(source, { file: `${name}.sgf`, optimize: form === "optimized", room: "computer" }));
}

/** What the same graph does here. */
export function runOriginal(original: OriginalGraph, form: Form): Outcome {
  const { readings, rpcs } = recordGraph(compileOriginal(original, form), {
    seconds: original.seconds,
    stimuli: original.stimuli.map(parseStimulus),
    mocks: original.mocks.map(parseMock),
    wants: (stream) => !isCompilerMade(stream),
  });
  return { readings: readings.map(([timeS, stream, value]) => [timeS, streamText(stream), value]), rpcs };
}
