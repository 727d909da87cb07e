import { GRAPH_NO_STREAMER, GraphFunction, GraphRefusal, GraphStreamerFlag } from "../../contract/graph-format.ts";
import { ALWAYS, constant, GraphBuilder, input, output, unbuffered } from "../testing/graph-builder.ts";
import { GraphLog } from "../testing/graph-log.ts";
import { GraphEngine } from "./graph-engine.ts";
import { selects } from "./graph-streamers.ts";

const ALL_OUTPUTS: u32 = 0x57ff;
const SYSTEM: u32 = 0x800;
const MORE: u32 = 0x8000;
const RESTART: u32 = 0x5000 | SYSTEM | 1024;

const graph = new GraphBuilder();
const log = new GraphLog();
const engine = new GraphEngine(log, log, 4);
const streamers = engine.streamers;

function run(): void {
  expect(engine.load(graph.at, graph.length)).toBe(GraphRefusal.None);
}

describe("a selector", () => {
  test("takes one stream, or all of users, with restarts, of the system, of both", () => {
    expect(selects(output(5), output(5))).toBe(true);
    expect(selects(output(5), output(6))).toBe(false);
    expect(selects(output(5), output(5) | SYSTEM)).toBe(false);
    expect(selects(ALL_OUTPUTS, output(6))).toBe(true);
    expect(selects(ALL_OUTPUTS, unbuffered(6))).toBe(false);
    expect(selects(ALL_OUTPUTS, output(6) | SYSTEM)).toBe(false);
    expect(selects(ALL_OUTPUTS, RESTART)).toBe(false);
    expect(selects(ALL_OUTPUTS | MORE, output(6))).toBe(true);
    expect(selects(ALL_OUTPUTS | MORE, RESTART)).toBe(true);
    expect(selects(ALL_OUTPUTS | MORE, RESTART + 1)).toBe(false);
    expect(selects(ALL_OUTPUTS | SYSTEM, output(6))).toBe(false);
    expect(selects(ALL_OUTPUTS | SYSTEM, RESTART + 1)).toBe(true);
    expect(selects(ALL_OUTPUTS | SYSTEM | MORE, output(6))).toBe(true);
    expect(selects(ALL_OUTPUTS | SYSTEM | MORE, RESTART + 1)).toBe(true);
    expect(selects(ALL_OUTPUTS | SYSTEM | MORE, unbuffered(6))).toBe(false);
  });
});

describe("a streamer", () => {
  test("that is automatic sends as soon as there is data, until it was sent", () => {
    graph.begin().node(input(1), ALWAYS, 0, output(1), GraphFunction.CopyLatest);
    graph.streamer(ALL_OUTPUTS, 0, GRAPH_NO_STREAMER);
    run();
    expect(streamers.ready()).toBe(0);
    engine.process(input(1), 5, 1);
    engine.process(input(1), 6, 2);
    expect(streamers.ready()).toBe(1);
    expect(streamers.waits(0)).toBe(2);
    streamers.sent(0, 1);
    expect(streamers.ready()).toBe(1);
    streamers.sent(0, 9);
    expect(streamers.ready()).toBe(0);
  });

  test("that is manual waits for its mark, which a look uses up", () => {
    graph.begin().node(input(1), ALWAYS, 0, output(1), GraphFunction.CopyLatest);
    graph.streamer(ALL_OUTPUTS, GraphStreamerFlag.Manual, GRAPH_NO_STREAMER);
    run();
    streamers.mark(0);
    expect(streamers.ready()).toBe(0);
    engine.process(input(1), 5, 1);
    expect(streamers.ready()).toBe(0);
    expect(streamers.mark(0)).toBe(true);
    expect(streamers.ready()).toBe(1);
    expect(streamers.ready()).toBe(0);
    expect(streamers.mark(1)).toBe(false);
  });

  test("goes along with another, and a third with it, where there is data", () => {
    graph.begin().node(input(1), ALWAYS, 0, output(1), GraphFunction.CopyLatest);
    graph.node(input(2), ALWAYS, 0, output(2), GraphFunction.CopyLatest);
    graph.streamer(output(2), GraphStreamerFlag.Manual, 2);
    graph.streamer(output(1), 0, GRAPH_NO_STREAMER);
    graph.streamer(output(1), 0, 1);
    graph.streamer(output(3), 0, 1);
    run();
    engine.process(input(2), 5, 1);
    expect(streamers.ready()).toBe(0);
    engine.process(input(1), 5, 1);
    expect(streamers.ready()).toBe(0b0111);
  });

  test("is marked by a node that says its number, and the node answers 0", () => {
    graph.begin().node(input(1), ALWAYS, 0, output(1), GraphFunction.TriggerStreamer).and(constant(1), ALWAYS, 0);
    graph.streamer(ALL_OUTPUTS, GraphStreamerFlag.Manual, GRAPH_NO_STREAMER).first(constant(1), 0);
    run();
    log.silence(input(1));
    log.take();
    engine.process(input(1), 5, 1);
    expect(log.take()).toBe("5001:0@1");
    expect(streamers.ready()).toBe(1);
    // There is no streamer of number -1.
    graph.begin().node(input(1), ALWAYS, 0, output(1), GraphFunction.TriggerStreamer).and(constant(1), ALWAYS, 0);
    graph.streamer(ALL_OUTPUTS, GraphStreamerFlag.Manual, GRAPH_NO_STREAMER).first(constant(1), -1);
    run();
    engine.process(input(1), 5, 1);
    expect(log.take()).toBe("");
  });
});
