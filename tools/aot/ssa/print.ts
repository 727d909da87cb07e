/** Text of a function, for tests and for people. parse.ts reads it. */
import { type Block, type Callee, type Func, type Terminator, type Value } from "./ir.ts";
import { isLoad, isStore } from "./operations.ts";

export function printFunc(func: Func): string {
  const lines = [`func ${func.name}(${func.paramWords}) -> ${func.resultWords} {`];
  for (const block of func.blocks) {
    const from = block.predecessors.map((predecessor) => `b${predecessor.id}`);
    lines.push(from.length > 0 ? `b${block.id}: <- ${from.join(", ")}` : `b${block.id}:`);
    for (const value of block.values) lines.push(`  ${printValue(value)}`);
    lines.push(`  ${printTerminator(block.terminator)}`);
  }
  lines.push("}");
  return lines.join("\n");
}

/** Constants are written where they are used. */
function name(value: Value): string {
  if (value.op !== "const") return `v${value.id}`;
  if (value.symbol === undefined) return String(value.imm);
  if (value.imm === 0) return `@${value.symbol}`;
  return `@${value.symbol}${value.imm < 0 ? "-" : "+"}${Math.abs(value.imm)}`;
}

function names(values: readonly Value[]): string {
  return values.map(name).join(", ");
}

function place(access: Value): string {
  const address = name(access.args[0] as Value);
  return `${access.region ?? "memory"}[${address}${access.imm === 0 ? "" : ` + ${access.imm}`}]`;
}

function printCallee(callee: Callee): string {
  switch (callee.kind) {
    case "function":
      return `f${callee.index}`;
    case "host":
      return `host${callee.slot}`;
    case "rom":
      return `rom:${callee.name}:0x${callee.address.toString(16)}`;
  }
}

export function printValue(value: Value): string {
  const left = `v${value.id} = `;
  if (value.op === "const") return `${left}const ${name(value)}`;
  if (value.op === "param") return `${left}param ${value.imm}`;
  if (isLoad(value.op)) return `${left}${value.op} ${place(value)}`;
  if (isStore(value.op)) return `${value.op} ${place(value)}, ${name(value.args[1] as Value)}`;
  if (value.op === "trap_if") return `trap_if ${names(value.args)}, "${value.trap ?? ""}"`;
  if (value.op === "result") return `${left}result ${name(value.args[0] as Value)}, ${value.imm}`;
  if (value.op === "call" && value.callee !== undefined) {
    const pure = value.isPure === true ? "pure " : "";
    return `${left}call ${pure}${printCallee(value.callee)}(${names(value.args)}):${value.resultWords ?? 0}`;
  }
  if (value.op === "call_pointer") {
    const [address, ...args] = value.args as [Value, ...Value[]];
    return `${left}call_pointer ${name(address)}(${names(args)}):${value.resultWords ?? 0}`;
  }
  return `${left}${value.op} ${names(value.args)}`;
}

function printTerminator(terminator: Terminator): string {
  const block = (target: Block): string => `b${target.id}`;
  switch (terminator.kind) {
    case "jump":
      return `jump ${block(terminator.to)}`;
    case "branch":
      return `branch ${name(terminator.condition)}, ${block(terminator.then)}, ${block(terminator.else)}`;
    case "switch":
      return `switch ${name(terminator.index)}, [${terminator.targets.map(block).join(", ")}], ${block(terminator.otherwise)}`;
    case "return":
      return `return ${names(terminator.values)}`.trimEnd();
    case "trap":
      return `trap "${terminator.trap}"`;
  }
}
