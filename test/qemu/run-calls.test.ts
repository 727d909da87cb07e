/** The harness itself: what QEMU is given arrives, what it makes of it comes back. */
import { describe, expect, test } from "vitest";
import { Assembler, Label } from "../../tools/lx106/assembler.ts";
import { hasTools, QEMU } from "./installed.ts";
import { runCalls } from "./run-calls.ts";

const CODE_ADDRESS = 0x40200000;
const DATA_ADDRESS = 0x3ffea000;
const [A2, A3, A7, A8, SP] = [2, 3, 7, 8, 1] as const;

const code = new Assembler(CODE_ADDRESS);
const [sum, trap, storing, loop] = [new Label("sum"), new Label("trap"), new Label("storing"), new Label("loop")];
// The first argument plus the last one in a register and the second one on the stack, twice: in a2 and on the stack.
code.place(sum);
code.emit("add", A2, A2, A7);
code.emit("l32i", A8, SP, 4);
code.emit("add", A2, A2, A8);
code.emit("s32i", A2, SP, 0);
code.emit("ret");
code.place(trap);
code.emit("movi", A2, 77);
code.emit("ill.n");
code.place(storing);
code.emit("s32i", A2, A3, 0);
code.emit("ret.n");
code.place(loop);
code.emit("j", loop);
const { bytes, addressOf } = code.finish();
const segments = [
  { address: CODE_ADDRESS, bytes },
  { address: DATA_ADDRESS, bytes: Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8) },
];

describe.skipIf(!hasTools("calls under QEMU", [QEMU]))("calls under QEMU", () => {
  test("arguments and results in registers and on the stack, exceptions, memory, counts", async () => {
    const { outcomes, dumps } = await runCalls({
      segments,
      calls: [
        { entry: addressOf(sum), args: [1, 0, 0, 0, 0, 20, 0, 300] },
        { entry: addressOf(trap) },
        { entry: addressOf(storing), args: [0xcafe1234, DATA_ADDRESS + 4] },
      ],
      dumps: [{ address: DATA_ADDRESS, sizeBytes: 8 }],
      isCounted: true,
    });
    expect(outcomes.map(({ words }) => words[0])).toEqual([321, 77, 0xcafe1234]);
    expect(outcomes[0]?.words[6]).toBe(321);
    expect(outcomes[1]?.exception).toEqual({ cause: 0, epc1: addressOf(trap) + 3, excvaddr: 0 });
    expect(outcomes.map(({ exception }) => exception === undefined)).toEqual([true, false, true]);
    expect(outcomes.map(({ instructions }) => instructions)).toEqual([5, 2, 2]);
    expect(dumps.map((dump) => [...dump])).toEqual([[1, 2, 3, 4, 0x34, 0x12, 0xfe, 0xca]]);
  });

  test("what does not end is ended", async () => {
    const endless = runCalls({ segments, calls: [{ entry: addressOf(loop) }], timeoutMs: 1000 });
    await expect(endless).rejects.toThrow("did not end within 1000 ms");
  });
});
