/** `lintel graph push`, `status` and `clear`: the graph that a device is to run, by way of the server. */

import type { Command } from "commander";
import type { GraphStatus } from "../client/order-client.ts";
import { encodeGraph } from "../graph/index.ts";
import { compileGraphFile } from "./compile-graph-file.ts";
import { DEVICE } from "./device-name.ts";
import { type OrderOptions, untilEnd, withWait } from "./order-options.ts";
import { apiOf, withServer } from "./server-options.ts";

/** Three starts of five minutes, and a minute to hear of it. */
const TRIAL_MAX_S = 16 * 60;
const ENDS = ["applied", "refused", "rolled-back"];
/** What a writer of graphs can do about it; other reasons say that the bytes are no compiled graph. */
const REFUSALS: Record<string, string> = {
  streamer: "a streamer is encrypted, realtime or broadcast, or goes to a slot: nothing could receive it",
  secret: "a streamer is signed, and the device has no secret",
  unknown: "an id that the kind in the slot does not take, a kind that there is not, or a call that nothing answers",
  value: "in a config block: no pin, a text where a number belongs, or a number out of its range",
  pin: "two slots want a pin, or it carries the flash (GPIO6 to 11) or the serial port (1, 3), or is no input (16), or not led out",
  memory: "more slots with something in them than the device can hold",
  "not-written": "its flash is worn out",
};

export function addGraphPushCommands(graph: Command): void {
  withWait(graph.command("push"), TRIAL_MAX_S)
    .description("compile a graph and have a device run it; where the device refuses it, the one before goes on")
    .argument("<file>", "graph, or - for standard input")
    .argument(...DEVICE)
    .option("--no-optimize", "send every node that the statements make")
    .action((file: string, mac: string, options: OrderOptions & { optimize: boolean }) => {
      return order(mac, encodeGraph(compileGraphFile(file, options.optimize).model), options);
    });
  withWait(graph.command("clear"), TRIAL_MAX_S)
    .description("take its graph away from a device")
    .argument(...DEVICE)
    .action((mac: string, options: OrderOptions) => order(mac, new Uint8Array(), options));
  withServer(graph.command("status"))
    .description("tell which graph a device is to run, and how far that is")
    .argument(...DEVICE)
    .option("--json", "one line of JSON", false)
    .action(async (mac: string, { server, json }: { server: URL; json: boolean }) => {
      const status = await apiOf(server).orders.graph(mac);
      if (json) console.log(JSON.stringify(status));
      else console.log(describe(status));
    });
}

async function order(mac: string, graph: Uint8Array, options: OrderOptions): Promise<void> {
  const { server, wait, timeout, json } = options;
  const { orders } = apiOf(server);
  const status = await orders.setGraph(mac, graph);
  const what = `graph ${status.version} of ${mac}`;
  const isEnd = ({ state, version }: GraphStatus) => ENDS.includes(state) || version !== status.version;
  const end = wait ? await untilEnd(status, () => orders.graph(mac), isEnd, { timeout, json, what }) : status;
  const reason = reasonOf(end, status.version);
  if (json) console.log(JSON.stringify(end));
  else if (!wait) console.log(`${what}: ${end.state}`);
  if (reason === undefined) return;
  console.error(`lintel: ${what} ${reason}`);
  process.exitCode = 1;
}

/** Why the device does not run it; undefined: it does, or may yet. */
function reasonOf({ state, reason, version }: GraphStatus, wanted: number | null): string | undefined {
  if (version !== wanted) return `was replaced by ${version}`;
  if (state === "refused") {
    return `was refused by the device (${reason}): ${remedyOf(reason)}; the one before runs on`;
  }
  if (state === "rolled-back") return "was tried, the server was not reached with it, and the one before runs again";
  return undefined;
}

function remedyOf(reason: string | null): string {
  return REFUSALS[reason ?? ""] ?? "compile it again";
}

function describe({ product, version, state, reason, reported, sizeBytes }: GraphStatus): string {
  const size = sizeBytes === 0 ? "none" : `${sizeBytes} bytes`;
  const wanted = version === null ? "no graph was ordered" : `graph ${version} (${size}): ${state}`;
  const why = reason === null ? "" : ` (${reason}: ${remedyOf(reason)})`;
  return `product ${product ?? "unknown"}, ${wanted}${why}, in use ${reported ?? "none"}`;
}
