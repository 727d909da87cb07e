/** What is drawn of a graph: boxes with their words, and which leads to which under what condition. */
import {
  GRAPH_STREAM_BATTERY,
  GRAPH_STREAM_TICK_1,
  GRAPH_STREAM_TICK_2,
  GRAPH_STREAM_TICK_10S,
  GRAPH_STREAM_TICK_FAST,
  GraphCombiner,
  GraphFunction,
  GraphStreamType,
} from "../../../runtime/contract/graph-format.ts";
import {
  type GraphModel,
  type GraphNode,
  type GraphTrigger,
  inputsOf,
  isAlways,
  isGate,
  OPERATOR_TEXTS,
  streamerText,
} from "../model.ts";
import { isCompilerMade, selects, slotText, streamText, typeOf } from "../streams.ts";

export type BoxKind = "source" | "step" | "result" | "call" | "streamer";

export interface FigureBox {
  readonly id: string;
  readonly kind: BoxKind;
  readonly title: string;
  /** Smaller, below the title. */
  readonly detail: string;
  /** What has to hold at each of its inputs. */
  readonly ports: readonly string[];
}

export interface FigureEdge {
  readonly from: string;
  readonly to: string;
  readonly port: number;
}

export interface Figure {
  readonly boxes: readonly FigureBox[];
  readonly edges: readonly FigureEdge[];
}

const SOURCE_NAMES = new Map([
  [GRAPH_STREAM_BATTERY, "battery"],
  [GRAPH_STREAM_TICK_10S, "every 10 seconds"],
  [GRAPH_STREAM_TICK_FAST, "fast tick"],
  [GRAPH_STREAM_TICK_1, "tick_1"],
  [GRAPH_STREAM_TICK_2, "tick_2"],
  [0x3c01, "somebody has connected"],
  [0x3c02, "somebody has disconnected"],
]);

const STEP_TITLES: Record<GraphFunction, string> = {
  [GraphFunction.CopyLatest]: "copy",
  [GraphFunction.Average]: "average",
  [GraphFunction.CopyAll]: "copy all",
  [GraphFunction.Sum]: "sum",
  [GraphFunction.CopyCount]: "count",
  [GraphFunction.TriggerStreamer]: "trigger streamer",
  [GraphFunction.Call]: "call",
  [GraphFunction.Subtract]: "subtract",
};

export function figureOf(model: GraphModel): Figure {
  const { nodes, streamers } = model;
  const written = new Set(nodes.map(({ output }) => output));
  const values = new Map(model.constants.map(({ stream, value }) => [stream, value]));
  const fixed = (stream: number) =>
    typeOf(stream) === GraphStreamType.Constant && !written.has(stream) ? (values.get(stream) ?? 0) : undefined;
  const sources = new Set<number>();
  const edges: FigureEdge[] = [];
  const boxes = nodes.map((node, index): FigureBox => {
    const shown = inputsOf(node).filter(({ stream }) => fixed(stream) === undefined);
    shown.forEach(({ stream }, port) => {
      if (!written.has(stream)) sources.add(stream);
      const writers = [...nodes.entries()].filter(([, { output }]) => output === stream).map(([from]) => nodeId(from));
      for (const from of written.has(stream) ? writers : [sourceId(stream)])
        edges.push({ from, to: nodeId(index), port });
    });
    return {
      id: nodeId(index),
      kind: kindOf(
        node,
        streamers.some(({ selector }) => selects(selector, node.output)),
      ),
      title: titleOf(node, fixed),
      detail: isOfUse(node.output, model) ? `to ${streamText(node.output)}` : "",
      ports: shown.map(({ trigger }) => conditionText(trigger)),
    };
  });
  const senders = streamers.map((streamer, index): FigureBox => {
    nodes.forEach(({ output }, from) => {
      if (selects(streamer.selector, output)) edges.push({ from: nodeId(from), to: streamerId(index), port: 0 });
    });
    return {
      id: streamerId(index),
      kind: "streamer",
      title: `streamer ${index}`,
      detail: streamerText(streamer),
      ports: [""],
    };
  });
  const feeds = [...sources].map((stream): FigureBox => {
    const name = SOURCE_NAMES.get(stream);
    const [title, detail] = name === undefined ? [streamText(stream), ""] : [name, streamText(stream)];
    return { id: sourceId(stream), kind: "source", title, detail, ports: [] };
  });
  return { boxes: [...feeds, ...boxes, ...senders], edges };
}

/** Somebody reads it, or could from outside. */
function isOfUse(stream: number, { nodes }: GraphModel): boolean {
  return !isCompilerMade(stream) || nodes.some((node) => inputsOf(node).some((input) => input.stream === stream));
}

function nodeId(index: number): string {
  return `node ${index}`;
}

function sourceId(stream: number): string {
  return `source ${stream}`;
}

function streamerId(index: number): string {
  return `streamer ${index}`;
}

function kindOf({ function: fn, output }: GraphNode, sent: boolean): BoxKind {
  if (fn === GraphFunction.Call) return "call";
  return sent || !isCompilerMade(output) ? "result" : "step";
}

function titleOf(node: GraphNode, fixed: (stream: number) => number | undefined): string {
  const { a, b, function: fn } = node;
  const first = fixed(a.stream);
  const second = b === undefined ? undefined : fixed(b.stream);
  if (fn === GraphFunction.Call && second !== undefined) {
    return `call 0x${(second & 0xffff).toString(16)} on ${slotText(second >> 16)}`;
  }
  if (fn === GraphFunction.TriggerStreamer && second !== undefined) return `trigger streamer ${second}`;
  if (fn === GraphFunction.Subtract) return `subtract ${first ?? streamText(a.stream)}`;
  if (fn === GraphFunction.CopyLatest && first !== undefined) return `copy ${first}`;
  if (isGate(node)) return "gate";
  return `${STEP_TITLES[fn]}${node.combiner === GraphCombiner.Or ? ", either" : ""}`;
}

function conditionText(trigger: GraphTrigger): string {
  if (isAlways(trigger)) return "";
  return `${trigger.onCount ? "count" : "value"} ${OPERATOR_TEXTS[trigger.operator]} ${trigger.reference}`;
}
