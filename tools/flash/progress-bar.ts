/** How far the writing of a board is, for people: a bar that is drawn over itself in a terminal, else a line for each part. */
const WIDTH = 24;
const NAME_WIDTH = 16;

export class ProgressBar {
  readonly #out: NodeJS.WriteStream;
  #isOpen = false;

  constructor(out: NodeJS.WriteStream) {
    this.#out = out;
  }

  /** 0 of 0: there was nothing to do. */
  show(name: string, done: number, total: number): void {
    const isEnd = done >= total;
    const label = name.padEnd(NAME_WIDTH);
    const text =
      total === 0 ? `${label} right already` : `${label} ${bar(done / total)} ${kib(done)} of ${kib(total)} KiB`;
    if (this.#out.isTTY) {
      this.#out.write(`\r\x1b[K${text}${isEnd ? "\n" : ""}`);
      this.#isOpen = !isEnd;
    } else if (isEnd) this.#out.write(`${text}\n`);
  }

  /** Before other lines. */
  leave(): void {
    if (this.#isOpen) this.#out.write("\n");
    this.#isOpen = false;
  }
}

function bar(share: number): string {
  const full = Math.round(share * WIDTH);
  return `[${"#".repeat(full)}${".".repeat(WIDTH - full)}]`;
}

function kib(bytes: number): string {
  return (bytes / 1024).toFixed(bytes % 1024 === 0 ? 0 : bytes < 1024 ? 2 : 1);
}
