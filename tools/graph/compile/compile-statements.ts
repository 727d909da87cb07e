/** Statements to nodes, constants, streamers and config. The nodes are IOTile's: its streams, its triggers, its order. */
import {
  GRAPH_ALL_IDS,
  GRAPH_CONTROLLER,
  GraphFunction,
  GraphStreamerFlag,
  GraphStreamType,
} from "../../../runtime/contract/graph-format.ts";
import type {
  CallStatement,
  CopyMode,
  CopyStatement,
  MetaStatement,
  SetStatement,
  SimpleStatement,
  StreamerStatement,
  StreamName,
  SubtractStatement,
  TriggerStatement,
} from "../language/syntax.ts";
import { ALWAYS, type GraphInput } from "../model.ts";
import { idOf, isLog, typeOf } from "../streams.ts";
import { configFault, configValue } from "./config-values.ts";
import type { Draft } from "./draft.ts";
import { ConfigScope, type Scope } from "./scopes.ts";

const COPY_FUNCTIONS: Record<CopyMode, GraphFunction> = {
  latest: GraphFunction.CopyLatest,
  all: GraphFunction.CopyAll,
  count: GraphFunction.CopyCount,
  average: GraphFunction.Average,
};

export function compileSimple(draft: Draft, scope: Scope, statement: SimpleStatement): void {
  if (scope.kind === "config" && statement.kind !== "set") {
    draft.fault("a config block holds only set statements", statement.at);
    return;
  }
  switch (statement.kind) {
    case "meta":
      return compileMeta(draft, scope, statement);
    case "set":
      return compileSet(draft, scope, statement);
    case "streamer":
      return compileStreamer(draft, statement);
    case "call":
    case "copy":
    case "subtract":
    case "trigger":
      return compileTriggered(draft, scope, statement);
  }
}

function compileMeta(draft: Draft, scope: Scope, { name, value, at }: MetaStatement): void {
  if (scope.kind !== "root") draft.fault("meta stands outside of all blocks", at);
  else if (draft.meta.has(name)) draft.fault(`meta ${name} is given twice`, at);
  else draft.meta.set(name, value.value);
}

function compileSet(draft: Draft, scope: Scope, { id, type, value, at }: SetStatement): void {
  if (!(scope instanceof ConfigScope)) {
    draft.fault("set stands in a config block, as config controller { set 0x2002 to 60 as uint32_t; }", at);
    return;
  }
  const fault = configFault(type, value);
  if (fault !== undefined) return draft.fault(fault, value.at);
  const key = `${scope.address}:${id.value}`;
  if (draft.configsSet.has(key)) draft.warn(`config ${id.text} is set twice: this one counts`, at);
  draft.configsSet.add(key);
  draft.setConfig(scope.address, id.value, type, configValue(type, value));
}

function compileStreamer(draft: Draft, statement: StreamerStatement): void {
  const { manual, security, mode, selector, slot, along, at } = statement;
  if (security !== undefined && mode !== undefined) {
    draft.fault(`a ${mode} streamer sends single readings and cannot be ${security}`, at);
  }
  if (idOf(selector.stream) === GRAPH_ALL_IDS && !isLog(selector.stream)) {
    draft.fault("only buffered and output streams are kept so that all of them can be sent", selector.at);
  }
  draft.streamerPlaces.push(at);
  if (along !== undefined) draft.streamerUses.push({ index: along.value, at: along.at });
  if (along?.value === draft.streamers.length) draft.fault("a streamer cannot go along with itself", along.at);
  const flags =
    (manual || along !== undefined ? GraphStreamerFlag.Manual : 0) |
    (security === "signed" ? GraphStreamerFlag.Signed : 0) |
    (security === "encrypted" ? GraphStreamerFlag.Encrypted : 0) |
    (mode === "realtime" ? GraphStreamerFlag.Realtime : 0) |
    (mode === "broadcast" ? GraphStreamerFlag.Broadcast : 0);
  const receiver = slot?.address ?? GRAPH_CONTROLLER;
  draft.streamers.push({
    ...{ selector: selector.stream, receiver, flags },
    ...(along === undefined ? {} : { along: along.value }),
  });
}

