/** Code as text, to find out what is equal. */
import type { CodeItem, Label } from "./code-item.ts";

/** All labels read so, for they do nothing. */
export const LABEL = "label";

export class ItemTexts {
  readonly #names = new Map<Label, number>();

  /** Equal for items that do the same. */
  readonly textOf = (item: CodeItem): string => {
    switch (item.kind) {
      case "plain":
        return `${item.instruction.mnemonic} ${item.instruction.operands.join()}`;
      case "label":
        return LABEL;
      case "branch":
        return `${item.condition} ${item.operands.join()} ${this.#nameOf(item.to)} ${item.trap ?? ""}`;
      case "jump":
        return `j ${this.#nameOf(item.to)}`;
      case "trap":
        return `trap ${item.trap}`;
      case "call":
        return `call ${item.function} ${item.isTail}`;
      case "literal":
        return `l32r ${item.register} ${item.value} ${item.symbol ?? ""}`;
      case "table-call":
      case "shared-trap":
        return `${item.kind} ${this.#nameOf(item.kind === "table-call" ? item.to : item.label)}`;
      case "align":
        return item.kind;
    }
  };

  #nameOf(label: Label): number {
    const name = this.#names.get(label) ?? this.#names.size;
    this.#names.set(label, name);
    return name;
  }
}
