/** Debounce and the edge log on the host of the real chip, beside runtime/board/pins.ts with the same signal. */
import fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";
import type { PinLevel } from "../../../runtime/board/pins.ts";
import { EDGE_RECORD_BYTES, PinEdge, PinMode } from "../../../runtime/contract/host-abi.ts";
import { EDGE_LOG_MAX } from "../../../runtime/contract/limits.ts";
import { BoardTwin } from "./board-twin.ts";
import { buildDriver, canRunHost } from "./build-host.ts";
import { bytesOf, DATA, HostScript, linesOf } from "./host-script.ts";

const PIN = 4;
const LOG_BYTES = EDGE_LOG_MAX * EDGE_RECORD_BYTES;
/** The driver's clock at the end of HostScript.running; the twin's stands at 0. */
const BEGIN_MS = 3;

interface Change {
  gapMs: number;
  level: PinLevel;
}

interface Edge {
  clockMs: number;
  pin: number;
  level: number;
  droppedBefore: number;
}

function edgesIn(bytes: Buffer, sizeBytes: number, beginMs: number): Edge[] {
  return Array.from({ length: sizeBytes / EDGE_RECORD_BYTES }, (_, index) => {
    const at = index * EDGE_RECORD_BYTES;
    return {
      clockMs: bytes.readUInt32LE(at) - beginMs,
      pin: bytes.readUInt8(at + 4),
      level: bytes.readUInt8(at + 5),
      droppedBefore: bytes.readUInt16LE(at + 6),
    };
  });
}

async function onBoard(
  edges: number,
  debounceMs: number,
  changes: Change[],
  settleMs: number,
): Promise<[number, Edge[]]> {
  const twin = new BoardTwin();
  twin.call("pin_watch", PIN, edges, debounceMs);
  for (const { gapMs, level } of changes) {
    await twin.time.runFor(gapMs);
    twin.board.pins.setInput(PIN, level);
  }
  await twin.time.runFor(settleMs);
  const count = twin.call("pin_edges", PIN);
  const size = twin.call("edge_read", DATA, LOG_BYTES);
  return [count, edgesIn(twin.get(DATA, LOG_BYTES), size, 0)];
}

function onHost(
  driver: string,
  edges: number,
  debounceMs: number,
  changes: Change[],
  settleMs: number,
): [number, Edge[]] {
  const script = HostScript.running().call("pin_watch", PIN, edges, debounceMs);
  for (const { gapMs, level } of changes) {
    if (gapMs > 0) script.order("run", gapMs);
    script.order("level", PIN, level);
  }
  script.order("run", settleMs).call("pin_edges", PIN).call("edge_read", DATA, LOG_BYTES).get(DATA, LOG_BYTES);
  const outcome = script.run(driver);
  const [, count, size] = outcome.results as [number, number, number];
  return [count, edgesIn(bytesOf(outcome)[0] as Buffer, size, BEGIN_MS)];
}

