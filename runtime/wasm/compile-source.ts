/** For the tests of this room: compiles a few lines of AssemblyScript the way programs are compiled. */
import asc from "assemblyscript/asc";
import { PROGRAM_DATA_OFFSET } from "../contract/limits.ts";

const SOURCE_FILE = "program.ts";
const OUTPUT_FILE = "program.wasm";

export async function compileSource(source: string, options: string[] = []): Promise<Uint8Array> {
  let output: Uint8Array | undefined;
  const stderr = asc.createMemoryStream();
  const { error } = await asc.main(
    [
      SOURCE_FILE,
      "--outFile",
      OUTPUT_FILE,
      "--runtime",
      "stub",
      "--use",
      "abort=",
      "--memoryBase",
      String(PROGRAM_DATA_OFFSET),
      "-O",
      ...options,
    ],
    {
      stderr,
      readFile: (name) => (name === SOURCE_FILE ? source : null),
      writeFile: (name, contents) => {
        if (name === OUTPUT_FILE && typeof contents !== "string") output = contents;
      },
      listFiles: () => [],
    },
  );
  if (error !== null) throw new Error(`asc: ${error.message}\n${stderr.toString()}`);
  if (output === undefined) throw new Error("asc wrote nothing");
  return output;
}
