/** What streamers are for: places with sensors, what happens there, a graph for each, and the truth to compare its readings with. */
import { SeededRandom } from "../../runtime/board/random.ts";
import { Bme280 } from "../../runtime/board/sensors/bme280.ts";
import { Ds18b20 } from "../../runtime/board/sensors/ds18b20.ts";
import { GRAPH_CONTROLLER, GRAPH_FIRST_SLOT } from "../../runtime/contract/graph-format.ts";
import { GraphControllerCall, GraphSlotCall } from "../../runtime/contract/graph-sensors.ts";
import type { Truth } from "./graph-oracle.ts";
import type { StreamerWorld } from "./streamer-world.ts";

const SECOND_MS = 1000;
const MINUTE_MS = 60_000;
const SLOT_1 = GRAPH_FIRST_SLOT + 1;
const THERMOMETER_PIN = 12;
const DOOR_PIN = 14;
const METER_PIN = 13;
/** Of the sensors, as the graphs have it. */
const PERIOD_S = 10;
const METER_PERIOD_S = 60;

export interface Shop {
  source: string;
  /** Streams that are compared, and how far a value may be from the truth: what the sensor's integers round. */
  streams: Record<string, number>;
  /** Wires the sensors, before the graph comes. */
  wire: (world: StreamerWorld) => void;
  /** Lets things happen from now on for so many seconds, and tells what they were. The graph began `beganMs` ago or later. */
  live: (world: StreamerWorld, seconds: number) => Truth;
}

/** Of measurements of more than one step: one that begins in the second of the call has not ended then. */
function lastMeasuredS(atS: number): number {
  return Math.floor((atS * SECOND_MS - 1) / (PERIOD_S * SECOND_MS)) * PERIOD_S;
}

/** Calls `happen` in the middle of each minute of the graph, which no measurement is at. */
function eachMinute(world: StreamerWorld, seconds: number, happen: (minute: number) => void): void {
  const next = (minute: number) => {
    const inMs = world.beganMs + minute * MINUTE_MS + 34_567 - world.time.nowMs();
    if (minute * 60 >= seconds) return;
    world.time.at(inMs, () => {
      happen(minute);
      next(minute + 1);
    });
  };
  next(0);
}

/** The minute whose change was the last before second `atS`; -1 = before the first. */
function minuteOf(atS: number): number {
  return Math.floor((atS * SECOND_MS - 34_567) / MINUTE_MS);
}

/** Sixteenths of a degree: what a DS18B20 can show. */
function fridgeSixteenths(minute: number): number {
  return minute < 0 ? 80 : Math.round(64 + 40 * Math.sin(minute / 97) + 9 * Math.sin(minute / 5));
}

export const FRIDGE: Shop = {
  source: `
    # A fridge in a shop: its temperature each minute, sent by the hour; its door, sent at once.
    meta name = "shop fridge";
    config slot 1 { set 0x8000 to 5 as uint8_t; set 0x8001 to ${THERMOMETER_PIN} as uint8_t; set 0x8002 to ${PERIOD_S} as uint16_t; }
    config slot 2 {
      set 0x8000 to 2 as uint8_t; set 0x8001 to ${DOOR_PIN} as uint8_t;
      set 0x8002 to 86400 as uint32_t; set 0x8010 to 10 as uint16_t;
    }
    every 1 minute { call 0x8000 on slot 1 => output 1; }
    every 1 hour { copy average output 1 => output 3; trigger streamer 0; }
    on input 10 { copy input 10 => output 2; }
    manual streamer on output 1;
    streamer on output 2;
    streamer on output 3 with streamer 0;
  `,
  streams: { "output 1": 0, "output 2": 0, "output 3": 0 },
  wire({ board }) {
    const thermometer = new Ds18b20(0x1234);
    thermometer.temperatureC = fridgeSixteenths(-1) / 16;
    board.wires.attach(THERMOMETER_PIN, thermometer);
    thermometerOf.set(board, thermometer);
  },
  live(world, seconds) {
    const { board } = world;
    const thermometer = thermometerOf.get(board);
    const random = new SeededRandom(11);
    const inputs = [{ atS: 0, id: 10, value: 0 }];
    let isOpen = false;
    eachMinute(world, seconds, (minute) => {
      if (thermometer !== undefined) thermometer.temperatureC = fridgeSixteenths(minute) / 16;
      if (random.integer(0, 19) !== 0) return;
      isOpen = !isOpen;
      board.pins.setInput(DOOR_PIN, isOpen ? 0 : 1);
      inputs.push({ atS: minute * 60 + 34, id: 10, value: isOpen ? 1 : 0 });
    });
    return {
      // Read when all has happened.
      get inputs() {
        return inputs;
      },
      call: (address, rpc, atS) =>
        address === SLOT_1 && rpc === GraphSlotCall.First
          ? Math.trunc((fridgeSixteenths(minuteOf(lastMeasuredS(atS))) * 1000) / 16)
          : undefined,
    };
  },
};

