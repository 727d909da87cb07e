/** `lintel config`: settings of a device, by the names that its product gives them. */
import type { Command } from "commander";
import type { Setting } from "../../runtime/product/setting.ts";
import { allowed, faultOf } from "../../runtime/product/settings-codec.ts";
import type { ConfigStatus } from "../client/order-client.ts";
import { CommandError } from "./command-error.ts";
import { type OrderOptions, reach, untilEnd, withServer, withWait } from "./order-options.ts";

/** Three starts of five minutes, and a minute to hear of it. */
const TRIAL_MAX_S = 16 * 60;
const ENDS = ["applied", "refused", "rolled-back"];

export function addConfigCommand(program: Command): void {
  const config = program.command("config").description("what a device is set to do: show it, change it");
  withServer(config.command("get"))
    .description("show the settings of a device, and whether it has applied them")
    .argument("<device>", "MAC address, twelve hex digits")
    .option("--json", "one line of JSON", false)
    .action(async (mac: string, { server, json }: { server: URL; json: boolean }) => {
      const status = await reach(server, mac).orders.config(mac);
      if (json) console.log(JSON.stringify(status));
      else show(status);
    });
  withWait(config.command("set"), TRIAL_MAX_S)
    .description("set settings of a device; what is not named stays")
    .argument("<device>", "MAC address, twelve hex digits")
    .argument("<name=value...>", "as periodS=300; a list has commas between its items, none is an empty list")
    .action((mac: string, pairs: string[], options: OrderOptions) => {
      return change(mac, options, (schema) => Object.fromEntries(pairs.map((pair) => parsePair(schema, pair))));
    });
  withWait(config.command("unset"), TRIAL_MAX_S)
    .description("leave settings of a device to its program again")
    .argument("<device>", "MAC address, twelve hex digits")
    .argument("<name...>", "as periodS")
    .action((mac: string, names: string[], options: OrderOptions) => {
      return change(mac, options, (schema) =>
        Object.fromEntries(names.map((name) => [name, findSetting(schema, name) && null])),
      );
    });
}

type Schema = Record<string, Setting>;

async function change(
  mac: string,
  { server, wait, timeout, json }: OrderOptions,
  settingsOf: (schema: Schema) => Record<string, unknown>,
): Promise<void> {
  const { orders } = reach(server, mac);
  const before = await orders.config(mac);
  if (before.schema === null) {
    throw new CommandError(
      `the server does not know what a ${before.product ?? "device without a product"} can be told: ` +
        "start it with --product and the folder of the product",
    );
  }
  if (Object.keys(before.schema).length === 0) throw new CommandError(nothingToSet(before.product));
  const status = await orders.changeConfig(mac, settingsOf(before.schema));
  const what = `configuration ${status.version} of ${mac}`;
  const isEnd = ({ state, version }: ConfigStatus) => ENDS.includes(state) || version !== status.version;
  const end = wait ? await untilEnd(status, () => orders.config(mac), isEnd, { timeout, json, what }) : status;
  const reason = reasonOf(end, status.version);
  if (json) console.log(JSON.stringify(end));
  else if (!wait) console.log(`${what}: ${end.state}`);
  if (reason === undefined) return;
  console.error(`lintel: ${what} ${reason}`);
  process.exitCode = 1;
}

function nothingToSet(product: string | null): string {
  return `a ${product} has no settings; what it does comes with its program, or with its graph (lintel graph push)`;
}

/** Why the device does not use it; undefined: it does, or may yet. */
function reasonOf({ state, reason, setting, version }: ConfigStatus, wanted: number | null): string | undefined {
  if (version !== wanted) return `was replaced by ${version}`;
  if (state === "refused") return `was refused by the device: ${setting ?? reason}`;
  if (state === "rolled-back") return "was tried, the server was not reached with it, and the one before is in use";
  return undefined;
}

function parsePair(schema: Schema, pair: string): [string, unknown] {
  const at = pair.indexOf("=");
  if (at <= 0) throw new CommandError(`a setting is given as NAME=VALUE, not "${pair}"`);
  const name = pair.slice(0, at);
  const setting = findSetting(schema, name);
  const value = parseValue(setting, pair.slice(at + 1));
  const fault = faultOf(setting, value);
  if (fault !== undefined) throw new CommandError(`${name} ${fault}`);
  return [name, value];
}

function findSetting(schema: Schema, name: string): Setting {
  const setting = Object.hasOwn(schema, name) ? schema[name] : undefined;
  if (setting === undefined)
    throw new CommandError(`${name} is no setting of the device; those are ${Object.keys(schema).join(", ")}`);
  return setting;
}

/** As the type says; what it cannot be stays text, and does not fit. */
function parseValue({ type }: Setting, text: string): unknown {
  const items = text === "" ? [] : text.split(",");
  switch (type) {
    case "boolean":
      return text === "true" || text === "false" ? text === "true" : text;
    case "integer":
      return parseInteger(text);
    case "integers":
      return items.map(parseInteger);
    case "texts":
      return items;
    default:
      return text;
  }
}

function parseInteger(text: string): unknown {
  return /^-?\d{1,10}$/.test(text) ? Number(text) : text;
}

function show({
  product,
  version,
  state,
  reported,
  reason,
  setting,
  settings,
  connection,
  schema,
}: ConfigStatus): void {
  const ordered = version === null ? "nothing was set" : `configuration ${version}: ${state}`;
  console.log(`product ${product ?? "unknown"}, ${ordered}, in use ${reported ?? "none"}`);
  if (schema !== null && Object.keys(schema).length === 0) console.log(nothingToSet(product));
  if (schema === null) console.log("the server does not know what it can be told: start it with --product FOLDER");
  if (state === "refused") console.log(`refused: ${setting ?? reason}`);
  for (const [name, value] of Object.entries(connection)) console.log(`  ${name} = ${JSON.stringify(value)}`);
  for (const [name, it] of Object.entries(schema ?? {})) {
    const value = settings[name] ?? it.default;
    const from = Object.hasOwn(settings, name) ? "" : it.default === undefined ? "by the program, " : "default, ";
    console.log(
      `  ${name} = ${value === undefined ? "" : JSON.stringify(value)}  (${from}${it.title}: ${allowed(it)})`,
    );
    if (it.description !== undefined) console.log(`      ${it.description}`);
  }
}
