/**
 * What the streamer does not take: each bad graph is refused with its reason, by the board itself, while the graph before goes on.
 * Which ids a kind takes, and which calls it answers, is as the contract's table says.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  GRAPH_CONTROLLER_CALL_TABLE,
  GRAPH_SENSOR_TABLE,
  GRAPH_SLOT_CALL_TABLE,
  GRAPH_SLOT_CONFIG_TABLE,
} from "../../runtime/contract/graph-call-table.ts";
import {
  GRAPH_SENSORS_MAX,
  GraphSensor,
  GraphSlotCall,
  GraphSlotConfig,
} from "../../runtime/contract/graph-sensors.ts";
import { ENGINES } from "../../tools/build/compile-program.ts";
import { PACKAGE_ROOT } from "../../tools/build/package-root.ts";
import { compiled, StreamerWorld } from "./streamer-world.ts";

const TIMEOUT_MS = 300_000;
const GOOD = "every 1 minute { call 0x8000 on controller => output 1; } streamer on output 1;";

const set = (id: number, value: number) => `set ${id} to ${value} as uint32_t;`;
const slot = (number: number, kind: number, ...more: string[]) =>
  `config slot ${number} { ${set(GraphSlotConfig.Kind, kind)} ${more.join(" ")} }`;
const at = (pin: number) => set(GraphSlotConfig.Pin, pin);

const example = (name: string) => readFileSync(join(PACKAGE_ROOT, "tools/graph/examples", `${name}.sgf`), "utf8");

/** Graphs, and why they are refused; null = taken. */
const CASES: [name: string, source: string, reason: string | null][] = [
  ["encrypted", "encrypted streamer on output 1;", "streamer"],
  ["realtime", "realtime streamer on output 1;", "streamer"],
  ["broadcast", "broadcast streamer on output 1;", "streamer"],
  ["to a slot", "streamer on output 1 to slot 1;", "streamer"],
  ["signed, and no secret", "signed streamer on output 1;", "secret"],
  ["unknown config of the controller", "config controller { set 0x2001 to 1 as uint32_t; }", "unknown"],
  ["unknown kind", slot(1, 99), "unknown"],
  ["unknown config of a slot", slot(1, GraphSensor.Ds18b20, at(12), set(0x8020, 1)), "unknown"],
  ["config of an empty slot", `config slot 1 { ${at(12)} }`, "unknown"],
  ["no pin", slot(1, GraphSensor.Ds18b20), "value"],
  ["a text as a pin", `config slot 1 { ${set(GraphSlotConfig.Kind, 5)} set 0x8001 to "12" as string; }`, "value"],
  ["a period of nothing", slot(1, GraphSensor.Ds18b20, at(12), set(GraphSlotConfig.PeriodS, 0)), "value"],
  ["a pin that is none", slot(1, GraphSensor.Ds18b20, at(17)), "value"],
  ["a pin of the flash", slot(1, GraphSensor.DigitalOutput, at(6)), "pin"],
  ["a pin of the serial port", slot(1, GraphSensor.DigitalInput, at(3)), "pin"],
  ["pulses where there is no interrupt", slot(1, GraphSensor.PulseCounter, at(16)), "pin"],
  ["an output at GPIO16", slot(1, GraphSensor.DigitalOutput, at(16)), null],
  ["a pin twice", slot(1, GraphSensor.Ds18b20, at(12)) + slot(2, GraphSensor.DigitalInput, at(12)), "pin"],
  ["I2C and a contact on its pin", slot(1, GraphSensor.Bme280) + slot(2, GraphSensor.DigitalInput, at(4)), "pin"],
  ["a contact, then I2C on its pin", slot(1, GraphSensor.DigitalInput, at(5)) + slot(2, GraphSensor.Bme280), "pin"],
  ["an address twice", slot(1, GraphSensor.Bme280) + slot(2, GraphSensor.Bme280), "pin"],
  [
    "two addresses",
    slot(1, GraphSensor.Bme280) + slot(2, GraphSensor.Bme280, set(GraphSlotConfig.Address, 0x77)),
    null,
  ],
  ["the analogue input twice", slot(1, GraphSensor.Analogue) + slot(2, GraphSensor.Analogue), "pin"],
  ["a call to an empty slot", "every 1 minute { call 0x8000 on slot 5 => output 1; }", "unknown"],
  ["an example: the fridge", example("fridge-alarm"), null],
  ["an example: counts by the hour", example("hourly-counts"), null],
  ["an unknown call of the controller", "every 1 minute { call 0x9000 on controller => output 1; }", "unknown"],
];

test("pins that the board does not lead out", { timeout: TIMEOUT_MS }, async () => {
  // It has GPIO0 to 3.
  const world = await StreamerWorld.open("wasm", "", "esp-01");
  const outcome = async (source: string) => (await world.put(compiled(source))).reason;
  expect(await outcome(slot(1, GraphSensor.Ds18b20, at(12)))).toBe("pin");
  expect(await outcome(slot(1, GraphSensor.Bme280))).toBe("pin");
  expect(await outcome(slot(1, GraphSensor.Ds18b20, at(2)) + slot(2, GraphSensor.Analogue))).toBeNull();
  expect(await world.graph()).toMatchObject({ state: "applied" });
  await world.close();
});

