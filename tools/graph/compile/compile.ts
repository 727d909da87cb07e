/**
 * Graph text to a graph: statements, nodes, checks, passes, limits. What is wrong is told all at once (GraphErrors); what is
 * only strange is a warning of the model.
 */

import { GraphStreamType } from "../../../runtime/contract/graph-format.ts";
import { GraphErrors, type Place, placeFault } from "../faults.ts";
import { parseGraph } from "../language/parser.ts";
import type { GraphText } from "../language/syntax.ts";
import { type GraphModel, type GraphNode, inputsOf } from "../model.ts";
import { optimise } from "../optimise/optimise.ts";
import type { RankedNode } from "../optimise/visits.ts";
import { isCompilerMade, typeOf } from "../streams.ts";
import { checkStreamers, limitFaults, warnOfSilence } from "./check.ts";
import { compileBody, warnOfSilentTicks } from "./compile-blocks.ts";
import { Draft } from "./draft.ts";
import type { GraphRoom } from "./limits.ts";
import { reachable, sortByLevels } from "./links.ts";
import { RootScope } from "./scopes.ts";

export interface CompileOptions {
  /** Name that faults give. */
  readonly file?: string;
  readonly optimize: boolean;
  /** More than there is room for is an error; more than a device has is told in the model. Default: a device. */
  readonly room?: GraphRoom;
}

const NO_FILE = "graph";

export function compileGraph(source: string, options: CompileOptions): GraphModel {
  const file = options.file ?? NO_FILE;
  return compileText(parseGraph(source, file), source, { ...options, file });
}

export function compileText(text: GraphText, source: string, options: CompileOptions): GraphModel {
  const { file = NO_FILE, optimize, room = "device" } = options;
  const draft = new Draft();
  compileBody(draft, new RootScope(draft), text.body);
  checkStreamers(draft);
  if (draft.faults.length > 0) throw new GraphErrors(draft.faults, source, file);
  const live = reachable(draft.nodes);
  warnOfSilence(draft, live);
  warnOfSilentTicks(draft);
  const places = sortByLevels(live);
  for (const stream of places.flatMap(constantsOf)) if (!draft.constants.has(stream)) draft.constants.set(stream, 0);
  const ranked: (RankedNode & { from?: Place })[] = live.map((node) => ({ ...node, rank: places.indexOf(node) }));
  const nodes = optimize ? optimise(ranked, draft.streamers, draft.constants) : ranked;
  const read = new Set(nodes.flatMap(constantsOf));
  const kept = [...draft.constants].filter(([stream]) => !optimize || read.has(stream) || !isCompilerMade(stream));
  const model: GraphModel = {
    nodes: nodes.map(bareNode),
    listed: [...nodes.keys()].sort((a, b) => (nodes[a]?.rank ?? 0) - (nodes[b]?.rank ?? 0)),
    streamers: draft.streamers,
    constants: kept.map(([stream, value]) => ({ stream, value })),
    config: draft.config,
    meta: Object.fromEntries(draft.meta),
    warnings: draft.warnings.map((warning) => placeFault(warning, source)),
    beyondDevice: [],
  };
  const faultsIn = (place: GraphRoom) => limitFaults(place, model, nodes, text.body, source);
  const faults = faultsIn(room);
  if (faults.length > 0) throw new GraphErrors(faults, source, file);
  return { ...model, beyondDevice: faultsIn("device").map((fault) => placeFault(fault, source)) };
}

function constantsOf(node: GraphNode): number[] {
  const streams = [...inputsOf(node).map(({ stream }) => stream), node.output];
  return streams.filter((stream) => typeOf(stream) === GraphStreamType.Constant);
}

function bareNode({ a, b, combiner, function: fn, output }: GraphNode): GraphNode {
  return { a, ...(b === undefined ? {} : { b }), combiner, function: fn, output };
}
