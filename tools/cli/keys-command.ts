/** `lintel keys`: the keys that sign images. */
import type { KeyObject } from "node:crypto";
import type { Command } from "commander";
import { keyFiles, keyIdText, newKey, publicPoint, readKey, writeKey } from "../image/keys.ts";
import { makeFolderOf, shown } from "./command-files.ts";
import { parseFileName } from "./option-values.ts";

export function addKeysCommand(program: Command): void {
  const keys = program.command("keys").description("keys that sign images");
  keys
    .command("new")
    .description("make a key: its private half signs images, its public half goes onto boards")
    .option("--out <name>", "files to write are <name>.key.pem and <name>.pub.pem", parseFileName, "lintel")
    .option("--json", "print one line of JSON", false)
    .action(({ out, json }: { out: string; json: boolean }) => {
      const key = newKey();
      const files = keyFiles(out);
      makeFolderOf(files.privateFile);
      writeKey(key, files);
      if (json) return console.log(JSON.stringify({ ...files, ...facts(key) }));
      console.log(`${shown(files.privateFile)}: the private key. Whoever has it can update your boards: keep it safe.`);
      console.log(`${shown(files.publicFile)}: the public key, for boards. Key id ${keyIdText(key)}`);
    });
  keys
    .command("show")
    .description("print the key id and the public key of a file with either half")
    .argument("<file>", "as lintel.pub.pem")
    .option("--json", "print one line of JSON", false)
    .action((file: string, { json }: { json: boolean }) => {
      const key = readKey(file);
      const { keyId, publicKey } = facts(key);
      if (json) return console.log(JSON.stringify({ file, kind: key.type, keyId, publicKey }));
      console.log(`${shown(file)}: a ${key.type} key`);
      console.log(`key id: ${keyId}`);
      console.log(`public key (x, then y): ${publicKey}`);
    });
}

function facts(key: KeyObject): { keyId: string; publicKey: string } {
  return { keyId: keyIdText(key), publicKey: Buffer.from(publicPoint(key)).toString("hex") };
}
