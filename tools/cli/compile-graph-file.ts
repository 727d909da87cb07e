/** A graph from its file, for the commands that work on the compiled form: what is wrong with it ends the command. */
import { type CompileOptions, compileGraph, GraphErrors, type GraphModel } from "../graph/index.ts";
import { CommandError } from "./command-error.ts";
import { readGraphSource } from "./graph-files.ts";

export function compileGraphFile(
  name: string,
  optimize: boolean,
  room: CompileOptions["room"] = "device",
): { file: string; model: GraphModel } {
  const { file, source } = readGraphSource(name);
  return { file, model: reportFaults(file, () => compileGraph(source, { file, optimize, room })) };
}

/** Work on a graph's text; its faults are what the command ends with. */
export function reportFaults<T>(file: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof GraphErrors)) throw error;
    throw new CommandError(error.message, { file, ok: false, errors: error.faults });
  }
}
