/**
 * A compiled device program. It is checked once, here, against the host ABI: after that any number of devices can run it,
 * and they share the compiled code.
 */
import type { HostImports } from "../board/host-imports.ts";
import { HOST_MODULE } from "../contract/host-abi.ts";
import { HOST_FUNCTIONS } from "../contract/host-functions.ts";
import { countLoops, LOOP_TURNS_MAX, TURNS_EXPORT } from "./loop-limit.ts";
import { type ModuleItem, readSignatures, signatureText } from "./module-signatures.ts";

/** A module that is not a device program; the message names every reason. */
export class ProgramError extends Error {
  constructor(reasons: string[]) {
    super(`This is not a device program: ${reasons.join("; ")}.`);
    this.name = "ProgramError";
  }
}

/** What the engine calls in a running program. */
export interface ProgramInstance {
  start(): void;
  poll(): number;
  memory: WebAssembly.Memory;
  /** A call into the program begins: its loops may turn LOOP_TURNS_MAX times. */
  beginCall(): void;
  /** The last call was ended because its loops turned too often. */
  hasLooped(): boolean;
  /** Bytes that the program's allocator has given out, and their maximum; 0 where the program does not tell. */
  heapUsed(): number;
  heapLimit(): number;
}

const NOTHING_TO_NOTHING = signatureText([], []);
const NOTHING_TO_I32 = signatureText([], ["i32"]);

/** Every i32 function that a program exports and the engine knows; the first two must be there. */
const EXPORTED_FUNCTIONS = [
  { name: "start", signature: NOTHING_TO_NOTHING, isRequired: true },
  { name: "poll", signature: NOTHING_TO_I32, isRequired: true },
  { name: "heap_used", signature: NOTHING_TO_I32, isRequired: false },
  { name: "heap_limit", signature: NOTHING_TO_I32, isRequired: false },
];

const HOST_SIGNATURES = new Map(
  HOST_FUNCTIONS.map((fn) => {
    const params = fn.params.split(" ").filter((name) => name !== "");
    return [
      fn.name,
      signatureText(
        params.map(() => "i32"),
        fn.returns ? ["i32"] : [],
      ),
    ];
  }),
);

export class WasmProgram {
  readonly #module: WebAssembly.Module;

  private constructor(module: WebAssembly.Module) {
    this.#module = module;
  }

  /** Throws a ProgramError when the bytes are not a device program. */
  static compile(bytes: Uint8Array): WasmProgram {
    let module: WebAssembly.Module;
    try {
      module = new WebAssembly.Module(bytes);
    } catch (error) {
      throw new ProgramError([error instanceof Error ? error.message : String(error)]);
    }
    const { imports, exports } = readSignatures(bytes);
    const reasons = [...imports.flatMap(importFaults), ...exportFaults(exports)];
    if (reasons.length > 0) throw new ProgramError(reasons);
    const counting = countLoops(bytes);
    return new WasmProgram(counting === undefined ? module : new WebAssembly.Module(counting));
  }

  /** A fresh instance: memory as the program's data says, nothing run yet. */
  instantiate(host: HostImports): ProgramInstance {
    const { exports } = new WebAssembly.Instance(this.#module, { [HOST_MODULE]: { ...host } });
    const { start, poll, memory, heap_used, heap_limit } = exports;
    if (typeof start !== "function" || typeof poll !== "function" || !(memory instanceof WebAssembly.Memory)) {
      throw new Error("The exports of a checked program have changed.");
    }
    const turns = exports[TURNS_EXPORT];
    const left = turns instanceof WebAssembly.Global ? turns : undefined;
    return {
      beginCall: () => {
        if (left !== undefined) left.value = LOOP_TURNS_MAX;
      },
      hasLooped: () => left?.value === 0,
      start: () => void start(),
      poll: () => (poll() ?? 0) >>> 0,
      memory,
      heapUsed: callOrZero(heap_used),
      heapLimit: callOrZero(heap_limit),
    };
  }
}

function callOrZero(exported: WebAssembly.ExportValue | undefined): () => number {
  return typeof exported === "function" ? () => (exported() ?? 0) >>> 0 : () => 0;
}

function importFaults(item: ModuleItem): string[] {
  if (item.module === "env" && item.name === "abort") return ["it imports env.abort (compile with --use abort=)"];
  if (item.module !== HOST_MODULE) {
    return [`it imports ${item.module}.${item.name}, but only module ${HOST_MODULE} is offered`];
  }
  if (item.kind !== "function")
    return [`it imports a ${item.kind}, ${HOST_MODULE}.${item.name}, but only functions are offered`];
  const signature = HOST_SIGNATURES.get(item.name);
  if (signature === undefined) return [`it imports ${HOST_MODULE}.${item.name}, which the host ABI does not have`];
  if (signature === item.signature) return [];
  return [`it imports ${HOST_MODULE}.${item.name} as ${item.signature}, but it is ${signature}`];
}

function exportFaults(exports: ModuleItem[]): string[] {
  const faults: string[] = [];
  for (const { name, signature, isRequired } of EXPORTED_FUNCTIONS) {
    const item = exports.find((exported) => exported.name === name);
    if (item === undefined) {
      if (isRequired) faults.push(`it does not export ${name}`);
    } else if (item.signature !== signature) {
      faults.push(`it exports ${name} as ${item.signature || `a ${item.kind}`}, but it should be ${signature}`);
    }
  }
  if (!exports.some(({ name, kind }) => name === "memory" && kind === "memory"))
    faults.push("it does not export memory");
  return faults;
}
