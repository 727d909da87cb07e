/** Random graphs over every statement of the language, as text, with what happens to them. */
import fc from "fast-check";

export interface GraphCase {
  source: string;
  seconds: number;
  stimuli: string[];
  mocks: string[];
}

/** Few ids and numbers, so that statements meet. */
const id = fc.integer({ min: 1, max: 3 });
const smallNumber = fc.integer({ min: -2, max: 6 });
const operator = fc.constantFrom(">", "<", ">=", "<=", "==");
const slot = fc.constantFrom("controller", "slot 1", "slot 2");
const rpc = fc.constantFrom("0x8000", "0x8001", "7");

const inputStream = fc.constantFrom("input 10", "input 11", "system input 1030");
const written = fc
  .tuple(fc.constantFrom("buffered", "unbuffered", "counter", "output", "constant"), id)
  .map(([type, number]) => `${type} ${number}`);
const target = fc
  .tuple(fc.constantFrom("buffered", "unbuffered", "counter", "output", "output", "constant", "system output"), id)
  .map(([type, number]) => `${type} ${number}`);
const source = fc.oneof({ arbitrary: written, weight: 4 }, { arbitrary: inputStream, weight: 1 });

/** What stands in a block that has a trigger. */
const action = fc.oneof(
  fc
    .tuple(rpc, slot, fc.option(target))
    .map(([call, on, to]) => `call ${call} on ${on}${to === null ? "" : ` => ${to}`};`),
  fc
    .tuple(fc.constantFrom("", "all ", "count ", "average "), fc.option(source), target)
    .map(([what, from, to]) => `copy ${what}${from === null ? "" : `${from} `}=> ${to};`),
  fc.tuple(fc.integer({ min: 0, max: 9 }), target).map(([value, to]) => `copy ${value} => ${to};`),
  // A constant with a default must not be given one twice.
  fc.tuple(id, target).map(([number, to]) => `subtract constant ${number} => ${to};`),
  fc.constantFrom("trigger streamer 0;", "trigger streamer 1;"),
);
const actions = fc.array(action, { minLength: 1, maxLength: 3 }).map((lines) => lines.join(" "));

const interval = fc.oneof(
  fc.constantFrom("1 second", "2 seconds", "3 seconds", "7 seconds", "10 seconds", "20 seconds", "1 minute"),
  fc.constantFrom("1 tick_1", "2 tick_1", "1 tick_2"),
);
const every = fc.tuple(interval, actions).map(([time, inside]) => `every ${time} { ${inside} }`);

const condition = fc.oneof(
  { arbitrary: fc.oneof(inputStream, written), weight: 2 },
  {
    arbitrary: fc
      .tuple(fc.constantFrom("value", "count"), fc.oneof(inputStream, written), operator, smallNumber)
      // A count is never below zero, and the language knows.
      .map(
        ([what, of, compares, number]) => `${what}(${of}) ${compares} ${what === "count" ? Math.abs(number) : number}`,
      ),
    weight: 3,
  },
);
const on = fc
  .tuple(condition, fc.option(fc.tuple(fc.constantFrom("and", "or"), condition)), actions)
  .map(([first, second, inside]) => `on ${first}${second === null ? "" : ` ${second.join(" ")}`} { ${inside} }`);

const whenConnected = fc
  .tuple(slot, fc.array(fc.oneof(every, on, actions.chain(onEvent)), { minLength: 1, maxLength: 2 }))
  .map(([who, inside]) => `when connected to ${who} { ${inside.join(" ")} }`);
const when = fc
  .tuple(fc.constantFrom("constant 1", "constant 2", "constant 3"), operator, smallNumber, every)
  .map(([of, compares, number, inside]) => `when value(${of}) ${compares} ${number} { ${inside} }`);

function onEvent(inside: string): fc.Arbitrary<string> {
  return fc.constantFrom("connect", "disconnect").map((event) => `on ${event} { ${inside} }`);
}

const streamer = fc
  .tuple(
    fc.constantFrom("", "manual ", "manual "),
    fc.constantFrom("output 1", "all outputs", "buffered 1", "unbuffered 1"),
  )
  .map(([kind, selector]) => `${kind}streamer on ${selector};`);

const block = fc.oneof(
  { arbitrary: every, weight: 3 },
  { arbitrary: on, weight: 4 },
  { arbitrary: when, weight: 1 },
  { arbitrary: whenConnected, weight: 1 },
);

const stimulus = fc
  .tuple(
    fc.integer({ min: 0, max: 60 }),
    fc.constantFrom("input 10", "input 11", "system input 1030", "system input 1025", "system input 1026"),
    fc.oneof(smallNumber, fc.constantFrom(8, 11)),
  )
  .map(([atS, stream, value]) => `${atS} ${stream} = ${value}`);
const mock = fc
  .tuple(slot, rpc, fc.oneof(smallNumber.map(String), fc.constant("fail")))
  .map(([where, call, value]) => `${where}:${call} = ${value}`);

const TICKS = "config controller { set 0x2002 to 4 as uint32_t; set 0x2003 to 15 as uint32_t; }";

export const graphCase: fc.Arbitrary<GraphCase> = fc
  .record({
    blocks: fc.array(block, { minLength: 1, maxLength: 5 }),
    streamers: fc.array(streamer, { minLength: 2, maxLength: 3 }),
    seconds: fc.integer({ min: 10, max: 130 }),
    stimuli: fc.array(stimulus, { maxLength: 20 }),
    mocks: fc.array(mock, { maxLength: 3 }),
  })
  .map(({ blocks, streamers, ...happens }) => ({ ...happens, source: [...streamers, TICKS, ...blocks].join("\n") }));
