/**
 * Runs the commands of one file of the WebAssembly test suite: compiles its modules, runs them on the emulated chip, and
 * judges every assertion and action. A module that loads is no test of its own; one that does not is a failure.
 */
import { CompileError, UnsupportedError } from "../../tools/aot/errors.ts";
import { interfaceOf } from "../native/interface-of.ts";
import { type Outcome, STACK_EXHAUSTED, showOutcome } from "../native/program.ts";
import { type ChipSettings, compileForChip, type ProgramOnChip } from "../native/program-on-chip.ts";
import { showValue } from "../native/wasm-values.ts";
import { withActualLimits } from "./actual-limits.ts";
import type { Command, ExpectedValue } from "./commands.ts";
import { argumentValue, foreignType, isReturn, isTrap, showExpected } from "./expectation.ts";
import { importProblem, SPECTEST_IMPORTS } from "./spectest.ts";

export interface Skip {
  file: string;
  line: number;
  reason: string;
}

export interface Tally {
  passed: number;
  /** What was expected and what came, with file and line. */
  failures: string[];
  skipped: Skip[];
}

type Loaded = { program: ProgramOnChip } | { skipped: string } | { failed: string };

/** Why a command does not count. */
class Skipped extends Error {}

export class CommandRun {
  readonly tally: Tally = { passed: 0, failures: [], skipped: [] };
  readonly #file: string;
  readonly #readModule: (filename: string) => Uint8Array;
  readonly #settings: ChipSettings;
  readonly #named = new Map<string, Loaded>();
  readonly #registered = new Map<string, Loaded>();
  #latest: Loaded = { skipped: "there is no module before it" };

  constructor(file: string, readModule: (filename: string) => Uint8Array, settings: ChipSettings) {
    this.#file = file;
    this.#readModule = readModule;
    this.#settings = settings;
  }

