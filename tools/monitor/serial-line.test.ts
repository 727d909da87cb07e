import { describe, expect, test } from "vitest";
import { LogLevel, ResetReason } from "../../runtime/contract/host-abi.ts";
import { LineReader, lineOf, type MonitorLine } from "./serial-line.ts";
import { showLine } from "./show-line.ts";

function linesOf(...pieces: (string | Uint8Array)[]): MonitorLine[] {
  const lines: MonitorLine[] = [];
  const reader = new LineReader((line) => lines.push(line));
  for (const piece of pieces) reader.push(typeof piece === "string" ? Buffer.from(piece, "utf8") : piece);
  return lines;
}

describe("lines of the host", () => {
  test.each([
    ["1.237 info connected, readings waiting 1", { kind: "log", uptimeS: 1.237, level: LogLevel.Info }],
    ["0.000 error ", { kind: "log", level: LogLevel.Error, text: "" }],
    ["reset: DeepSleep", { kind: "reset", reason: ResetReason.DeepSleep }],
    ["reset: Boredom", { kind: "reset", reason: undefined, text: "reset: Boredom" }],
    [
      "crash: cause 28 at 0x402cc1e3 address 0x00000010 image 0xc000",
      { kind: "exception", cause: 28, epc1: 0x402cc1e3, excvaddr: 0x10, imageOffset: 0xc000 },
    ],
    ["crash: unreachable", { kind: "crash", text: "unreachable" }],
    ["1.23 info three digits are what a host sends", { kind: "other" }],
    ["1.237 shout no such level", { kind: "other" }],
  ])("%s", (text, expected) => {
    expect(lineOf(text)).toMatchObject(expected);
  });
});

test("in pieces, with what the ROM says at another speed before them, and with Improv's frames in between", () => {
  const noise = Uint8Array.of(0x0a, 0x41, 0xcb, 0xe9, 0xe7, 0x01, 0x7f);
  const frame = Buffer.from("IMPROV\x01\x01\x01\x02\xe2\n", "latin1");
  const lines = linesOf(
    noise,
    "reset: Pow",
    "erOn\r\n1.0",
    "00 warning no network, status 3\r",
    "\n",
    frame,
    "hello\n\n",
  );
  expect(lines.map(({ kind }) => kind)).toEqual(["reset", "log", "other"]);
  expect(lines.map(showLine)).toEqual([
    "--- started: power came on",
    "     1.000 warning no network, status 3: the Wi-Fi network refused the passphrase",
    "hello",
  ]);
});

test("a line without end takes no memory, and the next one is whole", () => {
  const [long, next] = linesOf("x".repeat(100_000), "\nnext\n");
  expect(long?.kind === "other" && long.text.length).toBe(1024);
  expect(next).toEqual({ kind: "other", text: "next" });
});

test("what a board sends does not steer the terminal", () => {
  expect(linesOf("2.000 info \x1b[31mred\n").map(showLine)).toEqual(["     2.000 info ?[31mred"]);
  expect(linesOf("2.000 info \u009b31mred\n").map(showLine)).toEqual(["     2.000 info ?31mred"]);
});
