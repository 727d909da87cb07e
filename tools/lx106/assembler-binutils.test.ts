/** Labels, literals, alignment and data: the same program through our assembler and through Debian's. */
import { describe, expect, test } from "vitest";
import { type RandomSource, SeededRandom } from "../../runtime/board/random.ts";
import { Assembler, Label } from "./assembler.ts";
import { assembleWithGas, hasBinutils } from "./binutils.ts";

const SEED = 4;
const PROGRAMS = 30;
const BLOCKS = 80;
/** So few blocks away even a branch of 8 bits reaches. */
const NEAR_BLOCKS = 5;

function hexOf(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("hex");
}

/** A random program twice: as calls, and as text for `as`. */
function writeProgram(random: RandomSource): { asm: Assembler; lines: string[] } {
  const asm = new Assembler();
  const lines: string[] = [];
  const labels = Array.from({ length: BLOCKS }, (_, index) => new Label(`block${index}`));
  const pick = (from: number, to: number): Label => {
    const label = labels[random.integer(Math.max(0, from), Math.min(BLOCKS - 1, to))];
    if (label === undefined) throw new Error("there is no such block");
    return label;
  };
  const register = () => random.integer(0, 15);
  // A pool is written where it stands, but known only when the code that uses it ends.
  let pool: { at: number; values: (number | Label)[] } = { at: 0, values: [] };
  const poolTexts: string[][] = [];
  const startPool = () => {
    pool = { at: poolTexts.length, values: [] };
    poolTexts.push([]);
    lines.push(`@pool ${pool.at}`);
    asm.pool();
  };
  const load = (to: number, value: number | Label) => {
    let index = pool.values.indexOf(value);
    if (index < 0) {
      index = pool.values.push(value) - 1;
      const text = `.word ${typeof value === "number" ? value : value.name}`;
      poolTexts[pool.at]?.push(`lit${pool.at}_${index}: ${text}`);
    }
    lines.push(`l32r a${to}, lit${pool.at}_${index}`);
    asm.loadLiteral(to, value);
  };

  startPool();
  for (const [index, label] of labels.entries()) {
    lines.push(`${label.name}:`);
    asm.place(label);
    const [a, b, near] = [register(), register(), pick(index - NEAR_BLOCKS, index + NEAR_BLOCKS)];
    const any = pick(0, BLOCKS - 1);
    switch (random.integer(0, 9)) {
      case 0:
        lines.push(`bltu a${a}, a${b}, ${near.name}`);
        asm.emit("bltu", a, b, near);
        break;
      case 1:
        lines.push(`bgei a${a}, 12, ${near.name}`);
        asm.emit("bgei", a, 12, near);
        break;
      case 2:
        lines.push(`bgez a${a}, ${near.name}`);
        asm.emit("bgez", a, near);
        break;
      case 3:
        lines.push(`j ${any.name}`);
        asm.emit("j", any);
        break;
      case 4:
        load(a, any);
        break;
      case 5:
        load(a, random.integer(0, 0xffffffff));
        load(b, random.integer(0, 3));
        break;
      case 6:
        lines.push(`.byte ${a}, ${b}, 255`, `.word ${any.name}`);
        asm.bytes([a, b, 255]);
        asm.words([any]);
        break;
      case 7:
        lines.push(".balign 4, 0", `target${index}:`, `call0 target${index}`);
        asm.align(4);
        {
          const here = new Label(`target${index}`);
          asm.place(here);
          asm.emit("call0", here);
        }
        break;
      case 8:
        lines.push(`mov.n a${a}, a${b}`, "ret.n");
        asm.emit("mov.n", a, b);
        asm.emit("ret.n");
        break;
      case 9:
        // Pools come seldom, for near branches must reach over them.
        if (index % 3 === 0) startPool();
        lines.push("nop.n");
        asm.emit("nop.n");
        break;
    }
  }
  const text = lines.flatMap((line) => {
    const values = line.startsWith("@pool ") ? (poolTexts[Number(line.slice(6))] ?? []) : undefined;
    if (values === undefined) return [line];
    return values.length === 0 ? [] : [".balign 4, 0", ...values];
  });
  return { asm, lines: text };
}

describe.skipIf(!hasBinutils("the LX106 assembler"))("the assembler against binutils", () => {
  test("random programs come out the same", () => {
    const random = new SeededRandom(SEED);
    for (let index = 0; index < PROGRAMS; index++) {
      const { asm, lines } = writeProgram(random.fork(index));
      expect(hexOf(asm.finish().bytes), `program ${index}`).toBe(hexOf(assembleWithGas(lines)));
    }
  });

  test("labels, literals, alignment and data come out as in as", () => {
    const asm = new Assembler();
    const [start, loop, done, table] = [new Label("start"), new Label("loop"), new Label("done"), new Label("table")];
    asm.emit("j", start);
    asm.pool();
    asm.place(start);
    asm.loadLiteral(2, 0x12345678);
    asm.loadLiteral(3, table);
    asm.loadLiteral(4, 0x12345678);
    asm.loadLiteral(5, -2);
    asm.emit("movi.n", 6, 10);
    asm.place(loop);
    asm.emit("beqz.n", 6, done);
    asm.emit("l8ui", 7, 3, 1);
    asm.emit("bbsi", 7, 19, done);
    asm.emit("addi.n", 6, 6, -1);
    asm.emit("bnez", 6, loop);
    asm.emit("bgeu", 6, 7, loop);
    asm.align(4);
    asm.place(done);
    asm.emit("call0", done);
    asm.emit("ret.n");
    asm.place(table);
    asm.bytes([1, 2, 255]);
    asm.words([0xdeadbeef, done]);
    asm.align(8);
    const source = `
      j start
      .balign 4, 0
    lit0: .word 0x12345678
    lit1: .word table
    lit2: .word -2
    start:
      l32r a2, lit0
      l32r a3, lit1
      l32r a4, lit0
      l32r a5, lit2
      movi.n a6, 10
    loop:
      beqz.n a6, done
      l8ui a7, a3, 1
      bbsi a7, 19, done
      addi.n a6, a6, -1
      bnez a6, loop
      bgeu a6, a7, loop
      .balign 4, 0
    done:
      call0 done
      ret.n
    table:
      .byte 1, 2, 255
      .word 0xdeadbeef, done
      .balign 8, 0`;
    const { bytes } = asm.finish();
    expect(hexOf(bytes)).toBe(hexOf(assembleWithGas(source.split("\n"))));
  });
});
