/**
 * Order of the blocks: chains of blocks that run into each other, formed along the edges that run most often (K. Pettis
 * and R. Hansen, "Profile guided code positioning", PLDI 1990). A loop whose test stands at its head is turned by this: the
 * edge from the end of its body is the one that runs most, so the test comes last.
 */
import type { Frequencies } from "../machine/block-frequency.ts";
import { reversePostorder } from "../machine/control-flow.ts";
import type { MachineBlock, MachineFunction } from "../machine/machine-function.ts";

/** A branch that is taken costs more time than one that is not, though no more instructions. */
const TAKEN_WEIGHT = 0.25;

interface Edge {
  from: MachineBlock;
  to: MachineBlock;
  gain: number;
}

export function orderBlocks(fn: MachineFunction, frequencies: Frequencies): MachineBlock[] {
  const order = reversePostorder(fn);
  const chainOf = new Map<MachineBlock, MachineBlock[]>(order.map((block) => [block, [block]]));
  const edges = order.flatMap((block) => edgesFrom(block, frequencies));
  edges.sort((a, b) => b.gain - a.gain);
  for (const { from, to } of edges) {
    const left = chainOf.get(from) as MachineBlock[];
    const right = chainOf.get(to) as MachineBlock[];
    if (left === right || left.at(-1) !== from || right[0] !== to || to === order[0]) continue;
    for (const block of right) {
      left.push(block);
      chainOf.set(block, left);
    }
  }
  return placeChains(order, chainOf, frequencies);
}

function edgesFrom(block: MachineBlock, frequencies: Frequencies): Edge[] {
  if (block.insts.at(-1)?.op === "jump_table") return [];
  const frequency = block.successors.map((to) => frequencies.ofEdge(block, to));
  // Of two ways, one has a jump if neither follows; that is the one that runs less.
  const spared = Math.min(...frequency);
  return block.successors.map((to, index) => ({
    from: block,
    to,
    gain: block.successors.length === 1 ? spared : spared + TAKEN_WEIGHT * (frequency[index] as number),
  }));
}

/** The entry's chain first, then always the one that is entered most from those that stand. */
function placeChains(
  order: readonly MachineBlock[],
  chainOf: ReadonlyMap<MachineBlock, MachineBlock[]>,
  frequencies: Frequencies,
): MachineBlock[] {
  const placed: MachineBlock[] = [];
  const isPlaced = new Set<MachineBlock[]>();
  const pull = new Map<MachineBlock[], number>();
  const place = (chain: MachineBlock[]): void => {
    isPlaced.add(chain);
    pull.delete(chain);
    for (const block of chain) {
      placed.push(block);
      for (const to of block.successors) {
        const other = chainOf.get(to) as MachineBlock[];
        if (!isPlaced.has(other)) pull.set(other, (pull.get(other) ?? 0) + frequencies.ofEdge(block, to));
      }
    }
  };
  place(chainOf.get(order[0] as MachineBlock) as MachineBlock[]);
  while (pull.size > 0) {
    let best: MachineBlock[] | undefined;
    let bestPull = Number.NEGATIVE_INFINITY;
    for (const [chain, weight] of pull) {
      if (weight > bestPull) {
        best = chain;
        bestPull = weight;
      }
    }
    place(best as MachineBlock[]);
  }
  return placed;
}
