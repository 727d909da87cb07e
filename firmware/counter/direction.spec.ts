import { Direction, GAP_MS, Passage } from "./direction.ts";

/**
 * What comes of a course of events: `A` breaks the outer beam, `a` clears it, `B` and `b` the inner one; they are
 * `stepMs` apart, the first one at `startMs`. Answers `+` for in, `-` for out.
 */
function passagesOf(course: string, stepMs: u32 = 200, startMs: u32 = 1000): string {
  const direction = new Direction();
  let text = "";
  let atMs = startMs;
  for (let i = 0; i < course.length; i++) {
    const event = course.charAt(i);
    const passage = direction.edge(event == "B" || event == "b", event == "A" || event == "B", atMs);
    if (passage == Passage.In) text += "+";
    if (passage == Passage.Out) text += "-";
    atMs += stepMs;
  }
  return text;
}

describe("Direction: barriers closer together than a person is thick", () => {
  test("in and out", () => {
    expect(passagesOf("ABab")).toBe("+");
    expect(passagesOf("BAba")).toBe("-");
  });

  test("one after the other, in any order", () => {
    expect(passagesOf("ABabABabBAbaABab")).toBe("++-+");
  });

  test("turning back in the first beam counts nothing", () => {
    expect(passagesOf("Aa")).toBe("");
    expect(passagesOf("Bb")).toBe("");
  });

  test("turning back in both beams counts nothing", () => {
    expect(passagesOf("ABba")).toBe("");
    expect(passagesOf("BAab")).toBe("");
  });

  test("turning back at the second beam alone, after the first has cleared", () => {
    expect(passagesOf("ABaAba")).toBe("");
    expect(passagesOf("BAbBab")).toBe("");
  });

  test("to and fro in the door, then through", () => {
    expect(passagesOf("ABaAbBab")).toBe("+");
    expect(passagesOf("ABaAbBba")).toBe("");
  });

  test("after someone who turned back, the next passage counts", () => {
    expect(passagesOf("ABbaABab")).toBe("+");
    expect(passagesOf("AaABab")).toBe("+");
    expect(passagesOf("AaAaBAba", GAP_MS + 1)).toBe("-");
  });

  test("a beam that clears twice or breaks twice, its other edge lost, counts once", () => {
    expect(passagesOf("AABaabb")).toBe("+");
    expect(passagesOf("ab")).toBe("");
  });
});

describe("Direction: barriers far apart, both clear in between", () => {
  test("in and out", () => {
    expect(passagesOf("AaBb")).toBe("+");
    expect(passagesOf("BbAa")).toBe("-");
    expect(passagesOf("AaBbBbAa")).toBe("+-");
  });

  test("the gap may be as long as GAP_MS and no longer", () => {
    expect(passagesOf("AaBb", GAP_MS)).toBe("+");
    expect(passagesOf("AaBb", GAP_MS + 1)).toBe("");
  });

  test("the second half of a passage too slow begins a new one", () => {
    const direction = new Direction();
    direction.edge(false, true, 0);
    direction.edge(false, false, 100);
    direction.edge(true, true, 100 + GAP_MS + 1);
    direction.edge(true, false, 100 + GAP_MS + 200);
    direction.edge(false, true, 100 + GAP_MS + 400);
    expect(direction.edge(false, false, 100 + GAP_MS + 600)).toBe(Passage.Out);
  });

  test("standing in a beam for an hour is no gap", () => {
    const direction = new Direction();
    direction.edge(false, true, 0);
    direction.edge(false, false, 3600000);
    direction.edge(true, true, 3600000 + GAP_MS);
    expect(direction.edge(true, false, 7200000)).toBe(Passage.In);
  });
});

describe("Direction: the clock wraps at 2^32 ms", () => {
  test("at any moment of a passage", () => {
    for (let before: u32 = 0; before <= 4; before++) {
      expect(passagesOf("AaBb", GAP_MS, 0 - before * <u32>GAP_MS)).toBe("+");
      expect(passagesOf("AaBb", GAP_MS + 1, 0 - before * <u32>GAP_MS)).toBe("");
      expect(passagesOf("BAba", 200, 0 - before * 200)).toBe("-");
    }
  });
});
