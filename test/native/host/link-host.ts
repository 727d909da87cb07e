/** The host of the real chip linked by its own script, in the way of the core's common one as far as it matters here. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type ElfFile, readElf } from "../../qemu/elf.ts";
import { chipTool, NATIVE_FOLDER } from "./build-host.ts";

/** In front of the code: size and CRC of the file, which the core's tools write there when the file is made (tools/elf2bin.py). */
const COMMON_SCRIPT = `SECTIONS {
  .irom0.text : {
    LONG(0) LONG(0)
    *(.irom.text .irom.text.*)
    *(.literal .literal.* .text .text.* .iram.literal .iram.text)
  } > irom0_0_seg
  .data : { *(.data .data.* .rodata .rodata.*) } > dram0_0_seg
  .bss (NOLOAD) : { _bss_start = .; *(.bss .bss.* COMMON) _bss_end = .; } > dram0_0_seg
}
`;
/** What the core calls, and its second stack. Nothing else keeps a section. */
const ROOTS = ["_Z5setupv", "_Z4loopv", "custom_crash_callback", "verifyHere"];

export function scriptOf(flashMiB: number): string {
  return join(NATIVE_FOLDER, `linker/lintel.flash.${flashMiB}m.ld`);
}

/** `given`: addresses of what comes from elsewhere; absent: it stays open. */
export function linkHost(
  folder: string,
  objects: readonly string[],
  flashMiB: number,
  given?: ReadonlyMap<string, number>,
): ElfFile {
  writeFileSync(join(folder, "local.eagle.app.v6.common.ld"), COMMON_SCRIPT);
  const output = join(folder, `host-${flashMiB}.elf`);
  const symbols = given === undefined ? ["--unresolved-symbols=ignore-all"] : [];
  for (const [name, address] of given ?? []) symbols.push(`--defsym=${name}=${address}`);
  const kept = ROOTS.flatMap((name) => ["-u", name]);
  const options = ["-L", folder, "-T", scriptOf(flashMiB), "--no-warn-rwx-segments", "--gc-sections", "-e", "0"];
  chipTool("ld", ...options, ...kept, "-o", output, ...symbols, ...objects);
  return readElf(readFileSync(output));
}
