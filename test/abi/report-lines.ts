/** Reads what firmware/abi says on the serial line, whatever the host prints around it. */

export interface CheckLine {
  fn: string;
  check: string;
  isOk: boolean;
  /** As the program said it. */
  text: string;
}

export interface AbiReport {
  checks: CheckLine[];
  /** What the last line says; undefined: it did not come. */
  done: { checks: number; failed: number } | undefined;
}

/** A check that hands over a bad argument. */
export const BAD = /^bad-/;

const CHECK = /^(?:\d+\.\d{3} \w+ )?(abi (\w+) (\S+) (ok|FAILED got -?\d+ expected -?\d+))$/;
const DONE = /^(?:\d+\.\d{3} \w+ )?abi done (\d+) (\d+)$/;

export function readReport(lines: readonly string[]): AbiReport {
  const report: AbiReport = { checks: [], done: undefined };
  for (const line of lines) {
    const [, text, fn, check, verdict] = CHECK.exec(line) ?? [];
    if (text !== undefined && fn !== undefined && check !== undefined) {
      report.checks.push({ fn, check, isOk: verdict === "ok", text });
    }
    const [, checks, failed] = DONE.exec(line) ?? [];
    if (checks !== undefined && failed !== undefined) report.done = { checks: Number(checks), failed: Number(failed) };
  }
  return report;
}
