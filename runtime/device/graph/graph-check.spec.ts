import {
  GRAPH_NO_STREAM,
  GRAPH_NO_STREAMER,
  GraphCombiner,
  GraphConfigType,
  GraphFunction,
  GraphRefusal,
} from "../../contract/graph-format.ts";
import { GRAPH_MAX_BYTES } from "../../contract/graph-limits.ts";
import {
  ALWAYS,
  buffered,
  constant,
  counter,
  GraphBuilder,
  input,
  output,
  unbuffered,
} from "../testing/graph-builder.ts";
import { checkGraph } from "./graph-check.ts";

const graph = new GraphBuilder();

function check(): GraphRefusal {
  return checkGraph(graph.at, graph.length);
}

/** A graph of one node, with one thing of everything else. */
function whole(): GraphBuilder {
  graph.begin().node(input(1), ALWAYS, 0, output(1), GraphFunction.CopyLatest);
  graph.streamer(0x57ff, 0, GRAPH_NO_STREAMER).first(constant(1), 5);
  return graph.config(0x2000, GraphConfigType.Uint8, 1, 1);
}

/** The graph with one byte of it changed. */
function changed(offset: usize, value: u8): GraphRefusal {
  whole();
  store<u8>(graph.at + offset, value);
  return check();
}

const NODE: usize = 12;
const STREAMER: usize = NODE + 20;
const CONSTANT: usize = STREAMER + 8;
const CONFIG: usize = CONSTANT + 8;

describe("a graph is taken", () => {
  test("with everything in it, and with nothing", () => {
    whole();
    expect(check()).toBe(GraphRefusal.None);
    graph.begin();
    expect(check()).toBe(GraphRefusal.None);
  });

  test("of 32 nodes, 8 of them roots", () => {
    graph.begin();
    for (let i = 0; i < 8; i++) graph.node(input(i), ALWAYS, 0, unbuffered(i), GraphFunction.CopyLatest);
    for (let i = 0; i < 24; i++) graph.node(unbuffered(i), ALWAYS, 0, unbuffered(i + 1), GraphFunction.CopyLatest);
    expect(check()).toBe(GraphRefusal.None);
  });
});

