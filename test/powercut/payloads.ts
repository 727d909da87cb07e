/** The programs of the scenarios, compiled: the boot program, and the probe (test/programs/probe) in its versions. */
import { buildNative } from "../../tools/build/build-native.ts";
import { compileProgram, type Engine } from "../../tools/build/compile-program.ts";

const PROBE = "test/programs/probe";
const BOOT = "firmware/boot";

/** Changes a source on its way to the compiler. */
export type Edit = (path: string, text: string) => string;

/** Version and defect of each probe. */
const PROBES = {
  first: ["1.0.0", "None"],
  second: ["1.0.1", "None"],
  crash: ["1.0.2", "Crash"],
  hang: ["1.0.3", "Hang"],
} as const;

type PayloadName = "boot" | keyof typeof PROBES;

export interface Payloads extends Record<PayloadName, Uint8Array> {
  /** Files that the boot program, and a probe, are made of. */
  sources: { boot: readonly string[]; probe: readonly string[] };
}

/** One place in the sources, which must be there exactly once, and what is there instead. */
export interface Mistake {
  file: string;
  from: string;
  to: string;
}

/**
 * Says in the log that it runs a command, whose argument is its id, and takes a reading. Takes one setting, and sensor
 * graphs: each is its version as a byte, many times over, and one that is not that is torn.
 */
const COMMANDS = `import { CommandHandler, GraphCheck, GraphStore, MethodName } from "../../../runtime/device/index.ts";
class AnyGraph implements GraphCheck {
  check(pointer: usize, length: u32): i32 {
    return 0;
  }
}
const graphs = new GraphStore(new AnyGraph());
const SETTINGS = memory.data<i32>([0x103, 0, 100, 0]);
function beginOrders(): void {
  session.handleCommands(new Commands());
  session.takeSettings(SETTINGS, 1);
  graphs.load();
  session.handleGraphs(graphs);
  for (let i: u32 = 0; i < graphs.sizeBytes; i++) {
    if (<u32>load<u8>(graphs.pointer + i) == graphs.version) continue;
    logValue(LogLevel.Error, "torn graph ", graphs.version);
    return;
  }
}
class Commands implements CommandHandler {
  handle(method: MethodName, argument: i32): i32 {
    logValue(LogLevel.Debug, "ran ", argument);
    take();
    return 0;
  }
}
`;

const same: Edit = (_path, text) => text;

export async function buildPayloads(engine: Engine): Promise<Payloads> {
  const boot = await build(engine, "boot", same);
  const first = await build(engine, "first", same);
  const rest = async (name: PayloadName) => (await build(engine, name, same)).payload;
  return {
    sources: { boot: boot.sources, probe: first.sources },
    boot: boot.payload,
    first: first.payload,
    second: await rest("second"),
    crash: await rest("crash"),
    hang: await rest("hang"),
  };
}

/** `base` with a mistake in it, in the programs that run for long: the boot program and the two good probes. */
export async function buildWithMistake(engine: Engine, base: Payloads, mistake: Mistake): Promise<Payloads> {
  const { file, from, to } = mistake;
  const edit: Edit = (path, text) => (path === file ? replaceOnce(text, from, to) : text);
  const payloads = { ...base };
  if (base.sources.boot.includes(file)) payloads.boot = (await build(engine, "boot", edit)).payload;
  if (!base.sources.probe.includes(file)) return payloads;
  payloads.first = (await build(engine, "first", edit)).payload;
  payloads.second = (await build(engine, "second", edit)).payload;
  return payloads;
}

async function build(
  engine: Engine,
  name: PayloadName,
  edit: Edit,
): Promise<{ payload: Uint8Array; sources: string[] }> {
  const sources: string[] = [];
  const edits: Edit = (path, text) => {
    sources.push(path);
    const edited = edit(path, text);
    return name !== "boot" && path.startsWith(PROBE) ? asProbe(name, edited) : edited;
  };
  const folder = name === "boot" ? BOOT : PROBE;
  const payload =
    engine === "lx106"
      ? (await buildNative(folder, { edit: edits })).module.image
      : (await compileProgram(folder, engine, { edit: edits })).wasm;
  return { payload, sources };
}

function asProbe(name: keyof typeof PROBES, text: string): string {
  const [version, defect] = PROBES[name];
  return [
    ['"1.0.0"', `"${version}"`],
    ["= Defect.None;", `= Defect.${defect};`],
    ["enum Defect {", `${COMMANDS}enum Defect {`],
    ["  queue.begin();", "  queue.begin();\n  beginOrders();"],
  ].reduce((edited, [from = "", to = ""]) => replaceOnce(edited, from, to), text);
}

export function replaceOnce(text: string, from: string, to: string): string {
  const parts = text.split(from);
  if (parts.length !== 2) throw new Error(`"${from}" is there ${parts.length - 1} times, not once`);
  return parts.join(to);
}
