/**
 * A block whose last instructions are those of another one jumps there instead. Where both go on to the same place and the
 * other one runs on into it, that costs no time; elsewhere it costs a jump, so it must save enough.
 */
import type { CodeItem, Label } from "./code-item.ts";
import { ItemTexts, LABEL } from "./item-texts.ts";
import type { Part } from "./merge-tails.ts";

/** What a jump more is worth, for each time that it runs in a run of the function. */
export const BYTES_PER_JUMP_RUN = 6;
const JUMP_BYTES = 3;
/** Of the blocks that end with the same instruction, so many are compared. */
const CANDIDATES_MAX = 64;

/** A block as it ends, whatever stands behind it: one that runs on into the next one ends with a jump there. */
interface Ending {
  part: Part;
  items: CodeItem[];
  texts: string[];
  /** The jump at its end is not there: the next block is. */
  isJumpImplied: boolean;
}

/** Where two blocks begin to be the same, among the items of each. */
interface Tail {
  host: Ending;
  from: number;
  hostFrom: number;
  gainBytes: number;
}

export function shareTails(parts: readonly Part[]): Part[] {
  const { textOf } = new ItemTexts();
  const endings = parts.map((part, index): Ending => {
    const next = parts[index + 1];
    const isJumpImplied = part.fallsThrough && next !== undefined;
    const items = isJumpImplied ? [...part.items, { kind: "jump" as const, to: next.label }] : part.items.slice();
    return { part, items, texts: items.map(textOf), isJumpImplied };
  });
  const byLast = new Map<string | undefined, Ending[]>();
  for (const ending of endings) {
    const last = ending.texts.at(-1);
    const group = byLast.get(last);
    if (group === undefined) byLast.set(last, [ending]);
    else group.push(ending);
  }
  for (const ending of endings) {
    if (ending.part.fallsThrough) continue;
    const others = (byLast.get(ending.texts.at(-1)) ?? []).filter((other) => other !== ending);
    const tail = bestTail(ending, others.slice(0, CANDIDATES_MAX));
    if (tail === undefined) continue;
    const to: Label = { address: 0 };
    const jump: CodeItem = { kind: "jump", to };
    ending.items.splice(tail.from, Number.POSITIVE_INFINITY, jump);
    ending.texts.splice(tail.from, Number.POSITIVE_INFINITY, textOf(jump));
    tail.host.items.splice(tail.hostFrom, 0, { kind: "label", label: to });
    tail.host.texts.splice(tail.hostFrom, 0, LABEL);
  }
  return endings.map(({ part, items, isJumpImplied }) => ({
    ...part,
    items: isJumpImplied ? items.slice(0, -1) : items,
  }));
}

function bestTail(ending: Ending, others: readonly Ending[]): Tail | undefined {
  let best: Tail | undefined;
  for (const other of others) {
    const tail = findTail(ending, other);
    if (tail.gainBytes > (best?.gainBytes ?? 0)) best = tail;
  }
  return best;
}

/** Back to where the two differ, or to a label of the one that gives its tail up. */
function findTail(ending: Ending, host: Ending): Tail {
  let from = ending.texts.length;
  let hostFrom = host.texts.length;
  let bytes = 0;
  for (let at = hostFrom - 1; at >= 0; at--) {
    if (host.texts[at] === LABEL) continue;
    if (host.texts[at] !== ending.texts[from - 1]) break;
    from--;
    hostFrom = at;
    bytes += leastBytes(ending.items[from] as CodeItem);
  }
  const costBytes = host.isJumpImplied ? 0 : BYTES_PER_JUMP_RUN * ending.part.frequency;
  return { host, from, hostFrom, gainBytes: bytes - JUMP_BYTES - costBytes };
}

function leastBytes(item: CodeItem): number {
  if (item.kind === "align") return 0;
  const isNarrow = item.kind === "trap" || (item.kind === "plain" && item.instruction.mnemonic.endsWith(".n"));
  return isNarrow ? 2 : 3;
}
