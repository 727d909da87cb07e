import {
  GRAPH_CONFIG_TICK_1_S,
  GRAPH_CONFIG_TICK_2_S,
  GRAPH_CONFIG_TICK_FAST_S,
  GRAPH_CONTROLLER,
  GraphConfigType,
  GraphRefusal,
} from "../../contract/graph-format.ts";
import { GraphBuilder } from "../testing/graph-builder.ts";
import { GraphLog } from "../testing/graph-log.ts";
import { GraphClock } from "./graph-clock.ts";
import { GraphEngine } from "./graph-engine.ts";
import { configNumber } from "./graph-form.ts";

const graph = new GraphBuilder();
const log = new GraphLog();
const engine = new GraphEngine(log, log, 4);
const clock = new GraphClock(engine);

function run(nowS: u32 = 0): void {
  expect(engine.load(graph.at, graph.length)).toBe(GraphRefusal.None);
  clock.begin(nowS);
  log.take();
}

describe("the clock", () => {
  test("begins with second 1; each 10 s come the slow tick and the voltage", () => {
    graph.begin();
    run();
    expect(clock.advance(9, 100)).toBe(true);
    expect(log.take()).toBe("");
    clock.advance(10, 100);
    expect(log.take()).toBe("3802:10@10 3800:235929@10");
    clock.supply = 200000;
    clock.advance(20, 100);
    expect(log.take()).toBe("3802:20@20 3800:200000@20");
    clock.supply = 235929;
  });

  test("gives the fast tick first, then the two that the config sets", () => {
    graph.begin().config(GRAPH_CONFIG_TICK_2_S, GraphConfigType.Uint8, 5, 1);
    graph.config(GRAPH_CONFIG_TICK_1_S, GraphConfigType.Uint16, 10, 2);
    graph.config(GRAPH_CONFIG_TICK_FAST_S, GraphConfigType.Uint32, 2, 4);
    run();
    clock.advance(5, 100);
    expect(log.take()).toBe("3803:2@2 3803:4@4 3806:5@5");
    clock.advance(10, 100);
    expect(log.take()).toBe("3803:6@6 3803:8@8 3803:10@10 3805:10@10 3806:10@10 3802:10@10 3800:235929@10");
  });

  test("catches up in steps", () => {
    graph.begin();
    run(38);
    expect(clock.advance(60, 12)).toBe(false);
    expect(clock.nowS).toBe(50);
    expect(clock.advance(60, 12)).toBe(true);
    expect(clock.nowS).toBe(60);
    expect(clock.advance(60, 12)).toBe(true);
    expect(log.take()).toBe("3802:40@40 3800:235929@40 3802:50@50 3800:235929@50 3802:60@60 3800:235929@60");
  });

  test("takes a period that is no number, or below zero, for none", () => {
    graph.begin().config(GRAPH_CONFIG_TICK_FAST_S, GraphConfigType.Text, 0x31, 1);
    graph.config(GRAPH_CONFIG_TICK_1_S, GraphConfigType.Int8, 0xff, 1);
    graph.config(GRAPH_CONFIG_TICK_2_S, GraphConfigType.Uint32, 0, 4);
    run();
    clock.advance(9, 100);
    expect(log.take()).toBe("");
  });
});

describe("config", () => {
  test("is found by tile and id, the last one of several, with its sign", () => {
    graph.begin().config(7, GraphConfigType.Int16, 0xfffe, 2);
    graph.config(8, GraphConfigType.Text, 0x434241, 3).config(7, GraphConfigType.Int16, 0xfffd, 2);
    graph.config(9, GraphConfigType.Uint8, 0xff, 1).config(10, GraphConfigType.Int8, 0xff, 1);
    graph.config(11, GraphConfigType.Uint32, -1, 4);
    run();
    expect(configNumber(engine.config(GRAPH_CONTROLLER, 7), 5)).toBe(-3);
    expect(configNumber(engine.config(GRAPH_CONTROLLER, 9), 5)).toBe(255);
    expect(configNumber(engine.config(GRAPH_CONTROLLER, 10), 5)).toBe(-1);
    expect(configNumber(engine.config(GRAPH_CONTROLLER, 11), 5)).toBe(-1);
    // Text is there, but is no number.
    expect(engine.config(GRAPH_CONTROLLER, 8)).not.toBe(0);
    expect(configNumber(engine.config(GRAPH_CONTROLLER, 8), 5)).toBe(5);
    expect(engine.config(GRAPH_CONTROLLER + 3, 7)).toBe(0);
    expect(engine.config(GRAPH_CONTROLLER, 12)).toBe(0);
  });
});
