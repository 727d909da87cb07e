/** Random graphs as text, for tests: every statement, few streams, so that blocks write what others read. */
import fc from "fast-check";

const number = (least: number, most: number) => fc.integer({ min: least, max: most }).map(String);
const id = number(1, 3);
const unbuffered = id.map((n) => `unbuffered ${n}`);
const counter = id.map((n) => `counter ${n}`);
const buffered = id.map((n) => `buffered ${n}`);
const output = id.map((n) => `output ${n}`);
const constant = id.map((n) => `constant ${n}`);
const input = number(10, 12).map((n) => `input ${n}`);
const written = fc.oneof(unbuffered, counter, buffered, output, constant);
const read = fc.oneof(unbuffered, counter, buffered, output, constant, input);
const slot = fc.oneof(
  fc.constant("controller"),
  number(1, 3).map((n) => `slot ${n}`),
);
const operator = fc.constantFrom(">", "<", ">=", "<=", "==");
const condition = fc
  .tuple(fc.constantFrom("count", "value"), read, operator, number(0, 4))
  .map(([source, stream, compare, reference]) => `${source}(${stream}) ${compare} ${reference}`);
const trigger = fc.oneof({ weight: 2, arbitrary: condition }, fc.oneof(unbuffered, counter, buffered, output, input));

const simple = fc.oneof(
  fc.tuple(fc.constantFrom("", "all ", "count ", "average "), written).map(([mode, to]) => `copy ${mode}=> ${to};`),
  fc
    .tuple(fc.constantFrom("", "all ", "count ", "average "), fc.oneof(read, number(-5, 9)), written)
    .map(([mode, from, to]) => `copy ${mode}${from} => ${to};`),
  fc
    .tuple(number(0, 3), slot, fc.option(written))
    .map(([rpc, at, to]) => `call ${rpc} on ${at}${to === null ? "" : ` => ${to}`};`),
  fc.tuple(constant, written).map(([from, to]) => `subtract ${from} => ${to};`),
  fc.constantFrom("trigger streamer 0;", "trigger streamer 1;"),
);
const body = fc.array(simple, { minLength: 1, maxLength: 3 }).map((statements) => statements.join(" "));

const interval = fc.constantFrom(
  "1 second",
  "3 seconds",
  "10 seconds",
  "20 seconds",
  "1 minute",
  "2 tick_1",
  "1 tick_2",
);
const every = fc.tuple(interval, body).map(([time, inner]) => `every ${time} { ${inner} }`);
const on = fc
  .tuple(trigger, fc.option(fc.tuple(fc.constantFrom("and", "or"), trigger)), body)
  .map(([first, more, inner]) => `on ${first}${more === null ? "" : ` ${more.join(" ")}`} { ${inner} }`);
const latch = fc
  .tuple(fc.oneof(constant, unbuffered, input), operator, number(0, 2))
  .map(([stream, compare, reference]) => `when value(${stream}) ${compare} ${reference}`);
const gate = fc
  .tuple(fc.oneof(latch, fc.constant("when connected to controller")), fc.array(every, { minLength: 1, maxLength: 2 }))
  .map(([head, inner]) => `${head} { ${inner.join(" ")} }`);
const connected = body.map(
  (inner) => `when connected to slot 1 { on connect { ${inner} } every 1 second { ${inner} } }`,
);
const nested = fc.tuple(latch, gate).map(([head, inner]) => `${head} { ${inner} }`);

const streamers = "realtime streamer on unbuffered 1; manual signed streamer on all outputs to slot 1;";
const config = "config controller { set 0x2002 to 7 as uint32_t; set 0x2003 to 11 as uint32_t; }";

/** Text of a graph. Some are beyond a device's limits, and some go round in a circle. */
export const graphSource = fc
  .array(fc.oneof(every, on, on, gate, connected, nested), { minLength: 1, maxLength: 4 })
  .map((blocks) => [config, ...blocks, streamers].join("\n"));
