import { GraphCombiner, GraphFunction, GraphOperator, GraphRefusal } from "../../contract/graph-format.ts";
import {
  ALWAYS,
  buffered,
  constant,
  counter,
  GraphBuilder,
  input,
  output,
  unbuffered,
  when,
  whenCount,
} from "../testing/graph-builder.ts";
import { GraphLog } from "../testing/graph-log.ts";
import { GraphEngine } from "./graph-engine.ts";

const graph = new GraphBuilder();
const log = new GraphLog();
const READINGS = 4;
const engine = new GraphEngine(log, log, READINGS);

const IN = input(9);
const OUT = output(5);

/** Takes the graph that was built. */
function run(): void {
  log.take();
  log.answer = 0;
  log.isSilent = false;
  log.silence(IN);
  expect(engine.load(graph.at, graph.length)).toBe(GraphRefusal.None);
}

/** Gives IN a value and returns what follows. */
function give(value: i32, timeS: u32 = 1): string {
  engine.process(IN, value, timeS);
  return log.take();
}

/** IN is copied into `stream`, and `does` of it goes to OUT when `gate` comes. */
function summary(stream: u32, does: GraphFunction): void {
  graph.begin();
  graph.node(IN, ALWAYS, 0, stream, GraphFunction.CopyAll);
  graph.node(input(10), ALWAYS, 0, unbuffered(1), GraphFunction.CopyAll);
  graph.node(stream, ALWAYS, 0, OUT, does).and(unbuffered(1), whenCount(GraphOperator.Equal), 1);
  run();
  log.silence(stream);
}

function gate(): string {
  log.take();
  engine.process(input(10), 0, 2);
  const told = log.take();
  const at = told.indexOf("5005");
  return at < 0 ? "" : told.substring(at);
}

describe("a node", () => {
  test("passes on what its trigger lets through, stamped with the input's time", () => {
    graph.begin().node(IN, when(GraphOperator.Greater), 5, OUT, GraphFunction.CopyLatest);
    run();
    expect(give(5, 7)).toBe("");
    expect(give(6, 8)).toBe("5005:6@8");
  });

  test("compares values with their signs", () => {
    graph.begin().node(IN, when(GraphOperator.LessOrEqual), -3, OUT, GraphFunction.CopyLatest);
    run();
    expect(give(2)).toBe("");
    expect(give(-2)).toBe("");
    expect(give(-3)).toBe("5005:-3@1");
    expect(give(i32.MIN_VALUE)).toBe("5005:-2147483648@1");
  });

  test("with a value to compare does nothing while its input is empty; a count is 0 then", () => {
    graph.begin();
    graph.node(IN, ALWAYS, 0, unbuffered(1), GraphFunction.CopyLatest);
    graph.node(counter(1), when(GraphOperator.Equal), 0, OUT, GraphFunction.CopyCount).and(unbuffered(1), ALWAYS, 0);
    graph.node(counter(1), whenCount(GraphOperator.Equal), 0, output(6), GraphFunction.CopyCount);
    graph.and(unbuffered(1), ALWAYS, 0);
    // Something must write the counter, or the node could never run.
    graph.node(input(10), ALWAYS, 0, counter(1), GraphFunction.CopyLatest);
    run();
    expect(give(0)).toBe("1001:0@1 5006:0@1");
  });

  test("of two inputs waits for both, or for one", () => {
    graph.begin();
    graph.node(IN, when(GraphOperator.Equal), 1, OUT, GraphFunction.CopyLatest);
    graph.and(input(10), when(GraphOperator.Equal), 2);
    graph.node(IN, when(GraphOperator.Equal), 1, output(6), GraphFunction.CopyCount);
    graph.and(input(10), when(GraphOperator.Equal), 2, GraphCombiner.Or);
    run();
    log.silence(input(10));
    expect(give(1)).toBe("3009:1@1 5006:1@1");
    engine.process(input(10), 2, 2);
    // The second node took its copy of IN before, and now counts none of it.
    expect(log.take()).toBe("5005:1@2 5006:0@2");
  });

  test("wakes its followers in their order, one with both inputs twice", () => {
    graph.begin();
    graph.node(IN, ALWAYS, 0, unbuffered(1), GraphFunction.CopyLatest);
    graph.node(unbuffered(1), ALWAYS, 0, OUT, GraphFunction.CopyCount).and(unbuffered(1), ALWAYS, 0);
    graph.node(unbuffered(1), ALWAYS, 0, output(6), GraphFunction.CopyCount);
    run();
    expect(give(3)).toBe("1001:3@1 5005:1@1 5005:0@1 5006:1@1");
  });
});

