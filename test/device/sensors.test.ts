/**
 * The device library's drivers in a program on a virtual board, on both engines: values from datasheets, each fault with its own
 * status and a good reading after it, and a day of all sensors together.
 */
import { describe, expect, test } from "vitest";
import type { Ds18b20 } from "../../runtime/board/sensors/ds18b20.ts";
import { SensorStatus } from "../../runtime/contract/sensor-reading.ts";
import { ENGINES } from "../../tools/build/compile-program.ts";
import { DHT_PIN, EVERY_MS, METER_PIN, ONE_WIRE_PIN, SERIALS, SensorsWorld, SWITCH_PIN } from "./sensors-world.ts";

const BUILD_MS = 120_000;
const DAY_MS = 24 * 3600 * 1000;
const status = (code: SensorStatus) => `status ${code}`;

describe.each(ENGINES)("%s", { timeout: BUILD_MS }, (engine) => {
  test("the search finds every thermometer of a wire, once", async () => {
    const { said, thermometers } = await SensorsWorld.start(engine);
    const serials = said.filter(({ name }) => name === "serial").map(({ value }) => value);
    expect(serials.toSorted()).toEqual(SERIALS.map((serial) => serial | 0).toSorted());
    expect(said.filter(({ name }) => name === "family").map(({ value }) => value)).toEqual([0x28, 0x28, 0x28]);
    expect(thermometers.map(({ badSlots }) => badSlots)).toEqual([0, 0, 0]);
  });

  test("a wire where nobody is at first is searched again", async () => {
    const world = await SensorsWorld.start(engine, ({ thermometers }) => {
      for (const thermometer of thermometers) thermometer.isPresent = false;
    });
    expect(world.said.filter(({ name }) => name === "search").length).toBeGreaterThan(1);
    for (const thermometer of world.thermometers) thermometer.isPresent = true;
    await world.time.runFor(3000);
    expect(world.said.filter(({ name }) => name === "serial")).toHaveLength(3);
  });

  test("DS18B20: table 1 of the datasheet, each thermometer by its code", async () => {
    const world = await SensorsWorld.start(engine);
    // In the order of the search: the one whose code has a zero where they first differ is first.
    const order = world.said.filter(({ name }) => name === "serial").map(({ value }) => value);
    const found = order.map((serial) => world.thermometers[SERIALS.findIndex((one) => (one | 0) === serial)]);
    const table: [celsius: number, milliC: number][] = [
      [125, 125_000],
      [85, 85_000],
      [25.0625, 25_062],
      [10.125, 10_125],
      [0.5, 500],
      [0, 0],
      [-0.5, -500],
      [-10.125, -10_125],
      [-25.0625, -25_062],
      [-55, -55_000],
    ];
    for (const [celsius, milliC] of table) {
      found.forEach((thermometer, index) => {
        if (thermometer !== undefined) thermometer.temperatureC = index === 1 ? celsius : 20 + index;
      });
      await world.measure();
      expect([0, 1, 2].map((index) => world.last(`ds18b20.${index}`))).toEqual([20_000, milliC, 22_000]);
    }
  });

  test.each([9, 10, 11])("DS18B20: with %i bits", async (bits) => {
    const world = await SensorsWorld.start(engine, undefined, bits);
    for (const thermometer of world.thermometers) thermometer.temperatureC = 25.3125;
    await world.measure();
    expect(world.last("ds18b20.0")).toBe({ 9: 25_000, 10: 25_250, 11: 25_250 }[bits]);
    expect(world.thermometers[0]?.conversionUs).toBe(750_000 >> (12 - bits));
  });

  test("DS18B20: faults", async () => {
    const world = await SensorsWorld.start(engine);
    const first = world.thermometers[0] as Ds18b20;
    const found = world.said.filter((one) => one.name === "serial").map(({ value }) => value);
    const name = `ds18b20.${found.indexOf((SERIALS[0] as number) | 0)}`;
    first.hasBadCrc = true;
    await world.measure();
    expect(world.last(name)).toBe(status(SensorStatus.BadCrc));
    first.hasBadCrc = false;
    await world.measure();
    expect(world.last(name)).toBe(20_000);
    for (const thermometer of world.thermometers) thermometer.isPresent = false;
    await world.measure();
    expect(world.last(name)).toBe(status(SensorStatus.NoAnswer));
    for (const thermometer of world.thermometers) thermometer.isPresent = true;
    await world.measure();
    expect(world.last(name)).toBe(20_000);
    world.board.pins.setInput(ONE_WIRE_PIN, 0);
    await world.measure();
    expect(world.last(name)).toBe(status(SensorStatus.LineHeld));
    world.board.pins.setInput(ONE_WIRE_PIN, undefined);
    await world.measure();
    expect(world.last(name)).toBe(20_000);
    // 130 degrees, which it cannot measure.
    first.temperatureC = 130;
    await world.measure();
    expect(world.last(name)).toBe(status(SensorStatus.OutOfRange));
    first.temperatureC = 21;
    await world.measure();
    expect(world.last(name)).toBe(21_000);
  });

  test("DS18B20: 85 degrees after power was away are no reading, and 85 degrees are one", async () => {
    const world = await SensorsWorld.start(engine);
    for (const thermometer of world.thermometers) thermometer.temperatureC = 85;
    await world.measure();
    expect(world.last("ds18b20.0")).toBe(85_000);
    // In the middle of a conversion, which the chip then knows nothing of.
    await world.time.runFor(EVERY_MS - 3000 + 200 + 400);
    for (const thermometer of world.thermometers) thermometer.powerOn();
    await world.time.runFor(2000);
    expect(world.last("ds18b20.0")).toBe(status(SensorStatus.NotReady));
    await world.measure();
    expect(world.last("ds18b20.0")).toBe(85_000);
  });

  test("DHT22: the datasheet's examples, and sensors whose clocks are off", async () => {
    const world = await SensorsWorld.start(engine);
    const read = async () => {
      await world.measure();
      return [world.last("dht22.0"), world.last("dht22.1")];
    };
    Object.assign(world.dht22, { temperatureC: 35.1, humidityPercent: 65.2 });
    expect(await read()).toEqual([35_100, 65_200]);
    world.dht22.temperatureC = -10.1;
    expect(await read()).toEqual([-10_100, 65_200]);
    for (const slowness of [0.8, 1.25]) {
      world.dht22.slowness = slowness;
      expect(await read()).toEqual([-10_100, 65_200]);
    }
    world.dht22.slowness = 1;
    Object.assign(world.dht22, { temperatureC: -40, humidityPercent: 0 });
    expect(await read()).toEqual([-40_000, 0]);
    Object.assign(world.dht22, { temperatureC: 80, humidityPercent: 100 });
    expect(await read()).toEqual([80_000, 100_000]);
  });

  test("DHT22: faults", async () => {
    const world = await SensorsWorld.start(engine);
    const both = () => [world.last("dht22.0"), world.last("dht22.1")];
    const faults: [SensorStatus, set: () => void, unset: () => void][] = [
      [
        SensorStatus.NoAnswer,
        () => {
          world.dht22.isPresent = false;
        },
        () => {
          world.dht22.isPresent = true;
        },
      ],
      [
        SensorStatus.BadCrc,
        () => {
          world.dht22.hasBadChecksum = true;
        },
        () => {
          world.dht22.hasBadChecksum = false;
        },
      ],
      ...[0, 1, 17, 39].map((bits): [SensorStatus, () => void, () => void] => [
        SensorStatus.Incomplete,
        () => {
          world.dht22.bitsSent = bits;
        },
        () => {
          world.dht22.bitsSent = 40;
        },
      ]),
      [
        SensorStatus.LineHeld,
        () => world.board.pins.setInput(DHT_PIN, 0),
        () => world.board.pins.setInput(DHT_PIN, undefined),
      ],
    ];
    for (const [code, set, unset] of faults) {
      set();
      await world.measure();
      expect(both()).toEqual([status(code), status(code)]);
      unset();
      await world.measure();
      expect(both()).toEqual([20_000, 50_000]);
    }
    Object.assign(world.dht22, { temperatureC: 90, humidityPercent: 101 });
    await world.measure();
    expect(both()).toEqual([status(SensorStatus.OutOfRange), status(SensorStatus.OutOfRange)]);
    Object.assign(world.dht22, { temperatureC: 12, humidityPercent: 34 });
    await world.measure();
    expect(both()).toEqual([12_000, 34_000]);
  });

  test("BME280 and BMP280: over the range, within what the integers round to", async () => {
    const world = await SensorsWorld.start(engine);
    for (const [temperatureC, pressurePa, humidityPercent] of [
      [-40, 30_000, 100],
      [-10, 87_000, 5],
      [25.08, 100_653, 50],
      [60, 110_000, 99],
      [84.9, 70_000, 1],
    ] as const) {
      for (const device of [world.bme280, world.bmp280])
        Object.assign(device, { temperatureC, pressurePa, humidityPercent });
      await world.measure();
      for (const name of ["bme280", "bmp280"]) {
        expect(Math.abs((world.last(`${name}.0`) as number) - 1000 * temperatureC)).toBeLessThanOrEqual(10);
        expect(Math.abs((world.last(`${name}.1`) as number) - pressurePa)).toBeLessThanOrEqual(2);
      }
      expect(Math.abs((world.last("bme280.2") as number) - 1000 * humidityPercent)).toBeLessThanOrEqual(30);
      expect(world.last("bmp280.2")).toBe(status(SensorStatus.WrongDevice));
    }
  });

  test("BME280: faults", async () => {
    const world = await SensorsWorld.start(engine);
    const all = () => [0, 1, 2].map((index) => world.last(`bme280.${index}`));
    const good = all();
    expect(good.slice(0, 2)).toEqual([20_000, 101_325]);
    world.bme280.isStuck = true;
    await world.measure();
    expect(all()).toEqual(new Array(3).fill(status(SensorStatus.NotReady)));
    world.bme280.isStuck = false;
    await world.measure();
    expect(all()).toEqual(good);
    world.bme280.temperatureC = 120;
    await world.measure();
    expect(all()).toEqual(new Array(3).fill(status(SensorStatus.OutOfRange)));
    Object.assign(world.bme280, { temperatureC: 20, pressurePa: 120_000 });
    await world.measure();
    expect(all()).toEqual([20_000, status(SensorStatus.OutOfRange), good[2]]);
    world.bme280.pressurePa = 101_325;
    // Power is away while it measures: what it shows then was never measured.
    await world.time.runFor(EVERY_MS - 3000 + 205);
    world.bme280.powerOn();
    await world.time.runFor(100);
    expect(all()).toEqual(new Array(3).fill(status(SensorStatus.NotReady)));
    await world.measure();
    expect(all()).toEqual(good);
  });

  test("BME280: nobody at its address, another chip there, and then the right one", async () => {
    const world = await SensorsWorld.start(engine);
    world.detachBme280();
    await world.measure();
    expect(world.last("bme280.0")).toBe(status(SensorStatus.NoAnswer));
    const detach = world.board.i2c.attach({ address: 0x76, write: () => {}, read: () => Uint8Array.of(0x55) });
    await world.measure();
    expect(world.last("bme280.0")).toBe(status(SensorStatus.WrongDevice));
    detach();
    world.board.i2c.attach(world.bme280);
    await world.measure();
    expect(world.last("bme280.0")).toBe(20_000);
  });

  test("the analogue input, in millivolts of the board's range", async () => {
    const world = await SensorsWorld.start(engine, ({ board }) => board.pins.setAdc(512));
    expect(world.last("adc")).toBe(Math.round((512 * 3200) / 1023));
    world.board.pins.setAdc(1023);
    await world.measure();
    expect(world.last("adc")).toBe(status(SensorStatus.OutOfRange));
    for (const [raw, millivolts] of [
      [1022, 3197],
      [0, 0],
      [1, 3],
    ] as const) {
      world.board.pins.setAdc(raw);
      await world.measure();
      expect(world.last("adc")).toBe(millivolts);
    }
  });

  test("a contact tells each change at once, once, however it bounces", async () => {
    const world = await SensorsWorld.start(engine);
    expect(world.last("contact")).toBe(0);
    const { pins } = world.board;
    const before = world.said.length;
    for (const level of [0, 1, 0, 1, 0] as const) {
      pins.setInput(SWITCH_PIN, level);
      await world.time.runFor(2);
    }
    await world.time.runFor(100);
    const after = world.said.slice(before).filter(({ name }) => name === "contact");
    expect(after.map(({ value }) => value)).toEqual([1]);
    // Let go, and closed again within the hold-off: two changes, and the last one is true.
    pins.setInput(SWITCH_PIN, 1);
    await world.time.runFor(5);
    pins.setInput(SWITCH_PIN, 0);
    await world.time.runFor(100);
    expect(world.last("contact")).toBe(1);
    pins.setInput(SWITCH_PIN, 1);
    await world.measure();
    expect(world.last("contact")).toBe(0);
  });

  test("pulses of a period, and all of them", async () => {
    const world = await SensorsWorld.start(engine);
    const { pins } = world.board;
    const pulse = async (count: number) => {
      for (let index = 0; index < count; index++) {
        pins.setInput(METER_PIN, 0);
        await world.time.runFor(3);
        pins.setInput(METER_PIN, 1);
        await world.time.runFor(3);
      }
    };
    await pulse(100);
    await world.measure();
    expect([world.last("pulses"), world.last("total")]).toEqual([100, 100]);
    await pulse(7);
    await world.measure();
    expect([world.last("pulses"), world.last("total")]).toEqual([7, 107]);
  });

  test("a day: every sensor, every minute, and nothing is allocated", async () => {
    const world = await SensorsWorld.start(engine);
    await world.time.runFor(DAY_MS);
    const counts = new Map<string, number>();
    for (const { name, isFault } of world.said) {
      if (isFault && name !== "bmp280.2") throw new Error(`${name} has failed.`);
      counts.set(name, (counts.get(name) ?? 0) + 1);
    }
    const MINUTES = DAY_MS / EVERY_MS;
    for (const name of [
      "ds18b20.0",
      "ds18b20.1",
      "ds18b20.2",
      "bme280.1",
      "bmp280.0",
      "dht22.1",
      "adc",
      "contact",
      "total",
    ]) {
      const count = counts.get(name) ?? 0;
      expect(count, name).toBeGreaterThanOrEqual(MINUTES);
      expect(count, name).toBeLessThanOrEqual(MINUTES + 1);
    }
    expect(world.dht22.answers).toBe(counts.get("dht22.1"));
    expect(world.thermometers.map(({ badSlots }) => badSlots)).toEqual([0, 0, 0]);
  });
});

test("both engines say the same at the same time", { timeout: BUILD_MS }, async () => {
  const [one, other] = await Promise.all(ENGINES.map((engine) => SensorsWorld.start(engine)));
  for (const world of [one, other]) await world?.time.runFor(10 * EVERY_MS);
  expect(one?.said).toEqual(other?.said);
  expect(one?.said.length).toBeGreaterThan(100);
});
