/** `lintel graph`: sensor graphs, checked, compiled, put into shape and drawn. Each command on a graph is a function here. */

import { basename } from "node:path";
import type { Command } from "commander";
import {
  GRAPH_CONSTANTS_MAX,
  GRAPH_MAX_BYTES,
  GRAPH_NODES_MAX,
  GRAPH_STREAMERS_MAX,
} from "../../runtime/contract/graph-limits.ts";
import { configTypeText } from "../graph/compile/config-values.ts";
import { drawGraph } from "../graph/draw/draw.ts";
import { encodeGraph, type GraphModel, measureGraph, nodeText, streamerText, streamText } from "../graph/index.ts";
import { formatGraph } from "../graph/language/format.ts";
import { parseGraph } from "../graph/language/parser.ts";
import { slotText } from "../graph/streams.ts";
import { CommandError } from "./command-error.ts";
import { shown, writeFiles } from "./command-files.ts";
import { compileGraphFile, reportFaults } from "./compile-graph-file.ts";
import { isStandardInput, readGraphSource, shownGraph } from "./graph-files.ts";
import { addGraphPushCommands } from "./graph-push-command.ts";
import { addGraphRunCommand } from "./graph-run-command.ts";

interface CompileFlags {
  optimize: boolean;
  json: boolean;
}

interface FormatFlags {
  check: boolean;
  write: boolean;
  json: boolean;
}

export function addGraphCommand(program: Command): void {
  const graph = program.command("graph").description("sensor graphs: rules that a device runs on its readings");
  graph
    .command("check")
    .description("tell what is wrong with a graph, and what is strange")
    .argument("<file>", "graph, or - for standard input")
    .option("--json", "print one line of JSON", false)
    .action((file: string, { json }: { json: boolean }) => check(file, json));
  graph
    .command("compile")
    .description("compile a graph to what a device takes, and print its nodes and sizes")
    .argument("<file>", "graph, or - for standard input")
    .option("-o, --out <file>", "file to write (default: none)")
    .option("--no-optimize", "keep every node that the statements make")
    .option("--json", "print nodes, streamers, constants, config and bytes as one line of JSON", false)
    .action((file: string, flags: CompileFlags & { out?: string }) => compile(file, flags));
  addGraphRunCommand(graph);
  graph
    .command("fmt")
    .description("print a graph in the one layout there is")
    .argument("<file>", "graph, or - for standard input")
    .option("--check", "print nothing; end with code 1 if the layout is another one", false)
    .option("--write", "write the file itself", false)
    .option("--json", "print one line of JSON", false)
    .action((file: string, flags: FormatFlags) => format(file, flags));
  graph
    .command("draw")
    .description("draw a graph as an SVG picture")
    .argument("<file>", "graph, or - for standard input")
    .option("-o, --out <file>", "file to write (default: standard output)")
    .option("--no-optimize", "draw every node that the statements make")
    .option("--json", "print one line of JSON, with the picture in it unless it is written", false)
    .action((file: string, flags: CompileFlags & { out?: string }) => draw(file, flags));
  addGraphPushCommands(graph);
}

function format(name: string, { check: onlyCheck, write, json }: FormatFlags): void {
  if (onlyCheck && write) throw new CommandError("--check looks and --write writes: give one of them");
  if (write && isStandardInput(name)) throw new CommandError("standard input cannot be written: leave --write out");
  const { file, source } = readGraphSource(name);
  const formatted = reportFaults(file, () => formatGraph(parseGraph(source, file)));
  const changed = formatted !== source;
  if (write && changed) writeFiles([[file, formatted]]);
  if (onlyCheck && changed) process.exitCode = 1;
  if (json) console.log(JSON.stringify({ file, changed, ...(onlyCheck || write ? {} : { text: formatted }) }));
  else if (!onlyCheck && !write) process.stdout.write(formatted);
  else if (write) console.log(`${shown(file)}: ${changed ? "written" : "in shape already"}`);
  if (onlyCheck && changed) console.error(`lintel: ${shownGraph(file)} is not in shape: lintel graph fmt --write`);
}

function draw(name: string, { optimize, json, out }: CompileFlags & { out?: string }): void {
  const { file, model } = compileGraphFile(name, optimize);
  const title = String(model.meta["name"] ?? basename(file));
  const svg = drawGraph(model, title);
  if (out !== undefined) writeFiles([[out, svg]]);
  const facts = { file, title, nodes: model.nodes.length, streamers: model.streamers.length };
  if (json) return console.log(JSON.stringify({ ...facts, ...(out === undefined ? { svg } : { out }) }));
  if (out === undefined) process.stdout.write(svg);
  else console.log(`${shown(out)}: ${model.nodes.length} nodes, ${model.streamers.length} streamers`);
}

function check(name: string, json: boolean): void {
  const { file, model } = compileGraphFile(name, true);
  if (json) return console.log(JSON.stringify({ file, ok: true, warnings: model.warnings, ...sizesOf(model) }));
  console.log(`${shownGraph(file)}: good, ${sizeText(model)}`);
  tellWarnings(file, model);
}

function compile(name: string, { optimize, json, out }: CompileFlags & { out?: string }): void {
  const { file, model } = compileGraphFile(name, optimize);
  const bytes = encodeGraph(model);
  if (out !== undefined) writeFiles([[out, bytes]]);
  if (json)
    return console.log(JSON.stringify({ file, ...factsOf(model, bytes), ...(out === undefined ? {} : { out }) }));
  const written = out === undefined ? "" : `, written to ${shown(out)}`;
  for (const line of describe(model)) console.log(line);
  console.log(`${sizeText(model)}${written}`);
  tellWarnings(file, model);
}

function factsOf(model: GraphModel, bytes: Uint8Array) {
  return {
    nodes: nodesListed(model),
    streamers: model.streamers.map(streamerText),
    constants: model.constants.map(({ stream, value }) => [streamText(stream), value]),
    config: model.config.map(({ address, id, type, value }) => ({
      ...{ slot: slotText(address), id, type: configTypeText(type) },
      value: value instanceof Uint8Array ? `hex:${Buffer.from(value).toString("hex")}` : value,
    })),
    meta: model.meta,
    warnings: model.warnings,
    ...sizesOf(model),
    bytes: Buffer.from(bytes).toString("hex"),
  };
}

function nodesListed({ nodes, listed }: GraphModel): string[] {
  return listed.flatMap((index) => nodes[index] ?? []).map(nodeText);
}

function sizesOf(model: GraphModel) {
  return { sizeBytes: measureGraph(model).sizeBytes, maxBytes: GRAPH_MAX_BYTES };
}

function describe(model: GraphModel): string[] {
  return [
    ...nodesListed(model),
    ...model.streamers.map((streamer, index) => `streamer ${index}: ${streamerText(streamer)}`),
    ...model.constants.map(({ stream, value }) => `${streamText(stream)} = ${value}`),
  ];
}

function sizeText(model: GraphModel): string {
  const { sizeBytes, constants } = measureGraph(model);
  const parts = [
    `${model.nodes.length} of ${GRAPH_NODES_MAX} nodes`,
    `${model.streamers.length} of ${GRAPH_STREAMERS_MAX} streamers`,
    `${constants.length} of ${GRAPH_CONSTANTS_MAX} constants`,
  ];
  return `${parts.join(", ")}, ${sizeBytes} of ${GRAPH_MAX_BYTES} bytes`;
}

function tellWarnings(file: string, { warnings }: GraphModel): void {
  for (const { line, column, message } of warnings) {
    console.error(`lintel: warning: ${shownGraph(file)}:${line}:${column}: ${message}`);
  }
}