describe.each(ENGINES)("%s", { timeout: TIMEOUT_MS }, (engine) => {
  let world: StreamerWorld;

  beforeAll(async () => {
    world = await StreamerWorld.open(engine);
    expect(await world.put(compiled(GOOD))).toMatchObject({ state: "applied" });
  }, TIMEOUT_MS);

  afterAll(async () => {
    expect(world.device.figures).toMatchObject({ crashes: 0, allocationsAfterStart: 0, watchdogResets: 0 });
    await world.close();
  });

  const outcome = async (source: string) => {
    const { state, reason } = await world.put(compiled(source));
    return state === "applied" ? null : `${state}: ${reason}`;
  };

  test.each(CASES)("%s", async (_name, source, reason) => {
    const { starts } = world.device.figures;
    expect(await outcome(source)).toBe(reason === null ? null : `refused: ${reason}`);
    expect(world.device.figures.starts).toBe(starts + (reason === null ? 1 : 0));
  });

  test("bytes that are no graph: the one before goes on", async () => {
    await outcome(GOOD);
    const before = (await world.told("5001")).length;
    const bad = Buffer.from(compiled(GOOD));
    // The function of the first node: the form is right, the code is none.
    bad[12 + 14] = 99;
    expect(await world.put(bad)).toMatchObject({ state: "refused", reason: "code" });
    await world.time.runFor(180_000);
    expect((await world.told("5001")).length).toBe(before + 3);
  });

  test("as many sensors as there may be, of the largest kinds, fit the memory; one more does not", async () => {
    const pins = [0, 2, 4, 5, 12, 13, 14, 15];
    expect(pins).toHaveLength(GRAPH_SENSORS_MAX);
    const full = pins.map((pin, index) => slot(index + 1, GraphSensor.Dht22, at(pin))).join("");
    expect(await outcome(`${full} ${GOOD}`)).toBeNull();
    expect(world.device.figures.heapUsedBytes).toBeLessThan(world.device.figures.heapLimitBytes);
    expect(await outcome(full + slot(9, GraphSensor.Analogue))).toBe("refused: memory");
  });

  test("the ids that each kind takes are those of the table", async () => {
    for (const { kind, needs, takes } of GRAPH_SENSOR_TABLE) {
      const taken: number[] = [GraphSlotConfig.Kind, ...needs, ...takes];
      for (const { id, most } of GRAPH_SLOT_CONFIG_TABLE) {
        if (id === GraphSlotConfig.Kind || id === GraphSlotConfig.Pin) continue;
        const needed = needs.includes(GraphSlotConfig.Pin) ? at(12) : "";
        const told = await outcome(slot(1, kind, needed, set(id, most)));
        expect(told, `${GraphSensor[kind]} ${GraphSlotConfig[id]}`).toBe(
          taken.includes(id) ? null : "refused: unknown",
        );
      }
    }
  });

  test("values outside of the table's ranges are refused", async () => {
    for (const { id, least, most } of GRAPH_SLOT_CONFIG_TABLE) {
      const facts = GRAPH_SENSOR_TABLE.find(({ needs, takes }) => needs.includes(id) || takes.includes(id));
      if (facts === undefined) continue;
      const needed = facts.needs.includes(GraphSlotConfig.Pin) && id !== GraphSlotConfig.Pin ? at(12) : "";
      for (const value of [least - 1, most + 1]) {
        if (value < 0) continue;
        expect(await outcome(slot(1, facts.kind, needed, set(id, value))), GraphSlotConfig[id]).toBe("refused: value");
      }
    }
  });

  test("the calls that each kind answers are those of the table", async () => {
    for (const { kind, needs, values } of GRAPH_SENSOR_TABLE) {
      const declared = slot(1, kind, needs.includes(GraphSlotConfig.Pin) ? at(12) : "");
      const isOutput = kind === GraphSensor.DigitalOutput;
      for (const { rpc } of GRAPH_SLOT_CALL_TABLE) {
        const isValue = rpc >= GraphSlotCall.First && rpc < GraphSlotCall.First + values.length;
        const isAnswered = isValue || (rpc >= GraphSlotCall.Off ? isOutput : rpc === GraphSlotCall.Status && !isOutput);
        const told = await outcome(`${declared} every 1 hour { call ${rpc} on slot 1 => output 1; }`);
        expect(told, `${GraphSensor[kind]} ${GraphSlotCall[rpc]}`).toBe(isAnswered ? null : "refused: unknown");
      }
    }
    for (const { rpc } of GRAPH_CONTROLLER_CALL_TABLE) {
      expect(await outcome(`every 1 hour { call ${rpc} on controller => output 1; }`)).toBeNull();
    }
  });
});
