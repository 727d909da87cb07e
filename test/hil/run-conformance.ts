/** firmware/abi on a board at a serial cable: answers what it asks, and collects what it says until it is done. */

import type { WebSerialPort } from "../../runtime/board/web-serial-port.ts";
import { BoardConsole } from "../../tools/monitor/board-console.ts";
import { SerialError } from "../../tools/serial/serial-error.ts";

const ASKS = /abi env\?$/;
const DONE = /(?:^| )abi done \d+ \d+$/;

export interface ConformanceOptions {
  /** Lines of firmware/abi/environment.ts, without `env` and without the last one. */
  environment: readonly string[];
  timeoutS: number;
  onLine: (line: string) => void;
}

/** The lines of a whole run. One that does not come to its end is what was heard of it. */
export async function runConformance(port: WebSerialPort, options: ConformanceOptions): Promise<string[]> {
  const { environment, timeoutS, onLine } = options;
  const lines: string[] = [];
  let finish: () => void = () => {};
  const finished = new Promise<void>((resolve) => {
    finish = resolve;
  });
  const answer = Buffer.from([...environment, "end"].map((fact) => `env ${fact}\n`).join(""));
  const board = await BoardConsole.open(port, ({ text, ...line }) => {
    const raw = line.kind === "log" ? `${line.uptimeS.toFixed(3)} info ${text}` : text;
    lines.push(raw);
    onLine(raw);
    if (ASKS.test(text)) void board.send(answer);
    if (DONE.test(text)) finish();
  });
  const timer = setTimeout(finish, timeoutS * 1000);
  const lost = board.ended.then(
    () => undefined,
    (error: Error) => error,
  );
  try {
    await board.reset();
    const end = await Promise.race([finished, lost]);
    if (end instanceof Error) throw new SerialError(`the cable was lost: ${end.message}`);
  } finally {
    clearTimeout(timer);
    await board.close();
  }
  return lines;
}