describe("two rules of our own", () => {
  test("of two inputs joined by 'or' the one that fired is copied, and both are empty afterwards", () => {
    graph.begin().node(IN, when(GraphOperator.Equal), 1, OUT, GraphFunction.CopyLatest);
    graph.and(input(10), when(GraphOperator.Equal), 2, GraphCombiner.Or);
    run();
    log.silence(input(10));
    expect(give(1)).toBe("3009:1@1 5005:1@1");
    // 4 is there, but fires nothing; then the other one does.
    expect(give(4)).toBe("3009:4@1");
    engine.process(input(10), 2, 2);
    expect(log.take()).toBe("5005:2@2");
    engine.process(input(10), 3, 3);
    expect(log.take()).toBe("");
    expect(give(1)).toBe("3009:1@1 5005:1@1");
  });

  test("an input that is always triggered fires when it has something", () => {
    graph.begin().node(IN, ALWAYS, 0, OUT, GraphFunction.CopyLatest).and(input(10), ALWAYS, 0, GraphCombiner.Or);
    run();
    log.silence(input(10));
    engine.process(input(10), 7, 2);
    expect(log.take()).toBe("5005:7@2");
    engine.process(input(11), 7, 3);
    expect(log.take()).toBe("300b:7@3");
  });

  test("a gate that opens waits for the next tick", () => {
    const tick = counter(1024);
    graph.begin().node(IN, ALWAYS, 0, tick, GraphFunction.CopyLatest);
    graph.node(input(10), ALWAYS, 0, constant(1024), GraphFunction.CopyLatest);
    graph.node(tick, ALWAYS, 0, OUT, GraphFunction.CopyLatest).and(constant(1024), when(GraphOperator.Equal), 1);
    run();
    log.silence(input(10));
    expect(give(1)).toBe("3009:1@1 4400:1@1");
    engine.process(input(10), 1, 2);
    expect(log.take()).toBe("2400:1@2");
    expect(give(2, 3)).toBe("3009:2@3 4400:2@3 5005:2@3");
  });

  test("what a user joins with a constant is no gate", () => {
    graph.begin().node(IN, ALWAYS, 0, counter(1), GraphFunction.CopyLatest);
    graph.node(input(10), ALWAYS, 0, constant(1), GraphFunction.CopyLatest);
    graph.node(counter(1), ALWAYS, 0, OUT, GraphFunction.CopyLatest).and(constant(1), when(GraphOperator.Equal), 1);
    run();
    log.silence(input(10));
    give(1);
    engine.process(input(10), 1, 2);
    expect(log.take()).toBe("2001:1@2 5005:1@2");
  });
});

describe("what is taken at once", () => {
  test("of a log: latest, count, sum and average, and then it is empty", () => {
    summary(buffered(1), GraphFunction.CopyLatest);
    give(4);
    give(-9);
    give(2);
    expect(gate()).toBe("5005:2@2");
    expect(gate()).toBe("");
    summary(buffered(1), GraphFunction.CopyCount);
    give(4);
    give(-9);
    expect(gate()).toBe("5005:2@2");
    expect(gate()).toBe("5005:0@2");
    summary(output(1), GraphFunction.Sum);
    give(4);
    give(-9);
    expect(gate()).toBe("5005:-5@2");
    expect(gate()).toBe("");
    summary(output(1), GraphFunction.Average);
    give(4);
    give(-9);
    // -2.5, towards zero
    expect(gate()).toBe("5005:-2@2");
  });

  test("the sum is exact beyond 32 bits", () => {
    summary(buffered(1), GraphFunction.Average);
    for (let i = 0; i < 1000; i++) give(i32.MAX_VALUE);
    expect(gate()).toBe("5005:2147483647@2");
    for (let i = 0; i < 1000; i++) give(i32.MIN_VALUE);
    expect(gate()).toBe("5005:-2147483648@2");
  });

  test("of a counter, that knows its last value and how often it came", () => {
    summary(counter(1), GraphFunction.Sum);
    give(7);
    give(5);
    give(3);
    expect(gate()).toBe("5005:9@2");
    summary(counter(1), GraphFunction.CopyCount);
    give(7);
    give(5);
    expect(gate()).toBe("5005:2@2");
  });

  test("of an unbuffered stream: the last value", () => {
    summary(unbuffered(7), GraphFunction.Sum);
    give(7);
    give(5);
    expect(gate()).toBe("5005:5@2");
    expect(gate()).toBe("");
  });

  test("of a constant, which stays", () => {
    graph.begin().node(constant(1), ALWAYS, 0, OUT, GraphFunction.CopyLatest).and(IN, ALWAYS, 0);
    graph.node(constant(1), whenCount(GraphOperator.Greater), i32.MAX_VALUE - 1, output(6), GraphFunction.Average);
    graph.and(IN, ALWAYS, 0);
    graph.first(constant(1), -12);
    run();
    expect(give(0)).toBe("5005:-12@1 5006:-12@1");
    expect(give(0)).toBe("5005:-12@1 5006:-12@1");
  });
});