type Triggered = CallStatement | CopyStatement | SubtractStatement | TriggerStatement;

function compileTriggered(draft: Draft, scope: Scope, statement: Triggered): void {
  if (scope.trigger === undefined) {
    const where =
      scope.kind === "gate"
        ? "a when block only holds back clocks: put it into an every"
        : "put it into an every or on";
    draft.fault(`nothing tells when this ${statement.kind} is to run: ${where} block`, statement.at);
    return;
  }
  if ("output" in statement && statement.output !== undefined) checkOutput(draft, statement.output);
  const { trigger } = scope;
  switch (statement.kind) {
    case "call":
      return compileCall(draft, trigger, statement);
    case "copy":
      return compileCopy(draft, trigger, statement);
    case "subtract":
      return compileSubtract(draft, trigger, statement);
    case "trigger":
      return compileTrigger(draft, trigger, statement);
  }
}

function checkOutput(draft: Draft, { stream, at }: StreamName): void {
  if (typeOf(stream) === GraphStreamType.Input) {
    draft.fault("an input comes from outside: write an unbuffered stream or a counter", at);
  }
}

function compileCall(draft: Draft, trigger: () => GraphInput, { slot, rpc, output }: CallStatement): void {
  const input = trigger();
  const argument = draft.allocateAttached(GraphStreamType.Constant);
  const stream = output?.stream ?? draft.allocate(GraphStreamType.Unbuffered);
  draft.addPair(input, { stream: argument, trigger: ALWAYS }, GraphFunction.Call, stream);
  draft.constants.set(argument, (slot.address << 16) | rpc.value);
}

function compileCopy(draft: Draft, trigger: () => GraphInput, { mode, source, output }: CopyStatement): void {
  const input = trigger();
  const fn = COPY_FUNCTIONS[mode];
  if (source === undefined) return draft.add(input, fn, output.stream);
  // A constant never runs out: all of it, and its average, is its value.
  const ofConstant = mode === "count" ? fn : GraphFunction.CopyLatest;
  if (source.kind === "number") {
    const stream = draft.allocateAttached(GraphStreamType.Constant);
    draft.addPair({ stream, trigger: ALWAYS }, input, ofConstant, output.stream);
    draft.constants.set(stream, source.value | 0);
    return;
  }
  const type = typeOf(source.stream);
  const stream = type === GraphStreamType.Input ? draft.copyOfInput(source.stream) : source.stream;
  const used = type === GraphStreamType.Constant ? ofConstant : fn;
  draft.addPair({ stream, trigger: ALWAYS }, input, used, output.stream);
}

function compileSubtract(draft: Draft, trigger: () => GraphInput, statement: SubtractStatement): void {
  const { constant, output, initial } = statement;
  if (typeOf(constant.stream) !== GraphStreamType.Constant) {
    draft.fault("only a constant can be subtracted, as subtract constant 1 => output 2", constant.at);
    return;
  }
  const input = trigger();
  draft.addPair({ stream: constant.stream, trigger: ALWAYS }, input, GraphFunction.Subtract, output.stream);
  const known = draft.constants.has(constant.stream);
  if (initial !== undefined && known) {
    draft.fault("this constant has a value already: give default where it is used first", initial.at);
  } else if (!known) draft.constants.set(constant.stream, (initial?.value ?? 0) | 0);
}

function compileTrigger(draft: Draft, trigger: () => GraphInput, { streamer }: TriggerStatement): void {
  const unused = draft.allocateAttached(GraphStreamType.Unbuffered);
  const input = trigger();
  const index = draft.allocateAttached(GraphStreamType.Constant);
  draft.addPair(input, { stream: index, trigger: ALWAYS }, GraphFunction.TriggerStreamer, unused);
  draft.constants.set(index, streamer.value);
  draft.streamerUses.push({ index: streamer.value, at: streamer.at });
}
