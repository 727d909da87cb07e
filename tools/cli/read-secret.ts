/** Asks for something that is not to be seen or kept in a shell's history. */
import { createInterface } from "node:readline/promises";
import { Writable } from "node:stream";

export async function readSecret(question: string): Promise<string> {
  process.stderr.write(question);
  const silent = new Writable({ write: (_chunk, _encoding, done) => done() });
  const lines = createInterface({ input: process.stdin, output: silent, terminal: true });
  try {
    return await lines.question("");
  } finally {
    lines.close();
    process.stderr.write("\n");
  }
}
