/** The probe program with a reading a minute instead of one a second. */
import type { Engine } from "../../tools/build/compile-program.ts";
import { buildImages, type ProgramImages, replaceOnce } from "../powercut/programs.ts";

export function buildSoakImages(engine: Engine): Promise<ProgramImages> {
  return buildImages(engine, (path, text) =>
    path === "test/programs/probe/main.ts" ? replaceOnce(text, "EVERY_S: u32 = 1;", "EVERY_S: u32 = 60;") : text,
  );
}
