/** Takes out phis that choose between one value and themselves, until none is left. */
import { type Func, type Terminator, terminatorArgs, type Value } from "./ir.ts";

export function removeTrivialPhis(func: Func): void {
  const instead = new Map<Value, Value>();
  const resolve = (value: Value): Value => {
    let last = value;
    for (let next = instead.get(last); next !== undefined; next = instead.get(last)) last = next;
    for (let at = value; at !== last; ) {
      const next = instead.get(at) as Value;
      instead.set(at, last);
      at = next;
    }
    return last;
  };
  const phis = func.blocks.flatMap((block) => block.values.filter(({ op }) => op === "phi"));
  for (let isChanged = true; isChanged; ) {
    isChanged = false;
    for (const phi of phis) {
      if (instead.has(phi)) continue;
      const only = onlyArgument(phi, resolve);
      if (only === undefined) continue;
      instead.set(phi, only);
      isChanged = true;
    }
  }
  if (instead.size === 0) return;
  for (const block of func.blocks) {
    block.values = block.values.filter((value) => !instead.has(value));
    for (const value of block.values) value.args = value.args.map(resolve);
    block.terminator = mapTerminator(block.terminator, resolve);
  }
}

function onlyArgument(phi: Value, resolve: (value: Value) => Value): Value | undefined {
  let only: Value | undefined;
  for (const arg of phi.args) {
    const value = resolve(arg);
    if (value === phi || value === only) continue;
    if (only !== undefined) return undefined;
    only = value;
  }
  return only;
}

function mapTerminator(terminator: Terminator, map: (value: Value) => Value): Terminator {
  if (terminatorArgs(terminator).length === 0) return terminator;
  switch (terminator.kind) {
    case "branch":
      return { ...terminator, condition: map(terminator.condition) };
    case "switch":
      return { ...terminator, index: map(terminator.index) };
    case "return":
      return { ...terminator, values: terminator.values.map(map) };
    default:
      return terminator;
  }
}
