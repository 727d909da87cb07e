/**
 * `bench update`: what an update of the counter by one line costs: bytes over the network and time until the new program has
 * confirmed itself, whole (compressed) and as a patch, over several links; with the real server and the counter's machine code on the
 * emulated chip, booted from flash with signed images. Beside it, the sizes that other tools make of the same images.
 *
 * In the time: the line, joining the Wi-Fi (500 ms), restart and start of the chip, erasing and writing flash with typical
 * times (runtime/board/flash.ts). Not in the time: computing of the chip and reading of its flash, signatures above all;
 * lost packets, and the headers of TCP and IP.
 */
import { parseArgs } from "node:util";
import { buildCounter } from "./counter-images.ts";
import { type FileSizes, fileSizes } from "./update-peers.ts";
import { type Link, runUpdate, type UpdateRun } from "./update-run.ts";

export const UPDATE_HELP = `Usage: npm run bench -- update [options]

  --json   the last line is {"updates":[{"change","form","link","fileBytes","payloadBytes","bytesDown","bytesUp",
           "verifiedS","confirmedS","chipS","sectorErases"}],"sizes":[{"change","image","compressed","gzip","lintel",
           "bsdiff","xdelta3","zstd"}]}
`;

const CHANGES = [
  { name: "a constant", file: "main.ts", from: "const LISTEN_MAX_S = 45;", to: "const LISTEN_MAX_S = 40;" },
  {
    name: "a log line",
    file: "barriers.ts",
    from: "    this.wentOut = 0;\n",
    to: '    this.wentOut = 0;\n    logValue(LogLevel.Info, "visitors ", this.wentIn);\n',
  },
];
const LINKS: { name: string; link: Link }[] = [
  { name: "115,200 bit/s", link: { latencyMs: 1, bytesPerS: 11_520 } },
  { name: "50 ms each way", link: { latencyMs: 50 } },
  { name: "LAN, 1 ms", link: { latencyMs: 1 } },
];
const FORMS = ["full", "patch"] as const;

type Update = { change: string; form: (typeof FORMS)[number]; link: string; fileBytes: number } & UpdateRun;
type Sizes = { change: string } & FileSizes;

export async function benchUpdate(args: string[]): Promise<void> {
  const { values } = parseArgs({ args, options: { json: { type: "boolean", default: false } } });
  const images = await buildCounter("lx106");
  const updates: Update[] = [];
  const sizes: Sizes[] = [];
  for (const { name: change, file, from, to } of CHANGES) {
    const after = await images.edited({ file, from, to });
    const files = fileSizes(images.counter, after);
    sizes.push({ change, ...files });
    for (const { name: link, link: network } of LINKS) {
      for (const form of FORMS) {
        const fileBytes = form === "full" ? files.compressed : files.lintel;
        updates.push({ change, form, link, fileBytes, ...(await runUpdate(images, after, form, network)) });
      }
    }
  }
  const terminal = values.json ? process.stderr : process.stdout;
  terminal.write(`${updateTable(updates)}\n${sizeTable(sizes)}`);
  if (values.json) console.log(JSON.stringify({ updates, sizes }));
}

function updateTable(updates: readonly Update[]): string {
  return [
    row(["change", "form", "link"], "file", "payload", "down", "up", "verified", "confirmed", "computing"),
    ...updates.map((update) =>
      row(
        [update.change, update.form, update.link],
        `${update.fileBytes}`,
        `${update.payloadBytes}`,
        `${update.bytesDown}`,
        `${update.bytesUp}`,
        seconds(update.verifiedS),
        seconds(update.confirmedS),
        seconds(update.chipS),
      ),
    ),
    "payload: bytes of the file that were sent, those sent again too. down, up: all bytes of the connections.\n",
    "Computing is not in the other times.\n",
  ].join("");
}

function sizeTable(sizes: readonly Sizes[]): string {
  const size = (bytes: number | null) => (bytes === null ? "not installed" : `${bytes}`);
  return [
    row(["change", "", ""], "image", "compressed", "gzip -9", "patch", "bsdiff", "xdelta3", "zstd"),
    ...sizes.map(({ change, image, compressed, gzip, lintel, bsdiff, xdelta3, zstd }) =>
      row([change, "", ""], ...[image, compressed, gzip, lintel, bsdiff, xdelta3, zstd].map(size)),
    ),
  ].join("");
}

function seconds(value: number): string {
  return `${value.toFixed(2)} s`;
}

function row([change, form, link]: [string, string, string], ...cells: string[]): string {
  return `${change.padEnd(12)}${form.padEnd(7)}${link.padEnd(15)}${cells.map((cell) => cell.padStart(14)).join("")}\n`;
}