describe("a graph is refused", () => {
  test("at any other length than its own", () => {
    whole();
    for (let length = 0; length < graph.length; length++) {
      const refusal = checkGraph(graph.at, length);
      expect(refusal).toBe(GraphRefusal.Length);
    }
    expect(checkGraph(graph.at, graph.length + 4)).toBe(GraphRefusal.Length);
    expect(checkGraph(graph.at, GRAPH_MAX_BYTES + 4)).toBe(GraphRefusal.Length);
    expect(checkGraph(graph.at, -4)).toBe(GraphRefusal.Length);
  });

  test("with parts that need more bytes than it has, or fewer", () => {
    expect(changed(5, 2)).not.toBe(GraphRefusal.None);
    expect(changed(5, 32)).toBe(GraphRefusal.Length);
    expect(changed(7, 16)).toBe(GraphRefusal.Length);
    expect(changed(8, 0)).toBe(GraphRefusal.Length);
    expect(changed(8, 2)).toBe(GraphRefusal.Length);
    expect(changed(9, 255)).toBe(GraphRefusal.Length);
    // A value that would end far behind the graph.
    expect(changed(CONFIG + 5, 255)).toBe(GraphRefusal.Length);
  });

  test("of another form", () => {
    expect(changed(0, 0)).toBe(GraphRefusal.Format);
    expect(changed(4, 2)).toBe(GraphRefusal.Format);
  });

  test("that is larger than the tables", () => {
    expect(changed(5, 33)).toBe(GraphRefusal.TooManyNodes);
    expect(changed(6, 9)).toBe(GraphRefusal.TooManyStreamers);
    expect(changed(7, 17)).toBe(GraphRefusal.TooManyConstants);
    graph.begin();
    for (let i = 0; i < 9; i++) graph.node(input(i), ALWAYS, 0, output(i), GraphFunction.CopyLatest);
    expect(check()).toBe(GraphRefusal.TooManyRoots);
  });

  test("with a code that is none", () => {
    expect(changed(NODE + 14, 8)).toBe(GraphRefusal.Code);
    expect(changed(NODE + 15, 12)).toBe(GraphRefusal.Code);
    expect(changed(NODE + 17, <u8>GraphCombiner.Or + 1)).toBe(GraphRefusal.Code);
    expect(changed(NODE + 18, 1)).toBe(GraphRefusal.Code);
    expect(changed(NODE + 19, 1)).toBe(GraphRefusal.Code);
    expect(changed(STREAMER + 2, 9)).toBe(GraphRefusal.Code);
    expect(changed(STREAMER + 2, 10)).toBe(GraphRefusal.Code);
    expect(changed(STREAMER + 2, 42)).toBe(GraphRefusal.Code);
    expect(changed(STREAMER + 3, 32)).toBe(GraphRefusal.Code);
    expect(changed(STREAMER + 4, 1)).toBe(GraphRefusal.Code);
    expect(changed(STREAMER + 7, 1)).toBe(GraphRefusal.Code);
    expect(changed(CONSTANT + 2, 1)).toBe(GraphRefusal.Code);
    expect(changed(CONFIG + 1, 14)).toBe(GraphRefusal.Code);
  });

  test("with a second trigger that is none, if there is a second input", () => {
    graph
      .begin()
      .node(input(1), ALWAYS, 0, output(1), GraphFunction.CopyLatest)
      .and(input(2), ALWAYS + 2, 0);
    expect(check()).toBe(GraphRefusal.Code);
  });

  test("with a stream that is none", () => {
    expect(changed(NODE + 9, 0x60)).toBe(GraphRefusal.Stream);
    expect(changed(NODE + 11, 0x80)).toBe(GraphRefusal.Stream);
    expect(changed(NODE + 13, 0x7f)).toBe(GraphRefusal.Stream);
    expect(changed(STREAMER + 1, 0x67)).toBe(GraphRefusal.Stream);
    expect(changed(CONSTANT + 1, 0xf0)).toBe(GraphRefusal.Stream);
    // A node writes no input, only logs are selected as a whole, and first values are those of constants.
    expect(changed(NODE + 9, 0x30)).toBe(GraphRefusal.Stream);
    expect(changed(STREAMER + 1, 0x17)).toBe(GraphRefusal.Stream);
    expect(changed(CONSTANT + 1, 0x10)).toBe(GraphRefusal.Stream);
    graph.begin().node(input(0x7ff), ALWAYS, 0, output(1), GraphFunction.CopyLatest);
    expect(check()).toBe(GraphRefusal.Stream);
  });

  test("with one stream selected, and more", () => {
    graph.begin().streamer(0x8000 | output(1), 0, GRAPH_NO_STREAMER);
    expect(check()).toBe(GraphRefusal.Stream);
  });

  test("without the input that a function takes from", () => {
    for (let does = 0; does <= GraphFunction.Subtract; does++) {
      graph.begin().node(input(1), ALWAYS, 0, output(1), does);
      const isWhole = does < GraphFunction.TriggerStreamer;
      expect(check()).toBe(isWhole ? GraphRefusal.None : GraphRefusal.Stream);
      graph.and(constant(1), ALWAYS, 0);
      expect(check()).toBe(GraphRefusal.None);
      graph.and(GRAPH_NO_STREAM - 1, ALWAYS, 0);
      expect(check()).toBe(GraphRefusal.Stream);
    }
  });

  test("with config that does not fit its type", () => {
    graph.begin().config(1, GraphConfigType.Uint32, 1, 2);
    expect(check()).toBe(GraphRefusal.Config);
    graph.begin().config(1, GraphConfigType.Array + GraphConfigType.Int16, 1, 3);
    expect(check()).toBe(GraphRefusal.Config);
    graph.begin().config(1, GraphConfigType.Array + GraphConfigType.Int16, 1, 8);
    expect(check()).toBe(GraphRefusal.None);
    graph.begin().config(1, GraphConfigType.Text, 0x434241, 3);
    expect(check()).toBe(GraphRefusal.None);
    // No tile has address 10.
    expect(changed(CONFIG, 10)).toBe(GraphRefusal.Config);
    // Behind the value there are zeros.
    graph.begin().config(1, GraphConfigType.Uint8, 0x101, 1);
    expect(check()).toBe(GraphRefusal.Config);
  });

  test("with nodes that nothing leads to", () => {
    graph.begin().node(unbuffered(1), ALWAYS, 0, output(1), GraphFunction.CopyLatest);
    expect(check()).toBe(GraphRefusal.Unreachable);
    graph.node(input(1), ALWAYS, 0, unbuffered(1), GraphFunction.CopyLatest);
    expect(check()).toBe(GraphRefusal.None);
    // Two that only lead to one another.
    graph.node(counter(1), ALWAYS, 0, buffered(1), GraphFunction.CopyLatest);
    graph.node(buffered(1), ALWAYS, 0, counter(1), GraphFunction.CopyLatest);
    expect(check()).toBe(GraphRefusal.Unreachable);
  });
});
