/** A shop for a while: its readings, through flash, network and server, beside those that the truth gives. */
import { foretell, hexOf, type Told } from "./graph-oracle.ts";
import type { Shop } from "./shops.ts";
import { compiled, type StreamerWorld } from "./streamer-world.ts";

const SECOND_MS = 1000;
/** For the last readings to arrive. */
const ARRIVAL_MS = 5000;
/** The board's clock and the server's, each told in whole seconds. */
const TIME_ERROR_S = 2;
const FINDINGS_MAX = 10;

export interface Comparison {
  compared: number;
  findings: string[];
}

/** Puts the graph in, lives for so many of its seconds, and compares. */
export async function compareShop(world: StreamerWorld, shop: Shop, seconds: number): Promise<Comparison> {
  const graph = compiled(shop.source);
  shop.wire(world);
  const status = await world.put(graph);
  if (status.state !== "applied") throw new Error(`the graph is ${status.state}: ${status.reason}`);
  const truth = shop.live(world, seconds);
  await world.time.run(world.beganMs + seconds * SECOND_MS + ARRIVAL_MS);
  const names = Object.keys(shop.streams);
  const expected = foretell(graph, seconds, truth, names);
  const findings: string[] = [];
  let compared = 0;
  for (const name of names) {
    const told = await world.told(hexOf(name));
    compared += told.length;
    findings.push(...differences(name, told, expected.get(name) ?? [], shop.streams[name] ?? 0));
  }
  return { compared, findings: findings.slice(0, FINDINGS_MAX) };
}

function differences(name: string, told: Told, expected: Told, tolerance: number): string[] {
  if (told.length !== expected.length) return [`${name}: ${told.length} readings, not ${expected.length}`];
  return told.flatMap(([atS, value], index) => {
    const [rightS = Number.NaN, right = Number.NaN] = expected[index] ?? [];
    const isRight = Math.abs(atS - rightS) <= TIME_ERROR_S && Math.abs(value - right) <= tolerance;
    return isRight ? [] : [`${name}: ${value} at ${atS} s, not ${right} at ${rightS} s`];
  });
}
