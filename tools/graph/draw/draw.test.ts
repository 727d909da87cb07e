/** The picture: boxes side by side and not on each other, arrows to the right, words that are all there. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { compileGraph } from "../compile/compile.ts";
import { GraphErrors } from "../faults.ts";
import { graphSource } from "../testing/random-graph.ts";
import { drawGraph } from "./draw.ts";
import { figureOf } from "./figure.ts";
import { layOut } from "./layout.ts";

const SOURCE = `
  every 1 minute { call 0x8000 on slot 1 => unbuffered 1; copy 5 => output 1; }
  on value(unbuffered 1) > 800 { copy => output 1; }
  when connected to controller { every 1 second { copy count => output 2; } }
  manual streamer on output 1;`;

describe("words", () => {
  const model = compileGraph(SOURCE, { optimize: true });
  const boxes = figureOf(model).boxes.map(({ kind, title, detail, ports }) => [kind, title, detail, ...ports]);
  test.each([
    ["source", "every 10 seconds", "system input 2"],
    ["source", "somebody has connected", "system input 1025"],
    ["call", "call 0x8000 on slot 1", "to unbuffered 1", "count >= 6"],
    ["result", "copy 5", "to output 1", "count >= 6"],
    ["result", "copy", "to output 1", "value > 800"],
    ["step", "gate", "to counter 1029", "", "value == 1"],
    ["result", "count", "to output 2", "count >= 1"],
    ["streamer", "streamer 0", "manual streamer on output 1", ""],
  ])("%s: %s", (...box) => expect(boxes).toContainEqual(box));

  test("a title that is no markup", () => {
    const svg = drawGraph(model, '<b> & "c"');
    expect(svg).toContain("<title>&lt;b&gt; &amp; &quot;c&quot;</title>");
    expect(svg).not.toContain("<b>");
  });
});

function sizes(text: string, pattern: RegExp): number[][] {
  return [...text.matchAll(pattern)].map((match) => match.slice(1).map(Number));
}

test("random graphs: boxes are apart and within the picture, arrows end at boxes", () => {
  fc.assert(
    fc.property(graphSource, (source) => {
      let svg: string;
      try {
        svg = drawGraph(compileGraph(source, { optimize: true }), "graph");
      } catch (error) {
        if (error instanceof GraphErrors) return;
        throw error;
      }
      expect(svg).not.toMatch(/NaN|undefined|Infinity/);
      const [[width = 0, height = 0] = []] = sizes(svg, /viewBox="0 0 ([\d.]+) ([\d.]+)"/g);
      const boxes = sizes(svg, /<rect x="([-\d.]+)" y="([-\d.]+)" width="([\d.]+)" height="([\d.]+)" rx/g) as [
        number,
        number,
        number,
        number,
      ][];
      boxes.forEach(([x, y, w, h], index) => {
        expect(x).toBeGreaterThanOrEqual(0);
        expect(y).toBeGreaterThanOrEqual(0);
        expect(x + w).toBeLessThanOrEqual(width);
        expect(y + h).toBeLessThanOrEqual(height);
        for (const [ox, oy, ow, oh] of boxes.slice(index + 1)) {
          expect(ox >= x + w || ox + ow <= x || oy >= y + h || oy + oh <= y).toBe(true);
        }
      });
      const ends = sizes(svg, /([-\d.]+)H([-\d.]+)" marker-end/g) as [number, number][];
      for (const [, x] of ends) expect(boxes.some(([left]) => left === x)).toBe(true);
    }),
    { numRuns: 100 },
  );
});

describe("the layout", () => {
  const box = (id: string, last = false) => ({ id, width: 50, height: 20, last });
  const edge = (from: string, to: string) => ({ from, to });

  test("columns from left to right, what is sent in the last one, and edges that pass a column", () => {
    const boxes = [box("a"), box("b"), box("c"), box("sent", true)];
    const {
      boxes: placed,
      bends,
      width,
    } = layOut(boxes, [edge("a", "b"), edge("b", "c"), edge("a", "c"), edge("a", "sent")], () => 30);
    const columns = ["a", "b", "c", "sent"].map((id) => placed.get(id)?.x);
    expect(columns).toEqual([0, 80, 160, 160]);
    expect(width).toBe(210);
    expect(bends.map((points) => points.length)).toEqual([0, 0, 2, 2]);
  });

  test("a circle has an end", () => {
    const { boxes: placed } = layOut([box("a"), box("b")], [edge("a", "b"), edge("b", "a")], () => 30);
    expect(placed.size).toBe(2);
  });

  test("nothing at all", () => {
    expect(layOut([], [], () => 30)).toMatchObject({ width: 0, height: 0 });
  });
});
