/** What a module imports and exports, with types, read independently of the compiler under test. */
import { readSignatures } from "../../runtime/wasm/module-signatures.ts";
import type { ValType } from "../../tools/aot/read/module.ts";
import type { Signature } from "./program.ts";

export interface InterfaceItem {
  /** Of an import; empty for an export. */
  module: string;
  name: string;
  kind: "function" | "table" | "memory" | "global";
  /** Of a function. */
  signature: Signature;
}

/** The module must be valid. */
export function interfaceOf(wasm: Uint8Array): { imports: InterfaceItem[]; exports: InterfaceItem[] } {
  const { imports, exports } = readSignatures(wasm);
  const item = ({ signature, ...rest }: (typeof imports)[number]) => ({
    ...rest,
    signature: parseSignature(signature),
  });
  return { imports: imports.map(item), exports: exports.map(item) };
}

/** The reverse of signatureText: `(i32 i64) -> f32`. */
function parseSignature(text: string): Signature {
  const [, params = "", results = ""] = /^\((.*)\) -> (.*)$/.exec(text) ?? [];
  const types = (list: string) => list.split(" ").filter((word) => word !== "" && word !== "nothing") as ValType[];
  return { params: types(params), results: types(results) };
}
