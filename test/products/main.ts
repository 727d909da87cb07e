/**
 * `npm run products`: each product in a simulated shop for a month, on one engine or both; what the server has against what the
 * simulation knows. `--product counter --engine wasm --days 30`; ends with 1 where something differs.
 */
import { isDeepStrictEqual, parseArgs } from "node:util";
import { STREAM_LISTENED } from "../../runtime/contract/stream-ids.ts";
import { ENGINES, type Engine } from "../../tools/build/compile-program.ts";
import { loadProgram } from "../../tools/build/load-program.ts";
import { runBeaconShop } from "./beacon-shop.ts";
import { runCounterShop, storedSeries } from "./counter-shop.ts";
import { runFeedbackShop } from "./feedback-shop.ts";

/** What differs, a line each; `says`: what was looked at. */
interface Judgement {
  faults: string[];
  says: string;
}

const PRODUCTS: Record<string, (engine: Engine, days: number) => Promise<Judgement>> = {
  counter: judgeCounter,
  feedback: judgeFeedback,
  beacon: judgeBeacon,
};

async function judgeCounter(engine: Engine, days: number): Promise<Judgement> {
  const run = await runCounterShop({ program: await loadProgram("firmware/counter", engine), days });
  try {
    const faults: string[] = [];
    let values = 0;
    for (const [stream, series] of run.truth) {
      const stored = await storedSeries(run, stream);
      if (stored.size !== series.size) faults.push(`${stream.toString(16)}: ${stored.size} of ${series.size} readings`);
      for (const [minute, value] of series) {
        values++;
        const found = stored.get(minute);
        if (stream === STREAM_LISTENED ? found === undefined : found !== value)
          faults.push(`${stream.toString(16)} minute ${minute}: ${found}, not ${value}`);
      }
    }
    const { starts, crashes, allocationsAfterStart, heapUsedBytes } = run.board.device.figures;
    if (starts !== 1 || crashes !== 0 || allocationsAfterStart !== 0)
      faults.push(`${starts} starts, ${crashes} crashes, ${allocationsAfterStart} allocations after the start`);
    const { people } = run.street;
    return {
      faults,
      says: `${values} values, ${people} people, ${run.heard.frames} frames, heap ${heapUsedBytes} bytes`,
    };
  } finally {
    await run.shop.close();
  }
}

async function judgeFeedback(engine: Engine, days: number): Promise<Judgement> {
  const results = await runFeedbackShop({ engine, hours: 24 * days, meanIntervalMs: 60_000 });
  const faults = results.flatMap(({ board, found, expected }) => differences(board, found, expected));
  return { faults, says: results.map(({ board, found }) => `${board}: votes ${found.votes}`).join("; ") };
}

async function judgeBeacon(engine: Engine, days: number): Promise<Judgement> {
  const { found, expected } = await runBeaconShop({ engine, hours: 24 * days });
  return { faults: differences("beacon", found, expected), says: `frames ${found.sent}` };
}

function differences(name: string, found: Record<string, unknown>, expected: Record<string, unknown>): string[] {
  return Object.keys(expected)
    .filter((key) => !isDeepStrictEqual(found[key], expected[key]))
    .map((key) => `${name} ${key}: ${JSON.stringify(found[key])}, not ${JSON.stringify(expected[key])}`);
}

const { values } = parseArgs({
  options: { product: { type: "string" }, engine: { type: "string" }, days: { type: "string", default: "30" } },
});
for (const product of values.product === undefined ? Object.keys(PRODUCTS) : [values.product]) {
  const judge = PRODUCTS[product];
  if (judge === undefined) throw new Error(`no product ${product}; give one of ${Object.keys(PRODUCTS).join(", ")}`);
  for (const engine of ENGINES.filter((one) => values.engine === undefined || one === values.engine)) {
    const startMs = Date.now();
    const { faults, says } = await judge(engine, Number(values.days));
    const seconds = Math.round((Date.now() - startMs) / 1000);
    console.log(`${product} ${engine}: ${values.days} days, ${says}; ${faults.length} faults (${seconds} s)`);
    for (const fault of faults.slice(0, 20)) console.log(`  ${fault}`);
    if (faults.length > 0) process.exitCode = 1;
  }
}
