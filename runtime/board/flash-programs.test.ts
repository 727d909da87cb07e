import { describe, expect, test } from "vitest";
import { ImageArch } from "../contract/image-header.ts";
import { ProgramCache } from "./flash-programs.ts";

interface Program {
  payload: string;
  offset: number;
}

function setUp(isPlaced: boolean) {
  const compiled: Program[] = [];
  const cache = new ProgramCache<Program>(ImageArch.Wasm32, isPlaced, (payload, offset) => {
    if (payload.length === 0) return "it is empty";
    const program = { payload: Buffer.from(payload).toString(), offset };
    compiled.push(program);
    return program;
  });
  const get = (payload: string, offset = 0) => cache.get(Buffer.from(payload), offset);
  return { cache, compiled, get };
}

describe("compiled programs", () => {
  test("are shared by their bytes, wherever they stand", () => {
    const { compiled, get } = setUp(false);
    expect(get("one", 0)).toBe(get("one", 4096));
    expect(get("one")).not.toBe(get("two"));
    expect(compiled).toHaveLength(2);
  });

  test("of which the place is a part are shared by bytes and place", () => {
    const { compiled, get } = setUp(true);
    expect(get("one", 0)).toBe(get("one", 0));
    expect(get("one", 0)).not.toBe(get("one", 4096));
    expect(compiled.map(({ offset }) => offset)).toEqual([0, 4096]);
  });

  test("are bounded; the one used longest ago goes first", () => {
    const { cache, compiled, get } = setUp(false);
    const first = get("0");
    for (let index = 1; index < 64; index++) get(`${index}`);
    expect(get("0")).toBe(first);
    get("64");
    expect(cache.size).toBe(64);
    expect(get("0")).toBe(first);
    expect(compiled).toHaveLength(65);
    get("1");
    expect(compiled).toHaveLength(66);
  });

  test("what does not compile is told, and asked again the next time", () => {
    const { cache, get } = setUp(false);
    expect([get(""), get(""), cache.size]).toEqual(["it is empty", "it is empty", 0]);
  });
});