describe("single readings", () => {
  test("come out as they went in", () => {
    summary(buffered(1), GraphFunction.CopyAll);
    give(4);
    give(-9);
    give(2);
    expect(gate()).toBe("5005:4@2 5005:-9@2 5005:2@2");
    expect(gate()).toBe("");
    give(1);
    expect(gate()).toBe("5005:1@2");
  });

  test("of a counter are as many of its last value", () => {
    summary(counter(1), GraphFunction.CopyAll);
    give(4);
    give(3);
    expect(gate()).toBe("5005:3@2 5005:3@2");
  });

  test("are dropped where there is no room, the oldest of whoever holds most, and counted", () => {
    summary(buffered(1), GraphFunction.CopyAll);
    for (let i = 1; i <= READINGS + 2; i++) give(i);
    expect(engine.readingsLost).toBe(2);
    expect(gate()).toBe("5005:3@2 5005:4@2 5005:5@2 5005:6@2");
    summary(counter(1), GraphFunction.CopyAll);
    for (let i = 1; i <= READINGS + 3; i++) give(8);
    expect(gate()).toBe("5005:8@2 5005:8@2 5005:8@2 5005:8@2");
    expect(engine.readingsLost).toBe(3);
  });

  test("of a slow reader survive a fast one", () => {
    graph.begin();
    graph.node(IN, when(GraphOperator.Less), 10, buffered(1), GraphFunction.CopyLatest);
    graph.node(IN, when(GraphOperator.GreaterOrEqual), 10, buffered(2), GraphFunction.CopyLatest);
    graph.node(buffered(2), whenCount(GraphOperator.Equal), 2, output(6), GraphFunction.CopyAll);
    graph.node(buffered(1), whenCount(GraphOperator.Equal), 2, OUT, GraphFunction.CopyAll);
    run();
    give(1);
    for (let i = 0; i < 100; i++) give(20 + i);
    expect(give(2)).toBe("1:2@1 5005:1@1 5005:2@1");
    expect(engine.readingsLost).toBe(0);
  });
});

describe("difference", () => {
  test("is the second less the first, of one reading each", () => {
    graph.begin();
    graph.node(IN, ALWAYS, 0, buffered(1), GraphFunction.CopyLatest);
    graph.node(constant(1), ALWAYS, 0, OUT, GraphFunction.Subtract).and(buffered(1), whenCount(GraphOperator.Equal), 2);
    graph.first(constant(1), 100);
    run();
    expect(give(130)).toBe("1:130@1");
    expect(give(7)).toBe("1:7@1 5005:30@1");
    expect(give(8)).toBe("1:8@1 5005:-93@1");
  });

  test("of an empty stream there is none", () => {
    graph.begin();
    graph.node(constant(1), ALWAYS, 0, OUT, GraphFunction.Subtract).and(input(10), ALWAYS, 0);
    graph.node(IN, ALWAYS, 0, unbuffered(1), GraphFunction.CopyLatest);
    run();
    expect(give(1)).toBe("1001:1@1");
  });
});

describe("a call", () => {
  test("takes its address and function from the second input and gives the answer", () => {
    graph.begin().node(IN, ALWAYS, 0, OUT, GraphFunction.Call).and(constant(1), ALWAYS, 0);
    graph.first(constant(1), 0x0b8001);
    run();
    expect(give(1)).toBe("!b:8001=1 5005:1@1");
    expect(give(1)).toBe("!b:8001=2 5005:2@1");
    log.isSilent = true;
    expect(give(1)).toBe("!b:8001=");
  });

  test("that nobody answers has used up the input", () => {
    graph.begin();
    graph.node(IN, ALWAYS, 0, counter(1), GraphFunction.CopyLatest);
    graph.node(counter(1), whenCount(GraphOperator.Equal), 1, OUT, GraphFunction.Call).and(constant(1), ALWAYS, 0);
    run();
    log.isSilent = true;
    expect(give(1)).toBe("4001:1@1 !0:0=");
    expect(give(1)).toBe("4001:1@1 !0:0=");
  });

  test("with a log for its argument takes the oldest, and the rest is gone", () => {
    graph.begin();
    graph.node(IN, ALWAYS, 0, buffered(1), GraphFunction.CopyLatest);
    graph.node(IN, ALWAYS, 0, OUT, GraphFunction.Call).and(buffered(1), whenCount(GraphOperator.GreaterOrEqual), 2);
    run();
    give(0x10002);
    expect(give(0x30004)).toBe("1:196612@1 !1:2=1 5005:1@1");
    expect(give(0x50006)).toBe("1:327686@1");
  });
});

