import { describe, expect, it } from "vitest";
import { SeededRandom } from "../../../runtime/board/random.ts";
import { decode, widthAt } from "../../lx106/decode.ts";
import type { Condition } from "../machine/machine-function.ts";
import { assemble } from "./assemble.ts";
import { BranchForm, type CodeItem, type Label } from "./code-item.ts";

const nop: CodeItem = { kind: "plain", instruction: { mnemonic: "nop", operands: [] } };
const nopNarrow: CodeItem = { kind: "plain", instruction: { mnemonic: "nop.n", operands: [] } };

/** Fillers of exactly so many bytes. */
function fill(bytes: number): CodeItem[] {
  const narrow = bytes % 3 === 0 ? 0 : bytes % 3 === 2 ? 1 : 2;
  return [...Array(narrow).fill(nopNarrow), ...Array((bytes - 2 * narrow) / 3).fill(nop)];
}

function branch(condition: Condition, to: Label): CodeItem {
  const operands = condition.endsWith("z") ? [4] : [4, 5];
  return { kind: "branch", condition, operands, to, form: BranchForm.Narrow };
}

/** The instructions of a branch over `distance` bytes between it and its target. */
function branchOver(condition: Condition, distance: number) {
  const label = { address: 0 };
  const { bytes } = assemble([branch(condition, label), ...fill(distance), { kind: "label", label }, nop]);
  const first = decode(bytes, 0);
  const size = bytes.length - distance - 3;
  const second = size > 3 ? decode(bytes, size - 3, size - 3) : undefined;
  return {
    size,
    names: [first, second].flatMap((found) => found?.mnemonic ?? []),
    target: (second ?? first)?.operands.at(-1),
    label,
  };
}

function branchBack(condition: Condition, distance: number) {
  const label = { address: 0 };
  const { bytes } = assemble([{ kind: "label", label }, ...fill(distance), branch(condition, label), nop]);
  return { size: bytes.length - distance - 3, mnemonic: decode(bytes, distance, distance)?.mnemonic };
}

/** Where the branch or jump at `address` ends up when it is taken: past one jump, or over one that its opposite skips. */
function whereTo(bytes: Uint8Array, address: number): number | undefined {
  const first = decode(bytes, address, address);
  const target = first?.operands.at(-1) as number;
  const behind = address + widthAt(bytes, address);
  const isOpposite = first?.mnemonic.startsWith("bnez") || first?.mnemonic === "bgeu";
  const jump = decode(bytes, isOpposite ? behind : target, isOpposite ? behind : target);
  if (isOpposite) return jump?.mnemonic === "j" ? jump.operands[0] : undefined;
  return first?.mnemonic !== "j" && jump?.mnemonic === "j" ? jump.operands[0] : target;
}

describe("forms of branches", () => {
  it.each([
    // Targets at 4 to 67 bytes from the branch's own address: 2 to 65 bytes between.
    ["beqz", 2, ["beqz.n"]],
    ["beqz", 65, ["beqz.n"]],
    ["beqz", 66, ["beqz"]],
    // At most 2051 bytes from the branch.
    ["bnez", 2048, ["bnez"]],
    ["bnez", 2049, ["beqz.n", "j"]],
    ["bltz", 2048, ["bltz"]],
    ["bltz", 2049, ["bgez", "j"]],
    // At most 131 bytes.
    ["beq", 128, ["beq"]],
    ["beq", 129, ["bne", "j"]],
    ["ball", 129, ["bnall", "j"]],
  ] as const)("%s over %i bytes", (condition, distance, names) => {
    const found = branchOver(condition, distance);
    expect(found.names).toEqual(names);
    expect(found.target).toBe(found.size + distance);
  });

  it.each([
    ["beqz", 2044, "beqz", 3],
    ["beqz", 2045, "bnez.n", 5],
    ["bgeu", 124, "bgeu", 3],
    ["bgeu", 125, "bltu", 6],
  ] as const)("%s back over %i bytes", (condition, distance, mnemonic, size) => {
    expect(branchBack(condition, distance)).toEqual({ size, mnemonic });
  });

  it("lets a branch grow because another one between has grown", () => {
    const near = { address: 0 };
    const far = { address: 0 };
    const { bytes } = assemble([
      branch("beqz", near),
      branch("beqz", far),
      ...fill(62),
      { kind: "label", label: near },
      ...fill(10),
      { kind: "label", label: far },
      nop,
    ]);
    // The second is 3 bytes, so the first has 65 between: just narrow.
    expect(decode(bytes, 0)).toEqual({ mnemonic: "beqz.n", operands: [4, 67] });
    expect(decode(bytes, 2, 2)?.mnemonic).toBe("beqz");
  });

  it("goes by way of another one's jump to the same place, where that is in reach", () => {
    const label = { address: 0 };
    const { bytes } = assemble([
      branch("beq", label),
      nop,
      branch("bany", label),
      ...fill(300),
      { kind: "label", label },
      nop,
    ]);
    expect(decode(bytes, 0)).toEqual({ mnemonic: "bne", operands: [4, 5, 6] });
    expect(decode(bytes, 3, 3)).toEqual({ mnemonic: "j", operands: [312] });
    expect(decode(bytes, 9, 9)).toEqual({ mnemonic: "bany", operands: [4, 5, 3] });
    expect(bytes.length).toBe(315);
  });

  it("gets every branch where it belongs, however many need a jump", () => {
    for (let seed = 0; seed < 40; seed++) {
      const random = new SeededRandom(seed);
      const labels: Label[] = Array.from({ length: 6 }, () => ({ address: 0 }));
      const places = labels.map(() => random.integer(0, 399));
      const branches: { at: Label; to: Label }[] = [];
      const items: CodeItem[] = [];
      for (let position = 0; position < 400; position++) {
        labels.forEach((label, index) => {
          if (places[index] === position) items.push({ kind: "label", label }, nop);
        });
        const to = labels[random.integer(0, labels.length - 1)] as Label;
        const kind = random.integer(0, 9);
        if (kind > 2) {
          items.push(...fill(random.integer(2, 12)));
          continue;
        }
        const at = { address: 0 };
        branches.push({ at, to });
        items.push({ kind: "label", label: at });
        items.push(kind === 0 ? { kind: "jump", to } : branch(kind === 1 ? "beqz" : "bltu", to));
      }
      const { bytes } = assemble(items);
      for (const { at, to } of branches) expect(whereTo(bytes, at.address)).toBe(to.address);
    }
  });

  it("has the trap inline where its shared instruction is out of reach, and drops that", () => {
    const label = { address: 0 };
    const items: CodeItem[] = [
      { ...branch("beq", label), trap: "unreachable" } as CodeItem,
      ...fill(300),
      { kind: "shared-trap", label, trap: "unreachable" },
    ];
    const { bytes, trapSites } = assemble(items);
    expect(trapSites).toEqual([{ offset: 3, trap: "unreachable" }]);
    expect(decode(bytes, 0)).toEqual({ mnemonic: "bne", operands: [4, 5, 5] });
    expect(bytes.length).toBe(305);
  });

  it("refuses a jump that is too far", () => {
    const label = { address: 0 };
    expect(() => assemble([{ kind: "jump", to: label }, ...fill(131_100), { kind: "label", label }, nop])).toThrow(
      /131075/,
    );
  });
});
