/** `lintel config`: settings of a device, by the names that its product gives them. */
import type { Command } from "commander";
import type { Setting } from "../../runtime/product/setting.ts";
import { allowed, faultOf } from "../../runtime/product/settings-codec.ts";
import type { ConfigStatus } from "../client/order-client.ts";
import { CommandError } from "./command-error.ts";
import { parseDevice } from "./device-name.ts";
import { type OrderOptions, untilEnd, withWait } from "./order-options.ts";
import { apiOf, withJson } from "./server-options.ts";

/** Three starts of five minutes, and a minute to hear of it. */
const TRIAL_MAX_S = 16 * 60;
const DEVICE_HELP = "MAC address or slug; with --project, --organisation or --account a product, as counter";

interface LevelOptions extends OrderOptions {
  project?: string;
  organisation?: string;
  account?: boolean;
}

/** Of a level that is no group of devices. */
const FROM: Record<string, string> = { device: "", flashed: "as it was flashed, " };
const ENDS = ["applied", "refused", "rolled-back"];

export function addConfigCommand(program: Command): void {
  const config = program.command("config").description("what a device is set to do: show it, change it");
  withLevel(withJson(config.command("get")))
    .description(
      "show the settings of a device, and whether it has applied them; or those of a level, for all below it",
    )
    .argument("<device>", DEVICE_HELP)
    .action(async (named: string, options: LevelOptions) => {
      const { server, json } = options;
      const place = placeOf(options);
      if (place !== undefined) return showLevel(named, place, options);
      const mac = parseDevice(named);
      const status = await apiOf(server).orders.config(mac);
      if (json) console.log(JSON.stringify(status));
      else show(status);
    });
  withLevel(withWait(config.command("set"), TRIAL_MAX_S))
    .description("set settings of a device, or of all below a level; what is not named stays")
    .argument("<device>", DEVICE_HELP)
    .argument("<name=value...>", "as periodS=300; a list has commas between its items, none is an empty list")
    .action((mac: string, pairs: string[], options: LevelOptions) => {
      return change(mac, options, (schema) => Object.fromEntries(pairs.map((pair) => parsePair(schema, pair))));
    });
  withLevel(withWait(config.command("unset"), TRIAL_MAX_S))
    .description("leave settings of a device to the levels above and its program again")
    .argument("<device>", DEVICE_HELP)
    .argument("<name...>", "as periodS")
    .action((mac: string, names: string[], options: LevelOptions) => {
      return change(mac, options, (schema) =>
        Object.fromEntries(names.map((name) => [name, findSetting(schema, name) && null])),
      );
    });
}

type Schema = Record<string, Setting>;

async function change(
  named: string,
  options: LevelOptions,
  settingsOf: (schema: Schema) => Record<string, unknown>,
): Promise<void> {
  const { server, wait, timeout, json } = options;
  const place = placeOf(options);
  if (place !== undefined) return changeLevel(named, place, options, settingsOf);
  const mac = parseDevice(named);
  const { orders } = apiOf(server);
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

/** Of all devices below: `product` stands where that of a device would. */
async function changeLevel(
  product: string,
  place: string,
  { server, json }: LevelOptions,
  settingsOf: (schema: Schema) => Record<string, unknown>,
): Promise<void> {
  const { fleets } = apiOf(server);
  const { schema } = await fleets.configLevel(place, product);
  if (schema === null)
    throw new CommandError(`the server does not know what a ${product} can be told: start it with --product FOLDER`);
  if (Object.keys(schema).length === 0) throw new CommandError(nothingToSet(product));
  const level = await fleets.changeConfigLevel(place, product, settingsOf(schema));
  if (json) console.log(JSON.stringify(level));
  else console.log(`${product}, version ${level.version}: ${JSON.stringify(level.settings)}; devices below follow`);
}

async function showLevel(product: string, place: string, { server, json }: LevelOptions): Promise<void> {
  const level = await apiOf(server).fleets.configLevel(place, product);
  if (json) return console.log(JSON.stringify(level));
  const { version, settings, schema, resolving } = level;
  const state = version === 0 ? "nothing was set here" : `version ${version}`;
  console.log(`${product}, ${state}${resolving ? "; devices below are still being told" : ""}`);
  if (schema === null) console.log("the server does not know what it can be told: start it with --product FOLDER");
  for (const [name, value] of Object.entries(settings)) {
    const it = schema?.[name];
    console.log(`  ${name} = ${JSON.stringify(value)}${it === undefined ? "" : `  (${it.title}: ${allowed(it)})`}`);
  }
}

function placeOf({ project, organisation, account }: LevelOptions): string | undefined {
  const places = [
    ...(project === undefined ? [] : [`projects/${encodeURIComponent(project)}/`]),
    ...(organisation === undefined ? [] : [`organisations/${encodeURIComponent(organisation)}/`]),
    ...(account === true ? [""] : []),
  ];
  if (places.length > 1) throw new CommandError("take one of --project, --organisation and --account");
  return places[0];
}

function withLevel(command: Command): Command {
  return command
    .option("--project <id>", "for all devices of this project, by number or slug")
    .option("--organisation <slug>", "for all devices of this organisation")
    .option("--account", "for all devices of the server");
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
  resolved,
  conflicts,
  connection,
  schema,
}: ConfigStatus): void {
  const ordered = version === null ? "nothing was set" : `configuration ${version}: ${state}`;
  console.log(`product ${product ?? "unknown"}, ${ordered}, in use ${reported ?? "none"}`);
  if (schema !== null && Object.keys(schema).length === 0) console.log(nothingToSet(product));
  if (schema === null) console.log("the server does not know what it can be told: start it with --product FOLDER");
  if (state === "refused") console.log(`refused: ${setting ?? reason}`);
  for (const conflict of conflicts) console.log(`left as it is, since all levels together fit no device: ${conflict}`);
  for (const [name, value] of Object.entries(connection)) console.log(`  ${name} = ${JSON.stringify(value)}`);
  for (const [name, it] of Object.entries(schema ?? {})) {
    const own = Object.hasOwn(resolved, name) ? resolved[name] : undefined;
    const value = own?.value ?? it.default;
    const unset = it.default === undefined ? "by the program, " : "default, ";
    const from = own === undefined ? unset : (FROM[own.level] ?? `of the ${own.level}, `);
    console.log(
      `  ${name} = ${value === undefined ? "" : JSON.stringify(value)}  (${from}${it.title}: ${allowed(it)})`,
    );
    if (it.description !== undefined) console.log(`      ${it.description}`);
  }
}