  run(command: Command): void {
    try {
      const problem = this.#judge(command);
      if (problem === undefined) return;
      if (problem === "") this.tally.passed++;
      else this.tally.failures.push(`${this.#file}:${command.line}: ${describe(command)}: ${problem}`);
    } catch (error) {
      if (!(error instanceof Skipped)) throw error;
      this.tally.skipped.push({ file: this.#file, line: command.line, reason: error.message });
    }
  }

  /** "" when it is as it should be, undefined when it is no test, else what is wrong. */
  #judge(command: Command): string | undefined {
    const { type, text = "", expected } = command;
    switch (type) {
      case "module":
        return this.#load(command);
      case "register":
        this.#register(command);
        return undefined;
      case "action":
        return verdict((outcome) => outcome.kind === "returned", "any result", this.#act(command));
      case "assert_return":
        return verdict((outcome) => isReturn(expected, outcome), showExpected(expected), this.#act(command));
      case "assert_trap":
        return verdict((outcome) => isTrap(text, outcome), `trap "${text}"`, this.#act(command));
      case "assert_exhaustion":
        return verdict((outcome) => isTrap(STACK_EXHAUSTED, outcome), `trap "${STACK_EXHAUSTED}"`, this.#act(command));
      case "assert_invalid":
      case "assert_malformed":
        return this.#assertRefused(command);
      case "assert_unlinkable":
        throw new Skipped("linking: whoever builds a program compares its imports with the host's table");
      case "assert_uninstantiable":
        return this.#assertUninstantiable(command);
      default:
        throw new Skipped(`the command "${type}" is unknown`);
    }
  }

  #load(command: Command): string | undefined {
    this.#latest = this.#compile(command);
    if ("program" in this.#latest) {
      const outcome = this.#latest.program.init();
      if (outcome.kind !== "returned") this.#latest = { failed: `its start ends in ${showOutcome(outcome)}` };
    }
    if (command.name !== undefined) this.#named.set(command.name, this.#latest);
    if ("skipped" in this.#latest) throw new Skipped(this.#latest.skipped);
    return "failed" in this.#latest ? this.#latest.failed : undefined;
  }

  #compile(command: Command): Loaded {
    const wasm = this.#binary(command);
    try {
      // What V8 cannot read the compiler cannot either, and says why.
      if (!WebAssembly.validate(wasm)) return { program: this.#compileBytes(wasm) };
      const problem = this.#importProblem(wasm);
      return problem === undefined ? { program: this.#compileBytes(withActualLimits(wasm)) } : { skipped: problem };
    } catch (error) {
      if (error instanceof UnsupportedError) return { skipped: error.message };
      if (error instanceof CompileError) return { failed: `does not compile: ${error.message}` };
      // A mistake of the compiler itself; the stack says where.
      return { failed: `the compiler broke: ${error instanceof Error ? error.stack : String(error)}` };
    }
  }

  #compileBytes(wasm: Uint8Array): ProgramOnChip {
    return compileForChip(wasm, { ...this.#settings, checked: true, imports: SPECTEST_IMPORTS });
  }

  #importProblem(wasm: Uint8Array): string | undefined {
    let first: string | undefined;
    for (const { module, name, kind, signature } of interfaceOf(wasm).imports) {
      first ??= importProblem(module, name, kind, signature.params);
      // What the two would share, the module that is not linked would have changed.
      if (kind !== "function" && this.#registered.has(module)) this.#skipFromHere(module);
    }
    return first;
  }

  #skipFromHere(registeredAs: string): void {
    const exporter = this.#registered.get(registeredAs);
    const loaded = { skipped: "shares state with a module that is not linked" };
    for (const [name, other] of this.#named) if (other === exporter) this.#named.set(name, loaded);
    if (this.#latest === exporter) this.#latest = loaded;
    this.#registered.set(registeredAs, loaded);
  }

  #register({ name, as }: Command): void {
    const loaded = name === undefined ? this.#latest : this.#named.get(name);
    if (as !== undefined && loaded !== undefined) this.#registered.set(as, loaded);
  }

  #binary({ filename, moduleType }: Command): Uint8Array {
    if (filename === undefined) throw new Skipped("the command names no file");
    if (moduleType === "text" || !filename.endsWith(".wasm")) {
      throw new Skipped("the module is text, which is for an assembler to read");
    }
    return this.#readModule(filename);
  }

  #assertRefused(command: Command): string {
    const wasm = this.#binary(command);
    if (WebAssembly.validate(wasm)) throw new Skipped("the module has become valid in later editions: V8 takes it");
    try {
      this.#compileBytes(wasm);
    } catch (error) {
      if (error instanceof CompileError) return "";
      return `the compiler broke: ${error instanceof Error ? error.stack : String(error)}`;
    }
    return `expected an error like "${command.text ?? ""}", but it compiles`;
  }

  #assertUninstantiable(command: Command): string {
    const loaded = this.#compile(command);
    if ("skipped" in loaded) throw new Skipped(loaded.skipped);
    // Segments beyond their table or memory can be known before the program runs.
    if ("failed" in loaded) return loaded.failed.includes("out of bounds") ? "" : loaded.failed;
    const expected = command.text ?? "";
    return verdict((outcome) => isTrap(expected, outcome), `trap "${expected}"`, loaded.program.init());
  }

  #act({ action }: Command): Outcome {
    if (action === undefined) throw new Skipped("the command has no action");
    const loaded = action.module === undefined ? this.#latest : this.#named.get(action.module);
    if (loaded === undefined) throw new Skipped(`there is no module "${action.module}"`);
    if ("skipped" in loaded) throw new Skipped(loaded.skipped);
    if ("failed" in loaded) return { kind: "inconclusive", reason: "its module does not load" };
    const foreign = foreignType(action.args);
    if (foreign !== undefined) throw new Skipped(`an argument is of type ${foreign}`);
    if (action.type === "get") {
      const value = loaded.program.global(action.field);
      return value ? { kind: "returned", values: [value] } : { kind: "inconclusive", reason: "no such global" };
    }
    return loaded.program.call(action.field, action.args.map(argumentValue));
  }
}

function verdict(isRight: (outcome: Outcome) => boolean, expected: string, outcome: Outcome): string {
  return isRight(outcome) ? "" : `expected ${expected}, got ${showOutcome(outcome)}`;
}

/** `assert_return add(i32 1, i32 2)`. */
function describe({ type, action }: Command): string {
  if (action === undefined) return type;
  if (action.type === "get") return `${type} ${action.field}`;
  return `${type} ${action.field}(${action.args.map(showArgument).join(", ")})`;
}

function showArgument(arg: ExpectedValue): string {
  return foreignType([arg]) === undefined ? showValue(argumentValue(arg)) : arg.type;
}