const thermometerOf = new WeakMap<object, Ds18b20>();
const climateOf = new WeakMap<object, Bme280>();

export const METER: Shop = {
  source: `
    # A meter with pulses: how many each minute, all of them each hour.
    meta name = "meter";
    config slot 1 {
      set 0x8000 to 4 as uint8_t; set 0x8001 to ${METER_PIN} as uint8_t;
      set 0x8002 to ${METER_PERIOD_S} as uint16_t; set 0x8004 to 5 as uint16_t;
    }
    every 1 minute { call 0x8000 on slot 1 => output 1; }
    every 1 hour { call 0x8001 on slot 1 => output 2; call 0x8000 on controller => output 3; }
    streamer on all outputs;
  `,
  streams: { "output 1": 0, "output 2": 0, "output 3": 0 },
  wire() {},
  live({ board, time, beganMs }, seconds) {
    const random = new SeededRandom(12);
    const perMinute: number[] = [];
    const pulse = (atMs: number) => {
      if (atMs >= seconds * SECOND_MS) return;
      time.at(beganMs + atMs - time.nowMs(), () => {
        board.pins.setInput(METER_PIN, 0);
        time.at(40, () => board.pins.setInput(METER_PIN, 1));
        const minute = Math.floor(atMs / MINUTE_MS);
        perMinute[minute] = (perMinute[minute] ?? 0) + 1;
        // Never on a full second, when it is counted.
        pulse((Math.floor(atMs / SECOND_MS) + random.integer(1, 40)) * SECOND_MS + random.integer(100, 800));
      });
    };
    pulse((Math.floor((time.nowMs() - beganMs) / SECOND_MS) + 1) * SECOND_MS + 500);
    return {
      call(address, rpc, atS) {
        if (address === GRAPH_CONTROLLER && rpc === GraphControllerCall.UptimeS) return atS;
        const minute = atS / 60 - 1;
        if (rpc === GraphSlotCall.First) return perMinute[minute] ?? 0;
        return perMinute.slice(0, minute + 1).reduce((sum, count = 0) => sum + count, 0);
      },
    };
  },
};

const climateAt = (minute: number) => ({
  temperatureC: 21 + 6 * Math.sin(minute / 230),
  pressurePa: 101_325 + 900 * Math.sin(minute / 400),
  humidityPercent: 50 + 30 * Math.sin(minute / 170),
});

export const CLIMATE: Shop = {
  source: `
    # A box with a BME280.
    meta name = "climate box";
    config slot 3 { set 0x8000 to 7 as uint8_t; set 0x8005 to 0x76 as uint8_t; set 0x8002 to ${PERIOD_S} as uint16_t; }
    every 10 minutes {
      call 0x8000 on slot 3 => output 1;
      call 0x8001 on slot 3 => output 2;
      call 0x8002 on slot 3 => output 3;
    }
    every 1 hour { copy average output 1 => output 4; }
    streamer on all outputs;
  `,
  streams: { "output 1": 10, "output 2": 2, "output 3": 30, "output 4": 10 },
  wire({ board, time }) {
    const bme280 = new Bme280({ nowMs: () => time.nowMs() });
    Object.assign(bme280, climateAt(-1));
    board.i2c.attach(bme280);
    climateOf.set(board, bme280);
  },
  live(world, seconds) {
    const bme280 = climateOf.get(world.board);
    eachMinute(world, seconds, (minute) => Object.assign(bme280 ?? {}, climateAt(minute)));
    return {
      call(_address, rpc, atS) {
        const { temperatureC, pressurePa, humidityPercent } = climateAt(Math.max(-1, minuteOf(lastMeasuredS(atS))));
        if (rpc === GraphSlotCall.First) return Math.round(temperatureC * 1000);
        return Math.round(rpc === GraphSlotCall.Second ? pressurePa : humidityPercent * 1000);
      },
    };
  },
};

export const SHOPS = { FRIDGE, METER, CLIMATE };
