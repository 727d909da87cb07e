/**
 * C by Debian's gcc for this core, linked as a program of the chip: code at the start of the flash window, data in the RAM
 * of programs. The arithmetic that the chip's mask ROM holds is taken from there, as Espressif's own build does (Debian's
 * libgcc lacks it for that reason).
 */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PROGRAM_DATA_OFFSET } from "../../runtime/contract/limits.ts";
import { FLASH_MAP_ADDRESS, PROGRAM_RAM_ADDRESS } from "../../runtime/contract/native-image.ts";
import { type ElfFile, readElf } from "./elf.ts";
import { GCC } from "./installed.ts";

/** Entry points of the mask ROM, from the linker scripts that Espressif publishes with its SDK (eagle.rom.addr). */
const ROM_ROUTINES = {
  __muldi3: 0x40000650,
  __fixunssfsi: 0x4000c4c4,
  __addsf3: 0x4000c180,
  __subsf3: 0x4000c268,
  __mulsf3: 0x4000c3dc,
  __adddf3: 0x4000c538,
  __subdf3: 0x4000c688,
  __muldf3: 0x4000c8f0,
  __divdf3: 0x4000cb94,
  __fixdfsi: 0x4000ccb8,
  __fixunsdfsi: 0x4000cd00,
  __truncdfsf2: 0x4000cd5c,
  __extendsfdf2: 0x4000cdfc,
  __divdi3: 0x4000ce60,
  __udivdi3: 0x4000d310,
  __umoddi3: 0x4000d770,
  __umulsidi3: 0x4000dcf0,
  __divsi3: 0x4000dc88,
  __udivsi3: 0x4000e21c,
  __umodsi3: 0x4000e268,
  __floatunsisf: 0x4000e2a4,
  __floatsisf: 0x4000e2ac,
  __floatunsidf: 0x4000e2e8,
  __floatsidf: 0x4000e2f0,
};

/** Functions of the source stand in .measured, those that it puts into .setup.text in .setup, those of libgcc in .library. */
const LINKER_SCRIPT = `
${Object.entries(ROM_ROUTINES)
  .map(([name, address]) => `PROVIDE(${name} = ${address});`)
  .join("\n")}
SECTIONS {
  . = ${FLASH_MAP_ADDRESS};
  .measured : { *program.o(.literal .literal.*) *program.o(.text .text.*) }
  .setup : ALIGN(4) { *(.setup.literal) *(.setup.text) }
  .library : ALIGN(4) { *(.literal .literal.*) *(.text .text.*) }
  . = ${PROGRAM_RAM_ADDRESS + PROGRAM_DATA_OFFSET};
  .data : ALIGN(4) { *(.data .data.* .rodata .rodata.*) }
  .bss : ALIGN(4) { *(.bss .bss.* COMMON) }
  /DISCARD/ : { *(.comment .xtensa.info .xt.* .eh_frame*) }
}
`;

/** The C of the language and nothing of a library: a loop that copies stays a loop. */
const FLAGS = ["-std=gnu11", "-Wall", "-Werror", "-ffreestanding", "-fno-tree-loop-distribute-patterns", "-mlongcalls"];

/** Compiles and links one file; it may export any number of functions, and needs no main. */
export function compileC(sourceFile: string, optimise: "-O2" | "-Os"): ElfFile {
  const folder = mkdtempSync(join(tmpdir(), "lintel-gcc-"));
  try {
    const object = join(folder, "program.o");
    const script = join(folder, "link.ld");
    const output = join(folder, "program.elf");
    writeFileSync(script, LINKER_SCRIPT);
    runGcc([...FLAGS, optimise, "-c", "-o", object, sourceFile]);
    runGcc([
      "-nostdlib",
      `-Wl,-T,${script}`,
      "-Wl,-n",
      "-Wl,-e,0",
      "-Wl,--no-warn-rwx-segments",
      "-o",
      output,
      object,
      "-lgcc",
    ]);
    return readElf(readFileSync(output));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function runGcc(args: readonly string[]): void {
  execFileSync(GCC, args, { stdio: ["ignore", "inherit", "inherit"] });
}