describe.skipIf(!canRunHost("edges on the host of the real chip"))("edges", () => {
  let driver: string;
  beforeAll(async () => {
    driver = await buildDriver();
  });

  test("whatever a contact does, the log is that of the virtual board", async () => {
    const changes = fc.array(
      fc.record({ gapMs: fc.integer({ min: 0, max: 60 }), level: fc.constantFrom<PinLevel>(0, 1) }),
      { maxLength: 80 },
    );
    const edges = fc.constantFrom(PinEdge.Rising, PinEdge.Falling, PinEdge.Both);
    await fc.assert(
      fc.asyncProperty(edges, fc.integer({ min: 0, max: 40 }), changes, async (which, debounceMs, list) => {
        expect(onHost(driver, which, debounceMs, list, 100)).toEqual(await onBoard(which, debounceMs, list, 100));
      }),
      { numRuns: 150 },
    );
  });

  test("an edge at the very end of a hold-off comes after it, as on the board", async () => {
    const changes: Change[] = [
      { gapMs: 0, level: 1 },
      { gapMs: 5, level: 0 },
      { gapMs: 15, level: 1 },
    ];
    const [, edges] = onHost(driver, PinEdge.Both, 20, changes, 60);
    expect([3, edges]).toEqual(await onBoard(PinEdge.Both, 20, changes, 60));
    expect(edges.map(({ clockMs, level }) => [clockMs, level])).toEqual([
      [0, 1],
      [20, 0],
      [40, 1],
    ]);
  });

  test("a full log drops its oldest edges and says how many, the count does not", async () => {
    const changes = Array.from(
      { length: EDGE_LOG_MAX + 5 },
      (_, index): Change => ({ gapMs: 1, level: index % 2 === 0 ? 1 : 0 }),
    );
    const [count, edges] = onHost(driver, PinEdge.Both, 0, changes, 5);
    expect([count, edges]).toEqual(await onBoard(PinEdge.Both, 0, changes, 5));
    expect([count, edges.length, edges[0]?.droppedBefore]).toEqual([EDGE_LOG_MAX + 5, EDGE_LOG_MAX, 5]);
  });

  test("a poll that takes long does not move the edges: they come by interrupt, and a hold-off ends when it should have", () => {
    // Within a poll the board's time stands still, so there is nothing to compare with but the rule itself.
    const script = HostScript.running()
      .call("pin_watch", PIN, PinEdge.Both, 20)
      .order("plan", "poll", "return", 2)
      .order("plan", "poll", "busy", 500, 60000, PIN, 1)
      .order("level", PIN, 1)
      .order("run", 1)
      .order("level", PIN, 0)
      .order("run", 100)
      .call("edge_read", DATA, LOG_BYTES)
      .get(DATA, LOG_BYTES);
    const outcome = script.run(driver);
    const edges = edgesIn(bytesOf(outcome)[0] as Buffer, outcome.results[1] as number, BEGIN_MS);
    expect(edges.map(({ clockMs, level }) => [clockMs, level])).toEqual([
      [0, 1],
      [20, 0],
      [502, 1],
    ]);
  });

  test("a watched edge wakes the program, an unwatched one and one of the other direction do not", () => {
    const script = HostScript.running()
      .call("pin_watch", PIN, PinEdge.Falling, 0)
      .order("run", 10)
      .order("level", PIN, 1)
      .order("level", 5, 1)
      .order("run", 10)
      .order("level", PIN, 0)
      .order("run", 10);
    expect(linesOf(script.run(driver), "poll").map(Number).slice(1)).toEqual([BEGIN_MS + 20]);
  });

  test("outputs, pull-ups and latches show as on the board", () => {
    const twin = new BoardTwin();
    const steps: [string, ...number[]][] = [
      ["pin_read", PIN],
      ["pin_mode", PIN, PinMode.InputPullup],
      ["pin_read", PIN],
      ["pin_watch", PIN, PinEdge.Both, 0],
      ["pin_write", PIN, 0],
      ["pin_mode", PIN, PinMode.Output],
      ["pin_edges", PIN],
      ["pin_write", PIN, 1],
      ["pin_read", PIN],
      ["pin_edges", PIN],
      ["pin_watch", PIN, 0, 0],
      ["pin_write", PIN, 0],
      ["pin_edges", PIN],
      ["pin_mode", 16, PinMode.Output],
      ["pin_write", 16, 1],
      ["pin_read", 16],
    ];
    const script = HostScript.running();
    for (const [name, ...args] of steps) script.call(name, ...args);
    expect(script.run(driver).results).toEqual(steps.map(([name, ...args]) => twin.call(name, ...args)));
  });

  test("a hand-over takes pins back: no watches, an empty log, inputs", () => {
    const script = HostScript.running()
      .call("pin_watch", PIN, PinEdge.Both, 0)
      .call("pin_mode", 5, PinMode.Output)
      .call("pin_write", 5, 1)
      .order("level", PIN, 1)
      .order("plan", "poll", "call", "image_run", 0)
      .order("run", 5)
      .call("edge_read", DATA, LOG_BYTES)
      .order("level", PIN, 0)
      .call("pin_edges", PIN)
      .call("pin_read", 5);
    expect(script.run(driver).results.slice(3)).toEqual([0, 0, 0]);
  });
});