describe("a reading of the system", () => {
  test("of id 1024 and above is kept in the output of that id, from 1536 in a buffered stream", () => {
    graph.begin();
    run();
    engine.process(0x3800 | 1023, 1, 5);
    expect(log.take()).toBe("3bff:1@5");
    engine.process(0x3800 | 1025, 8, 6);
    expect(log.take()).toBe("3c01:8@6 5c01:8@6");
    engine.process(0x3800 | 1536, 3, 7);
    expect(log.take()).toBe("3e00:3@7 e00:3@7");
    engine.process(input(1025), 4, 8);
    expect(log.take()).toBe("3401:4@8");
  });

  test("is none of a user's of the same id", () => {
    graph.begin().node(input(2), ALWAYS, 0, OUT, GraphFunction.CopyLatest);
    run();
    engine.process(0x3802, 1, 5);
    expect(log.take()).toBe("3802:1@5");
  });
});

describe("a graph in a circle", () => {
  test("is stopped and counted, and goes on with the next input", () => {
    graph.begin();
    graph.node(IN, ALWAYS, 0, unbuffered(1), GraphFunction.CopyLatest);
    graph.node(unbuffered(1), ALWAYS, 0, unbuffered(1), GraphFunction.CopyCount);
    run();
    give(1);
    const lost = engine.visitsLost;
    expect(lost).toBe(1);
    give(1);
    expect(engine.visitsLost).toBe(2);
  });

  test("that branches in each turn fills the queue, and is counted", () => {
    graph.begin();
    graph.node(IN, ALWAYS, 0, unbuffered(1), GraphFunction.CopyLatest);
    graph.node(unbuffered(1), ALWAYS, 0, unbuffered(1), GraphFunction.CopyCount).and(unbuffered(1), ALWAYS, 0);
    run();
    give(1);
    // One was woken by the input and two by each of 512 visits; 512 of these had their visit.
    expect(engine.visitsLost).toBe(1 + 2 * 512 - 512);
  });

  test("of copies is stopped by what it copies", () => {
    graph.begin();
    graph.node(IN, ALWAYS, 0, buffered(1), GraphFunction.CopyLatest);
    graph.node(buffered(1), ALWAYS, 0, buffered(1), GraphFunction.CopyAll);
    graph.node(buffered(1), ALWAYS, 0, buffered(1), GraphFunction.CopyAll);
    run();
    const readings = give(1).split(" ").length;
    // Of 512 visits the last one may copy as many as the engine holds.
    expect(readings).toBeGreaterThan(500);
    expect(readings).toBeLessThan(1 + 512 + READINGS);
    expect(engine.visitsLost).toBeGreaterThan(0);
  });

  test("of logs copies what was there, not what it adds", () => {
    graph.begin();
    graph.node(IN, ALWAYS, 0, buffered(1), GraphFunction.CopyLatest);
    graph.node(buffered(1), whenCount(GraphOperator.Equal), 2, buffered(1), GraphFunction.CopyAll);
    run();
    give(1);
    expect(give(2).substring(0, 21)).toBe("1:2@1 1:1@1 1:2@1 1:1");
  });
});

describe("the engine", () => {
  test("without a graph does nothing", () => {
    engine.unload();
    log.take();
    engine.process(IN, 1, 1);
    expect(log.take()).toBe("");
    expect(engine.config(8, 1)).toBe(0);
  });

  test("has no graph after one that it refused", () => {
    graph.begin().node(IN, ALWAYS, 0, OUT, GraphFunction.CopyLatest);
    run();
    expect(engine.load(graph.at, graph.length - 4)).toBe(GraphRefusal.Length);
    expect(give(1)).toBe("");
  });

  test("forgets what the graph before has left", () => {
    summary(buffered(1), GraphFunction.CopyAll);
    give(1);
    give(2);
    summary(buffered(1), GraphFunction.CopyAll);
    expect(gate()).toBe("");
  });
});
