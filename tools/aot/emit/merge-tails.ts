/** Blocks that end as another block does, whole, become labels in that one: the ways out of a function mostly. */
import { oppositeOf } from "../machine/opposite-condition.ts";
import type { CodeItem, Label } from "./code-item.ts";
import { ItemTexts, LABEL } from "./item-texts.ts";

/** The code of a block; its label is the first item. */
export interface Part {
  label: Label;
  items: CodeItem[];
  /** It runs on into the next one. */
  fallsThrough: boolean;
  /** How often it runs for one run of the function. */
  frequency: number;
}

/** Of the parts that end with the same instruction, so many are compared. */
const CANDIDATES_MAX = 8;

export function mergeTails(parts: readonly Part[]): Part[] {
  const { textOf } = new ItemTexts();
  const texts = parts.map(({ items }) => items.map(textOf));
  const byLast = new Map<string, number[]>();
  for (const [index, { fallsThrough }] of parts.entries()) {
    const last = texts[index]?.at(-1);
    if (fallsThrough || last === undefined) continue;
    const list = byLast.get(last);
    if (list === undefined) byLast.set(last, [index]);
    else list.push(index);
  }
  const isGone = new Uint8Array(parts.length);
  const previousOf = (index: number): number => {
    let previous = index - 1;
    while (isGone[previous] === 1) previous--;
    return previous;
  };
  for (let index = parts.length - 1; index > 0; index--) {
    const { items, fallsThrough } = parts[index] as Part;
    const text = texts[index] as string[];
    if (fallsThrough || text.lastIndexOf(LABEL) !== 0) continue;
    const previous = previousOf(index);
    const around = branchAround(parts[previous] as Part, followerOf(parts, isGone, index));
    if ((parts[previous] as Part).fallsThrough && around === undefined) continue;
    for (const other of nearest(byLast.get(text.at(-1) as string) ?? [], index)) {
      if (isGone[other] === 1) continue;
      const place = findEnd(texts[other] as string[], text);
      if (place === -1) continue;
      isGone[index] = 1;
      (parts[other] as Part).items.splice(place, 0, items[0] as CodeItem);
      (texts[other] as string[]).splice(place, 0, LABEL);
      if (around !== undefined) {
        around.condition = oppositeOf(around.condition);
        around.to = (parts[index] as Part).label;
        (texts[previous] as string[]).splice(-1, 1, textOf(around));
      }
      break;
    }
  }
  return parts.filter((_, index) => isGone[index] === 0);
}

type Branch = Extract<CodeItem, { kind: "branch" }>;

/** The branch at the end of `part` that goes around the part behind it to `follower`. */
function branchAround(part: Part, follower: Part | undefined): Branch | undefined {
  const last = part.items.at(-1);
  const isAround = part.fallsThrough && last?.kind === "branch" && last.trap === undefined;
  return isAround && follower !== undefined && last.to === follower.label ? last : undefined;
}

function followerOf(parts: readonly Part[], isGone: Uint8Array, index: number): Part | undefined {
  for (let next = index + 1; next < parts.length; next++) if (isGone[next] === 0) return parts[next];
  return undefined;
}

/** Where in `text` the instructions of `end`, which begins with a label, stand at the end; -1 where they do not. */
function findEnd(text: readonly string[], end: readonly string[]): number {
  let at = text.length - 1;
  for (let index = end.length - 1; index > 0; index--) {
    while (text[at] === LABEL) at--;
    if (at < 0 || text[at] !== end[index]) return -1;
    at--;
  }
  return at + 1;
}

function nearest(candidates: readonly number[], index: number): number[] {
  const others = candidates.filter((other) => other !== index);
  others.sort((a, b) => Math.abs(a - index) - Math.abs(b - index) || a - b);
  return others.slice(0, CANDIDATES_MAX);
}
