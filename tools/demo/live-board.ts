/**
 * The demo's view of the shop: a table that is drawn over itself in a terminal, or, where output goes to a file or a
 * pipe, a line every other second.
 */
import { STREAM_VISITORS_IN, STREAM_VISITORS_OUT } from "../../runtime/contract/stream-ids.ts";
import type { LiveReading } from "../client/api-client.ts";

const REDRAW_MS = 250;
const LINE_MS = 2000;
const IN = STREAM_VISITORS_IN.toString(16);
const OUT = STREAM_VISITORS_OUT.toString(16);

interface Row {
  hasOut: boolean;
  visitorsIn: number;
  visitorsOut: number;
  lastTime: string;
}

export class LiveBoard {
  readonly #rows = new Map<string, Row>();
  readonly #terminal: NodeJS.WriteStream;
  readonly #timer: NodeJS.Timeout;
  #drawnLines = 0;
  #isChanged = false;
  #note = "";

  constructor(terminal: NodeJS.WriteStream) {
    this.#terminal = terminal;
    this.#timer = setInterval(() => this.#draw(), terminal.isTTY ? REDRAW_MS : LINE_MS);
  }

  show({ device, stream, value, time }: LiveReading): void {
    if (stream !== IN && stream !== OUT) return;
    const row = this.#rows.get(device) ?? { hasOut: false, visitorsIn: 0, visitorsOut: 0, lastTime: time };
    if (stream === IN) row.visitorsIn += value;
    else {
      row.visitorsOut += value;
      row.hasOut = true;
    }
    row.lastTime = time;
    this.#rows.set(device, row);
    this.#isChanged = true;
  }

  /** Something happened that people should read: stays below the table, or is a line of its own. */
  note(text: string): void {
    this.#note = text;
    this.#isChanged = true;
    if (!this.#terminal.isTTY) this.#terminal.write(`${text}\n`);
    else this.#draw();
  }

  close(): void {
    clearInterval(this.#timer);
    this.#draw();
  }

  #draw(): void {
    if (!this.#isChanged) return;
    this.#isChanged = false;
    const lines = this.#terminal.isTTY ? this.#table() : this.#line();
    const up = this.#terminal.isTTY && this.#drawnLines > 0 ? `\x1b[${this.#drawnLines}A\x1b[J` : "";
    this.#terminal.write(up + lines.map((line) => `${line}\n`).join(""));
    this.#drawnLines = lines.length;
  }

  #table(): string[] {
    const rows = [...this.#rows].sort(([a], [b]) => (a < b ? -1 : 1));
    return [
      "counter         in   out   last count",
      ...rows.map(([mac, { visitorsIn, visitorsOut, hasOut, lastTime }]) => {
        const out = hasOut ? String(visitorsOut) : "-";
        return `${mac}  ${String(visitorsIn).padStart(4)}  ${out.padStart(4)}   ${clockTime(lastTime)}`;
      }),
      this.#note,
    ];
  }

  #line(): string[] {
    const rows = [...this.#rows.values()];
    const lastTime = rows
      .map((row) => row.lastTime)
      .sort()
      .at(-1);
    if (lastTime === undefined) return [];
    const visitorsIn = rows.reduce((sum, row) => sum + row.visitorsIn, 0);
    const visitorsOut = rows.reduce((sum, row) => sum + row.visitorsOut, 0);
    return [`${clockTime(lastTime)}  ${rows.length} counters  in ${visitorsIn}  out ${visitorsOut}`];
  }
}

function clockTime(iso: string): string {
  return new Date(iso).toLocaleTimeString("en-GB");
}
