import { expect, test } from "vitest";
import { changeTurns } from "./change-turns.ts";

/** Which of them have begun, in order. */
function follow() {
  const begin = changeTurns();
  const begun: string[] = [];
  const ends = new Map<string, () => void>();
  return {
    begun,
    ask: (name: string, thing: string, isAlone: boolean) =>
      void begin(thing, isAlone).then((end) => {
        begun.push(name);
        ends.set(name, end);
      }),
    end: (name: string) => ends.get(name)?.(),
    settle: () => new Promise((resolve) => setImmediate(resolve)),
  };
}

test("changes without a condition go side by side; one with a condition is alone, and all are served in order", async () => {
  const turns = follow();
  turns.ask("a", "device 1", false);
  turns.ask("b", "device 1", false);
  turns.ask("C", "device 1", true);
  turns.ask("d", "device 1", false);
  turns.ask("E", "device 1", true);
  turns.ask("elsewhere", "device 2", true);
  await turns.settle();
  expect(turns.begun).toEqual(["a", "b", "elsewhere"]);
  turns.end("a");
  turns.end("a");
  await turns.settle();
  expect(turns.begun).toHaveLength(3);
  turns.end("b");
  await turns.settle();
  expect(turns.begun.slice(3)).toEqual(["C"]);
  turns.end("C");
  await turns.settle();
  expect(turns.begun.slice(4)).toEqual(["d"]);
  turns.end("d");
  await turns.settle();
  expect(turns.begun.slice(5)).toEqual(["E"]);
});

test("a thing that nobody is at any more is begun with anew", async () => {
  const turns = follow();
  turns.ask("A", "device 1", true);
  await turns.settle();
  turns.end("A");
  turns.ask("B", "device 1", true);
  await turns.settle();
  expect(turns.begun).toEqual(["A", "B"]);
});
