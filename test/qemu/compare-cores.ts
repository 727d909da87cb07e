/** One program on the emulated core and on QEMU's, instruction by instruction. */
import type { Chip } from "../../runtime/esp8266/chip.ts";
import { SpecialRegister } from "../../runtime/esp8266/core/special-registers.ts";
import { Assembler, Label } from "../../tools/lx106/assembler.ts";
import { RESET_ADDRESS } from "./driver.ts";
import { loadChip, writeRam } from "./load-chip.ts";
import type { Segment } from "./process.ts";
import { type QemuState, traceQemu } from "./trace.ts";

/** More differences would say the same again. */
const DIFFERENCES_MAX = 5;
/** Of the second pass, and so of the test's worth. */
const TRANSLATED_SHARE_LEAST = 0.5;
const INSTRUCTIONS_MAX = 100_000;

export interface ComparedProgram {
  segments: readonly Segment[];
  startAddress: number;
  /** A jump to itself. */
  endAddress: number;
}

export interface Comparison {
  /** In words; the first one ends the comparison. */
  differences: string[];
  instructions: number;
  /** QEMU's states from the start of the program to its end, or to the difference. */
  states: QemuState[];
  last: QemuState;
}

/** The special registers that QEMU prints and that do not follow its own time. */
const SPECIAL = [
  ...(["SAR", "LITBASE", "EPC1", "EPC2", "EPC3", "DEPC", "EPS2", "EPS3", "PS", "INTENABLE"] as const),
  ...(["EXCSAVE1", "EXCSAVE2", "EXCSAVE3", "VECBASE", "EXCCAUSE", "EXCVADDR"] as const),
  ...(["DDR", "IBREAKA0", "DBREAKA0", "CCOMPARE0", "DEBUGCAUSE"] as const),
];

export async function compareWithQemu(program: ComparedProgram): Promise<Comparison> {
  const all = await traceQemu({
    segments: [...program.segments, jumpTo(program.startAddress)],
    endAddress: program.endAddress,
    instructionsMax: INSTRUCTIONS_MAX,
  });
  const theirs = all.slice(all.findIndex(({ pc }) => pc === program.startAddress));
  const chip = loadChip(program.segments, { engine: "interpreter" });
  chip.pc = program.startAddress;
  // What the jump at the reset vector leaves behind.
  chip.registers[0] = program.startAddress;
  let previous: QemuState | undefined;
  for (const [index, state] of theirs.entries()) {
    // QEMU shows the state after an interrupt is taken, before the first instruction of its handler.
    chip.core.serve();
    const differences = differencesOf(chip, state);
    if (differences.length > 0) {
      const at = (previous ?? state).pc.toString(16);
      return {
        differences: differences.slice(0, DIFFERENCES_MAX).map((text) => `after ${at}: ${text}`),
        instructions: index,
        states: theirs.slice(0, index + 1),
        last: state,
      };
    }
    previous = state;
    chip.run({ maxInstructions: 1, stopOnException: true });
  }
  return { differences: [], instructions: theirs.length - 1, states: theirs, last: theirs.at(-1) as QemuState };
}

/**
 * The same program once more where the chip translates: the first pass makes every block hot, the second one runs what was
 * translated. How its end differs from QEMU's, in words.
 */
export function compareTranslated(program: ComparedProgram, { instructions, last }: Comparison): string[] {
  const chip = loadChip(program.segments, { engine: "translated", translateAfter: 1 });
  for (let pass = 1; pass <= 2; pass++) {
    chip.reset();
    writeRam(chip, program.segments);
    chip.pc = program.startAddress;
    chip.registers[0] = program.startAddress;
    chip.run({ maxInstructions: instructions });
  }
  // The rest of a program is what the interpreter does for both: exceptions, special registers, the end of a run.
  const translated = chip.translated.instructions;
  if (translated < instructions * TRANSLATED_SHARE_LEAST) return [`only ${translated} instructions ran translated`];
  return differencesOf(chip, last).map((text) => `translated: ${text}`);
}

function differencesOf(chip: Chip, state: QemuState): string[] {
  return [
    ...differing("pc", chip.pc, state.pc),
    ...Array.from(state.a, (value, register) => differing(`a${register}`, chip.registers[register] as number, value)),
    ...SPECIAL.map((name) =>
      differing(name, chip.readSpecial(SpecialRegister[name]), state.special.get(name) as number),
    ),
  ].flat();
}

function differing(name: string, ours: number, theirs: number): string[] {
  if (ours >>> 0 === theirs >>> 0) return [];
  return [`${name} is ${(ours >>> 0).toString(16)}, QEMU has ${(theirs >>> 0).toString(16)}`];
}

/** What stands at the reset vector. */
function jumpTo(address: number): Segment {
  const code = new Assembler(RESET_ADDRESS);
  const start = new Label("start");
  code.emit("j", start);
  code.pool();
  code.place(start);
  code.loadLiteral(0, address);
  code.emit("jx", 0);
  return { address: RESET_ADDRESS, bytes: code.finish().bytes };
}
