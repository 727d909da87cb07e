/** Whether an outcome is the one that a command of the test suite expects. */
import type { Outcome } from "../native/program.ts";
import { isArithmeticNan, isCanonicalNan, showValue, valueOf, type WasmValue } from "../native/wasm-values.ts";
import { type ExpectedValue, isNumberType } from "./commands.ts";

/** A value that this compiler cannot pass: a reference, a vector. */
export function foreignType(values: readonly ExpectedValue[]): string | undefined {
  for (const { type, values: alternatives } of values) {
    const foreign = type === "either" ? foreignType(alternatives ?? []) : isNumberType(type) ? undefined : type;
    if (foreign !== undefined) return foreign;
  }
  return undefined;
}

export function argumentValue({ type, value }: ExpectedValue): WasmValue {
  if (!isNumberType(type) || value === undefined || !/^\d+$/.test(value))
    throw new Error(`no argument: ${type} ${value}`);
  return valueOf(type, BigInt(value));
}

export function matches(expected: ExpectedValue, value: WasmValue): boolean {
  if (expected.type === "either") return (expected.values ?? []).some((alternative) => matches(alternative, value));
  if (expected.type !== value.type) return false;
  if (expected.value === undefined) return true;
  if (expected.value === "nan:canonical") return isCanonicalNan(value);
  if (expected.value === "nan:arithmetic") return isArithmeticNan(value);
  return BigInt(expected.value) === value.bits;
}

export function isReturn(expected: readonly ExpectedValue[], outcome: Outcome): boolean {
  return (
    outcome.kind === "returned" &&
    outcome.values.length === expected.length &&
    outcome.values.every((value, index) => matches(expected[index] as ExpectedValue, value))
  );
}

/** The suite gives the text of a trap or the beginning of it; older editions have other words for some. */
const OTHER_WORDS = new Map([
  ["uninitialized table element", "uninitialized element"],
  ["callIndirect: function signatures don't match", "indirect call type mismatch"],
  ["indirect call signature mismatch", "indirect call type mismatch"],
]);

export function isTrap(expectedText: string, outcome: Outcome): boolean {
  if (outcome.kind !== "trapped") return false;
  const expected = OTHER_WORDS.get(expectedText) ?? expectedText;
  // "uninitialized element 2" names the element, "undefined" leaves out what is undefined.
  return outcome.trap.startsWith(expected) || expected.startsWith(outcome.trap);
}

export function showExpected(expected: readonly ExpectedValue[]): string {
  const show = (item: ExpectedValue): string => {
    if (item.type === "either") return `one of (${(item.values ?? []).map(show).join(", ")})`;
    if (!isNumberType(item.type) || item.value === undefined || item.value.startsWith("nan")) {
      return `${item.type} ${item.value ?? "of any value"}`;
    }
    return showValue(argumentValue(item));
  };
  return expected.length === 0 ? "nothing" : expected.map(show).join(", ");
}
