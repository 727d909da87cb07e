/** `lintel disasm`: machine code of the LX106, as it stands in memory or flash, to a listing. */
import { type Command, InvalidArgumentError } from "commander";
import { readFile } from "../build/read-file.ts";
import { formatLine, listCode } from "../lx106/listing.ts";
import { CommandError } from "./command-error.ts";

/** The chip sees this much of its flash at once, from this address on; code elsewhere cannot run. */
const FILE_BYTES_MAX = 1024 * 1024;
const FLASH_WINDOW_ADDRESS = "0x40200000";
const ADDRESS_COUNT = 2 ** 32;

interface DisasmOptions {
  address: number;
  json: boolean;
}

export function addDisasmCommand(program: Command): void {
  program
    .command("disasm")
    .description("list the LX106 machine code of a raw binary file")
    .argument("<file>", "file of code, without headers")
    .addOption(
      program
        .createOption("-a, --address <address>", "address of the file's first byte")
        .argParser(parseMemoryAddress)
        .default(Number(FLASH_WINDOW_ADDRESS), FLASH_WINDOW_ADDRESS),
    )
    .option("--json", "print the listing as one line of JSON", false)
    .action((file: string, { address, json }: DisasmOptions) => {
      const code = readCode(file);
      if (address + code.length > ADDRESS_COUNT) {
        throw new CommandError(`${file} has ${code.length} bytes and does not fit behind 0x${address.toString(16)}`);
      }
      const lines = [...listCode(code, address)];
      if (json) {
        const listing = lines.map((line) => ({
          address: line.address,
          bytes: Buffer.from(line.bytes).toString("hex"),
          mnemonic: line.instruction?.mnemonic ?? ".byte",
          operands: line.instruction?.operands ?? [...line.bytes],
          text: line.text,
        }));
        console.log(JSON.stringify({ file, address, sizeBytes: code.length, listing }));
      } else if (lines.length > 0) console.log(lines.map(formatLine).join("\n"));
    });
}

function readCode(file: string): Uint8Array {
  const tooLong = `cut it, at most ${FILE_BYTES_MAX}, the chip's view of flash, are listed`;
  const code = readFile(file, FILE_BYTES_MAX, tooLong);
  if (code.length === 0) throw new CommandError(`${file} is empty: there is nothing to list`);
  return code;
}

function parseMemoryAddress(text: string): number {
  const address = Number(text);
  if (!/^(0x[0-9a-f]+|\d+)$/i.test(text) || address >= ADDRESS_COUNT) {
    throw new InvalidArgumentError("An address is given as 0x40200000, or in decimal, within 32 bits.");
  }
  return address;
}
